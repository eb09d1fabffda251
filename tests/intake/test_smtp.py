"""The SMTP door: what it says, what it takes, and that 250 means durable."""

import logging
import smtplib
import sqlite3
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from madoguchi.intake.incoming import Incoming

if TYPE_CHECKING:
    from tests.intake.conftest import OpenDoor, RunningDoor

MAIL = b"From: a@sender.example\r\nSubject: scan\r\n\r\nlog\r\n"


def test_it_announces_what_it_can_do_and_nothing_else(door: "RunningDoor") -> None:
    with door.talk(hello="") as talk:
        assert talk.banner == "220 mx.csirt.example ESMTP Madoguchi"
        assert talk.say("EHLO client.example").split("\n") == [
            "250-mx.csirt.example",
            "250-PIPELINING",
            f"250-SIZE {door.door.limits.size}",
            "250-8BITMIME",
            "250-SMTPUTF8",
            "250 HELP",
        ]


def test_250_is_said_when_the_commit_has_returned_and_not_before(door: "RunningDoor") -> None:
    door.store.open.clear()
    with door.talk() as talk:
        talk.open_mail()
        talk.send(MAIL, b".\r\n")
        assert talk.silent()
        assert door.store.kept == []
        door.store.open.set()
        assert talk.reply() == "250 2.0.0 safely stored"
        assert [each.raw for each in door.store.kept] == [MAIL]


def test_the_envelope_is_kept_as_it_was_said(door: "RunningDoor") -> None:
    with door.talk(hello="mail.sender.example") as talk:
        talk.say(
            "MAIL FROM:<山田@例え.example> SMTPUTF8 BODY=8BITMIME SIZE=100",
            "RCPT TO:<report+TOKEN@csirt.example>",
            "RCPT TO:<Postmaster>",
            "DATA",
        )
        assert talk.say(b"Subject: \xe5\x81\xbd\r\n\r\n\x83\x65\xff\x00\r\n.")[:3] == "250"
    (incoming,) = door.store.kept
    envelope = incoming.envelope
    assert incoming.raw == b"Subject: \xe5\x81\xbd\r\n\r\n\x83\x65\xff\x00\r\n"
    assert incoming.id.version == 7
    assert envelope.door == "smtp"
    assert envelope.peer == "127.0.0.1"
    assert envelope.helo == "mail.sender.example"
    assert envelope.mail_from == "山田@例え.example"
    assert envelope.rcpt_to == ("report+TOKEN@csirt.example", "Postmaster")
    assert envelope.options == ("SMTPUTF8", "BODY=8BITMIME")
    assert not envelope.tls


def test_the_null_sender_is_taken(door: "RunningDoor") -> None:
    with door.talk() as talk:
        talk.open_mail(sender="<>")
        assert talk.say(b"bounce\r\n.")[:3] == "250"
    assert door.store.kept[0].envelope.mail_from == ""


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("<report@csirt.example>", "250"),
        ("<REPORT@CSIRT.EXAMPLE>", "250"),
        ("<report+aZ09-_@csirt.example>", "250"),
        ("<announce@csirt.example>", "250"),
        ("<postmaster>", "250"),
        ("<postmaster@csirt.example>", "250"),
        ("<abuse@csirt.example>", "250"),
        ("<nobody@csirt.example>", "550"),
        ("<report@elsewhere.example>", "550"),
        ("<report@csirt.example@elsewhere.example>", "550"),
        ("<report%elsewhere.example@csirt.example>", "550"),
        ("<report>", "550"),
        ("<>", "550"),
        ("<report\x00@csirt.example>", "550"),
        ("report@csirt.example", "250"),
        ("<@relay.example,@other.example:report@csirt.example>", "250"),
        ('<"report"@csirt.example>', "550"),
        ("<", "553"),
        ("<report@csirt.example", "553"),
        ("<report @csirt.example>", "553"),
        ("(" * 900, "550"),
        ("", "501"),
    ],
)
def test_mail_is_taken_for_our_own_addresses_alone(door: "RunningDoor", address: str, code: str) -> None:
    with door.talk() as talk:
        talk.say("MAIL FROM:<a@sender.example>")
        assert talk.say(f"RCPT TO:{address}")[:3] == code
        assert talk.say("NOOP")[:3] == "250"


