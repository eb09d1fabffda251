"""One mail in is one mail kept: no line end but CRLF ends a mail, and none is executed as a command."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.intake.conftest import RunningDoor

SECOND = b"MAIL FROM:<forged@sender.example>%sRCPT TO:<report@csirt.example>%sDATA%sforged"

SMUGGLED = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CR.CR": b"\r.\r",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r",
    "LF.CR": b"\n.\r",
    "CR.LF": b"\r.\n",
}


@pytest.mark.parametrize("end", SMUGGLED.values(), ids=SMUGGLED.keys())
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r"], ids=["CRLF", "LF", "CR"])
def test_a_second_mail_behind_a_false_end_is_refused_with_the_first(
    door: "RunningDoor", end: bytes, line_end: bytes
) -> None:
    with door.talk() as talk:
        talk.open_mail()
        talk.send(b"Subject: first\r\n\r\ntext", end, SECOND % ((line_end,) * 3), b"\r\n.\r\nNOOP\r\n")
        assert talk.reply()[:3] == "554"
        assert talk.reply()[:3] == "250", "NOOP is the next command"
        assert door.store.kept == []
        assert talk.mail(b"honest")[:3] == "250"
    assert [each.raw for each in door.store.kept] == [b"honest\r\n"]
    door.settle()


@pytest.mark.parametrize("start", [b".\n", b".\r", b".\r\r\n"])
def test_a_lone_dot_is_refused_in_the_first_line_too(door: "RunningDoor", start: bytes) -> None:
    with door.talk() as talk:
        assert talk.mail(start + b"MAIL FROM:<forged@sender.example>")[:3] == "554"
    assert door.store.kept == []


@pytest.mark.parametrize("end", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_a_false_end_alone_ends_nothing(door: "RunningDoor", end: bytes) -> None:
    with door.talk() as talk:
        talk.open_mail()
        talk.send(b"Subject: first\r\n\r\ntext", end)
        assert talk.silent(0.1)
    assert door.store.kept == []


def test_a_false_end_is_seen_when_it_comes_byte_by_byte(door: "RunningDoor") -> None:
    with door.talk() as talk:
        talk.open_mail()
        for byte in b"text\r\n.\nNOOP\r\n.\r\n":
            talk.send(bytes([byte]))
        assert talk.reply()[:3] == "554"
        assert talk.say("NOOP")[:3] == "250"


def test_line_ends_that_forge_nothing_are_kept_byte_for_byte(door: "RunningDoor") -> None:
    """Mail with bare line ends is common, and harmless to a server that passes no mail on."""
    content = b"Subject: log\n\nline\n.line\r.hidden\r\n\n.x.\nend.\n"
    with door.talk() as talk:
        assert talk.mail(content)[:3] == "250"
    assert door.store.kept[0].raw == content + b"\r\n"


def test_a_carriage_return_inside_a_command_starts_no_other(door: "RunningDoor") -> None:
    with door.talk() as talk:
        assert talk.say(b"MAIL FROM:<a@sender.example>\rRCPT TO:<report@csirt.example>")[:3] in {
            "501",
            "553",
            "555",
        }
        assert talk.say("DATA")[:3] == "503"
    assert door.store.kept == []


def test_a_web_browser_that_is_made_to_post_mail_is_shown_out(door: "RunningDoor") -> None:
    with door.talk(hello="") as talk:
        talk.send(
            b"POST / HTTP/1.1\r\nHost: mx.csirt.example\r\nOrigin: x\r\nAccept: */*\r\nUser-Agent: x\r\n"
            b"Content-Length: 100\r\n\r\nEHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<report@csirt.example>\r\n"
            b"DATA\r\nforged\r\n.\r\n"
        )
        answers = []
        while answer := talk.reply():
            answers.append(answer[:3])
        assert answers == ["500"] * 4 + ["502"]
    assert door.store.kept == []
