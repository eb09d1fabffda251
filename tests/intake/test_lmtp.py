"""LMTP (RFC 2033): for a mail server of ours in front, with one reply for each recipient."""

import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.intake.conftest import Talk

if TYPE_CHECKING:
    from tests.intake.conftest import RunningDoor


@pytest.fixture
def place(door: "RunningDoor", tmp_path: Path) -> Path:
    door.lmtp(tmp_path / "lmtp.sock")
    return tmp_path / "lmtp.sock"


def lmtp(place: Path, hello: str = "mx.csirt.example") -> Talk:
    return Talk(place, hello, greeting="LHLO")


def test_it_announces_what_rfc_2033_asks_for(door: "RunningDoor", place: Path) -> None:
    with lmtp(place) as talk:
        assert talk.banner == "220 mx.csirt.example LMTP Madoguchi"
        announced = talk.hello.split("\n")
        assert {"250-PIPELINING", "250-ENHANCEDSTATUSCODES", "250-8BITMIME"} <= set(announced)
        assert any(line.startswith("250-XFORWARD ") for line in announced)
        for command in ("EHLO mx.csirt.example", "HELO mx.csirt.example"):
            assert talk.say(command)[:3] == "500"
        assert talk.say("RSET") == "250 2.0.0 OK"


def test_each_recipient_has_its_reply_and_an_unknown_one_is_refused_by_name(
    door: "RunningDoor", place: Path
) -> None:
    with lmtp(place) as talk:
        talk.say("MAIL FROM:<a@sender.example>")
        answers = [
            talk.say(f"RCPT TO:<{name}@csirt.example>")[:9] for name in ("report", "nobody", "report+TOKEN")
        ]
        assert answers == ["250 2.1.5", "550 5.1.1", "250 2.1.5"]
        assert talk.say("DATA")[:3] == "354"
        talk.send(b"Subject: scan\r\n\r\nlog\r\n.\r\n")
        assert [talk.reply(), talk.reply()] == ["250 2.0.0 safely stored"] * 2
        assert talk.silent()
        assert talk.say("QUIT") == "221 2.0.0 Bye"
    [kept] = door.store.kept
    assert (kept.envelope.door, kept.envelope.rcpt_to) == (
        "lmtp",
        ("report@csirt.example", "report+TOKEN@csirt.example"),
    )
    assert (kept.envelope.peer, kept.envelope.relayed) == (None, True)


def test_without_a_recipient_there_is_no_data(door: "RunningDoor", place: Path) -> None:
    with lmtp(place) as talk:
        talk.say("MAIL FROM:<a@sender.example>", "RCPT TO:<nobody@csirt.example>")
        assert talk.say("DATA") == "503 5.5.1 RCPT first"


def test_what_cannot_be_stored_is_put_off_for_each(door: "RunningDoor", place: Path) -> None:
    door.store.failure = OSError("away")
    with lmtp(place) as talk:
        talk.say(
            "MAIL FROM:<a@sender.example>", "RCPT TO:<report@csirt.example>", "RCPT TO:<abuse@csirt.example>"
        )
        talk.say("DATA")
        talk.send(b"x\r\n.\r\n")
        assert [talk.reply()[:9], talk.reply()[:9]] == ["451 4.3.0"] * 2
        door.store.failure = None
        talk.open_mail()
        talk.send(b"x\r\n.\r\n")
        assert talk.reply()[:3] == "250"
    assert len(door.store.kept) == 1


def test_what_is_sent_in_one_go_is_answered_in_order(door: "RunningDoor", place: Path) -> None:
    with lmtp(place) as talk:
        talk.send(
            b"MAIL FROM:<a@sender.example>\r\nRCPT TO:<report@csirt.example>\r\nRCPT TO:<abuse@csirt.example>\r\nDATA\r\n"
        )
        assert [talk.reply()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        talk.send(b"x\r\n.\r\nQUIT\r\n")
        assert [talk.reply()[:3] for _ in range(3)] == ["250", "250", "221"]


def test_the_socket_is_for_owner_and_group_alone(door: "RunningDoor", place: Path) -> None:
    assert stat.S_IMODE(place.stat().st_mode) == 0o660


def test_a_socket_that_a_killed_process_left_is_taken_over(door: "RunningDoor", tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
    door.lmtp(tmp_path / "left.sock")
    with lmtp(tmp_path / "left.sock") as talk:
        assert talk.say("NOOP") == "250 2.0.0 OK"


def test_what_xforward_says_of_the_client_is_kept(door: "RunningDoor", place: Path) -> None:
    with lmtp(place) as talk:
        talk.say("XFORWARD ADDR=198.51.100.7 HELO=mail.reporter.example")
        assert talk.mail(b"x")[:3] == "250"
    envelope = door.store.kept[0].envelope
    assert (envelope.peer, envelope.helo) == ("198.51.100.7", "mail.reporter.example")


def test_closing_ends_both_doors(door: "RunningDoor", place: Path) -> None:
    with lmtp(place) as talk:
        door.run(door.door.close(grace=2))
        assert talk.reply()[:3] == "421"
    with socket.socket(socket.AF_UNIX) as late, pytest.raises(OSError, match="refused"):
        late.connect(str(place))
