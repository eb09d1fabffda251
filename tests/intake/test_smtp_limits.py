"""Where the door says no, and that it says so in time."""

import smtplib
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from madoguchi.intake.smtp_host import Limits

if TYPE_CHECKING:
    from tests.intake.conftest import OpenDoor


def test_a_mail_that_says_it_is_too_large_is_refused_before_its_data(open_door: "OpenDoor") -> None:
    door = open_door(size=1000)
    with door.talk() as talk:
        assert talk.say("MAIL FROM:<a@sender.example> SIZE=1001")[:3] == "552"
        assert talk.say("RCPT TO:<report@csirt.example>")[:3] == "503"
        assert talk.say("MAIL FROM:<a@sender.example> SIZE=1000")[:3] == "250"


@pytest.mark.parametrize("size", [1001, 2000, 200_000, 3_000_000])
def test_a_mail_that_turns_out_too_large_is_read_and_not_kept(open_door: "OpenDoor", size: int) -> None:
    door = open_door(size=1000)
    with door.talk() as talk:
        assert talk.mail(b"x" * (size - 2))[:3] == "552"
        assert talk.mail(b"x" * 998)[:3] == "250"
    assert [len(each.raw) for each in door.store.kept] == [1000]
    door.settle()


def test_transparency_dots_do_not_count_as_size(open_door: "OpenDoor") -> None:
    door = open_door(size=999)
    with smtplib.SMTP("127.0.0.1", door.port) as client:
        client.sendmail("a@sender.example", ["report@csirt.example"], b".\r\n" * 333)
        client.docmd("MAIL", "FROM:<a@sender.example>")
        client.docmd("RCPT", "TO:<report@csirt.example>")
        assert client.data(b".\r\n" * 334)[0] == 552
    assert [each.raw for each in door.store.kept] == [b".\r\n" * 333]


def test_twenty_megabytes_are_taken_in_memory_alone_and_fast(open_door: "OpenDoor") -> None:
    door = open_door()
    files = open_files()
    content = b"Subject: image\r\n\r\n" + (b"A" * 76 + b"\r\n") * 256_000
    with door.talk() as talk:
        talk.open_mail()
        begin = time.monotonic()
        talk.send(content)
        assert open_files() == files, "no file is opened while the mail comes in"
        talk.send(b".\r\n")
        assert talk.reply()[:3] == "250"
        assert time.monotonic() - begin < 5
    assert door.store.kept[0].raw == content
    door.settle()


def open_files() -> set[str]:
    """What this process has open, sockets and the like aside."""
    targets = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            targets.add(str(descriptor.readlink()))
    return {target for target in targets if target.startswith("/") and not target.startswith("/proc/")}


def test_lines_have_no_limit_of_their_own_unless_one_is_set(open_door: "OpenDoor") -> None:
    door, strict = open_door(), open_door(line=1000)
    with door.talk() as talk:
        assert talk.mail(b"x" * 300_000)[:3] == "250"
    with strict.talk() as talk:
        assert talk.mail(b"short\r\n" + b"x" * 999 + b"\r\nshort")[:3] == "554"
        assert talk.mail(b"short\r\n" + b"x" * 998 + b"\r\nshort")[:3] == "250"


def test_recipients_beyond_the_limit_go_into_another_mail(open_door: "OpenDoor") -> None:
    door = open_door(recipients=2)
    with door.talk() as talk:
        talk.say("MAIL FROM:<a@sender.example>")
        answers = [talk.say(f"RCPT TO:<report+{n}@csirt.example>")[:3] for n in range(3)]
        assert answers == ["250", "250", "452"]


def test_mails_under_way_share_a_ceiling_and_those_above_it_come_again(open_door: "OpenDoor") -> None:
    door = open_door(in_flight=100_000, size=70_000)
    door.store.open.clear()
    with door.talk() as first, door.talk() as second, door.talk() as third:
        first.open_mail()
        first.send(b"x" * 60_000, b"\r\n.\r\n")
        assert first.silent()
        second.open_mail()
        second.send(b"x" * 60_000, b"\r\n.\r\n")
        assert second.reply()[:3] == "451"
        assert third.say("MAIL FROM:<a@sender.example> SIZE=60000")[:3] == "451"
        assert third.say("MAIL FROM:<a@sender.example> SIZE=30000")[:3] == "250"
        door.store.open.set()
        assert first.reply()[:3] == "250"
        assert second.mail(b"x" * 60_000)[:3] == "250"
    door.settle()


def test_connections_have_a_limit_in_all(open_door: "OpenDoor") -> None:
    door = open_door(connections=2)
    with door.talk() as first, door.talk():
        with door.talk(hello="") as third:
            assert third.banner == "421 4.3.2 too many connections, try again later"
            assert third.reply() == ""
        first.say("QUIT")
        assert first.reply() == ""
        with door.talk() as fourth:
            assert fourth.mail(b"x")[:3] == "250"


def test_connections_of_one_peer_have_a_limit(open_door: "OpenDoor") -> None:
    door = open_door(connections_per_peer=1)
    with door.talk() as first:
        with door.talk(hello="") as second:
            assert second.banner[:3] == "421"
        assert first.mail(b"x")[:3] == "250"


@pytest.mark.parametrize("sent", [b"", b"MAIL FROM:<a@sen", b"DATA"])
def test_who_says_nothing_is_shown_out(open_door: "OpenDoor", sent: bytes) -> None:
    door = open_door(idle=0.3)
    with door.talk() as talk:
        if sent == b"DATA":
            talk.open_mail()
        talk.send(sent)
        begin = time.monotonic()
        assert talk.reply() == ""
        assert 0.1 < time.monotonic() - begin < 3
    door.settle()


def test_who_trickles_is_shown_out_in_the_end(open_door: "OpenDoor") -> None:
    door = open_door(data=0.3)
    with door.talk() as talk:
        talk.open_mail()
        for _ in range(6):
            talk.send(b"end of sentence.\r\n")
            time.sleep(0.1)
            if not talk.silent(0.01):
                break
        assert talk.reply() == "421 4.4.2 too slow, try again later"
        assert talk.reply() == ""
    assert door.store.kept == []
    door.settle()


def test_limits_that_would_put_the_largest_mail_off_for_ever_are_refused() -> None:
    with pytest.raises(ValueError, match="room for one mail"):
        Limits(size=1000, in_flight=1300)
    assert Limits(size=1000, in_flight=1338).size == 1000