@pytest.mark.parametrize(
    "sender",
    ["a..b@carrier.example", "a.@carrier.example", "a@[192.0.2.1]", '"a b"@x.example', "a(b)@x.example"],
)
def test_a_sender_is_kept_as_written_even_where_no_rule_allows_it(door: "RunningDoor", sender: str) -> None:
    """Addresses with dots in wrong places are handed out by carriers, and their owners report too."""
    with door.talk() as talk:
        talk.open_mail(sender=f"<{sender}>")
        talk.say("x\r\n.")
    assert door.store.kept[0].envelope.mail_from == sender


def test_bytes_that_are_no_text_are_no_address(door: "RunningDoor") -> None:
    with door.talk() as talk:
        assert talk.say(b"MAIL FROM:<\xff\xfe@sender.example>")[:3] == "553"
        talk.say("MAIL FROM:<a@sender.example>")
        assert talk.say(b"RCPT TO:<report+\xff@csirt.example>")[:3] == "550"


def test_pipelined_commands_are_answered_in_order(door: "RunningDoor") -> None:
    with door.talk() as talk:
        talk.send(
            b"MAIL FROM:<a@sender.example>\r\nRCPT TO:<report@csirt.example>\r\n"
            b"RCPT TO:<nobody@csirt.example>\r\nDATA\r\n"
        )
        assert [talk.reply()[:3] for _ in range(4)] == ["250", "250", "550", "354"]
        talk.send(
            MAIL,
            b".\r\nMAIL FROM:<b@sender.example>\r\nRCPT TO:<report@csirt.example>\r\nDATA\r\n",
        )
        assert [talk.reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        talk.send(b"second\r\n.\r\nQUIT\r\n")
        assert [talk.reply()[:3] for _ in range(3)] == ["250", "221", ""]
    assert [each.raw for each in door.store.kept] == [MAIL, b"second\r\n"]


def test_transparency_dots_go_and_every_other_byte_stays(door: "RunningDoor") -> None:
    content = b".first\r\n..\r\n...\r\nend.\r\n.\tx\r\n\r\nbare\nlf and\rcr\n.\n..\n.x\n\r\n"
    with smtplib.SMTP("127.0.0.1", door.port) as client:
        client.sendmail("a@sender.example", ["report@csirt.example"], content)
    assert door.store.kept[0].raw == content


def test_an_empty_mail_is_a_mail(door: "RunningDoor") -> None:
    with door.talk() as talk:
        talk.open_mail()
        assert talk.say(".")[:3] == "250"
    assert door.store.kept[0].raw == b""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("VRFY report@csirt.example", "252"),
        ("VRFY <nobody@csirt.example>", "252"),
        ("VRFY \udcff", "252"),
        ("EXPN announce", "502"),
        ("AUTH PLAIN AGEAYg==", "502"),
        ("STARTTLS", "454"),
        ("HELP", "250"),
        ("RSET", "250"),
        ("BDAT 10 LAST", "500"),
        ("DATA", "503"),
        ("RCPT TO:<report@csirt.example>", "503"),
        ("MAIL FROM:<a@b.example> SIZE=²", "553"),
        ("MAIL FROM:<a@b.example> SIZE=x", "501"),
        ("MAIL FROM:<a@b.example> RET=HDRS", "555"),
        ("MAIL FROM:<a@b.example> SIZE=x SIZE=9", "250"),
        ("MAIL FROM:<a@b.example> BODY=BINARYMIME", "501"),
        ("x" * 5000, "500"),
    ],
)
def test_commands_that_ask_for_more_do_no_harm(door: "RunningDoor", command: str, code: str) -> None:
    with door.talk() as talk:
        assert talk.say(command.encode(errors="surrogateescape"))[:3] == code
        talk.say("RSET")
        assert talk.mail(MAIL)[:3] == "250"


def test_trouble_of_the_store_puts_mail_off_in_one_line_and_ends_by_itself(
    door: "RunningDoor", caplog: pytest.LogCaptureFixture
) -> None:
    door.store.failure = ConnectionRefusedError("planted-detail")
    with door.talk() as talk, caplog.at_level(logging.DEBUG):
        assert [talk.mail(MAIL) for _ in range(3)] == [
            "451 4.3.0 mail cannot be stored now, try again later"
        ] * 3
        door.store.failure = None
        assert talk.mail(MAIL)[:3] == "250"
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("madoguchi")]
    assert ours == [
        "Mail is put off until it can be stored: the store failed (ConnectionRefusedError)",
        "Mail is stored again; 3 were put off",
    ]
    assert len(door.store.kept) == 1


def test_a_full_disk_is_said_as_such_and_ends_by_itself(
    door: "RunningDoor", caplog: pytest.LogCaptureFixture
) -> None:
    wrapped = RuntimeError("OperationalError of a framework")
    wrapped.__cause__ = OSError(28, "No space left on device")
    door.store.failure = wrapped
    with door.talk() as talk:
        assert talk.mail(MAIL) == "452 4.3.1 no room to store mail now, try again later"
        door.store.failure = None
        assert talk.mail(MAIL)[:3] == "250"
    assert caplog.records[0].getMessage() == "Mail is put off until it can be stored: no room (RuntimeError)"


def test_a_sender_who_hangs_up_before_the_reply_harms_nobody(door: "RunningDoor") -> None:
    door.store.open.clear()
    with door.talk() as leaving:
        leaving.open_mail()
        leaving.send(MAIL, b".\r\n")
        assert leaving.silent(0.05)
    with door.talk() as talk:
        talk.open_mail()
        talk.send(b"next\r\n.\r\n")
        assert talk.silent(0.05)
        door.store.open.set()
        assert talk.reply()[:3] == "250"
    assert door.store.kept[-1].raw == b"next\r\n"
    door.settle()


def test_half_a_mail_is_no_mail(door: "RunningDoor") -> None:
    with door.talk() as talk:
        talk.open_mail()
        talk.send(MAIL, b".\r")
    with door.talk() as talk:
        assert talk.mail(b"whole")[:3] == "250"
    assert [each.raw for each in door.store.kept] == [b"whole\r\n"]
    door.settle()


def test_closing_says_goodbye_to_the_idle_and_answers_the_mail_under_way(door: "RunningDoor") -> None:
    door.store.open.clear()
    with door.talk() as idle, door.talk() as busy:
        busy.open_mail()
        busy.send(MAIL, b".\r\n")
        assert busy.silent()
        closing = threading.Thread(target=lambda: door.run(door.door.close(grace=10)))
        closing.start()
        assert idle.reply() == "421 4.3.2 shutting down, try again in a minute"
        assert idle.reply() == ""
        door.store.open.set()
        assert busy.reply()[:3] == "250"
        assert busy.reply()[:3] == "421"
        closing.join()
    with pytest.raises(ConnectionRefusedError):
        door.talk()
    assert len(door.store.kept) == 1


def test_a_closed_gatherer_means_try_again(door: "RunningDoor") -> None:
    door.run(door.gatherer.close())
    with door.talk() as talk:
        assert talk.mail(MAIL)[:3] == "421"
        assert talk.reply() == ""


def test_fifty_connections_share_commits(open_door: "OpenDoor") -> None:
    door = open_door()
    sizes: list[int] = []
    commit = door.store.commit

    def counting(batch: Sequence[Incoming]) -> None:
        sizes.append(len(batch))
        threading.Event().wait(0.01)  # a disk
        commit(batch)

    door.gatherer._commit = counting

    def send(n: int) -> None:
        with smtplib.SMTP("127.0.0.1", door.port) as client:
            for m in range(4):
                client.sendmail("a@sender.example", ["report@csirt.example"], b"%d.%d\r\n" % (n, m))

    threads = [threading.Thread(target=send, args=(n,)) for n in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.raw for each in door.store.kept) == sorted(
        b"%d.%d\r\n" % (n, m) for n in range(50) for m in range(4)
    )
    assert len(sizes) < 150
    assert sum(sizes) == 200


def test_a_real_full_database_is_a_full_disk(door: "RunningDoor") -> None:
    def commit(_batch: Sequence[Incoming]) -> None:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        try:
            connection.execute("PRAGMA max_page_count=2")
            connection.execute("CREATE TABLE t AS SELECT zeroblob(100000)")
        finally:
            connection.close()

    door.gatherer._commit = commit
    with door.talk() as talk:
        assert talk.mail(MAIL)[:3] == "452"
