"""STARTTLS (RFC 3207): what was said in clear does not count once TLS is on."""

import logging
import ssl
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.intake.conftest import OpenDoor, RunningDoor

MAIL_FROM = b"MAIL FROM:<a@sender.example>\r\nRCPT TO:<report@csirt.example>\r\n"


@pytest.fixture
def secure(open_door: "OpenDoor", tls: ssl.SSLContext) -> "RunningDoor":
    return open_door(tls=tls)


def test_a_mail_comes_in_over_tls(secure: "RunningDoor") -> None:
    with secure.talk() as talk:
        assert "250-STARTTLS" in talk.say("EHLO client.example").split("\n")
        talk.start_tls()
        answer = talk.say("EHLO client.example")
        assert "STARTTLS" not in answer
        assert "AUTH" not in answer
        assert talk.mail(b"secret")[:3] == "250"
        assert talk.say("QUIT")[:3] == "221"
    assert secure.store.kept[0].envelope.tls


def test_twenty_megabytes_come_in_over_tls(secure: "RunningDoor") -> None:
    content = (b"A" * 76 + b"\r\n") * 256_000
    with secure.talk() as talk:
        talk.start_tls()
        talk.say("EHLO client.example")
        assert talk.mail(content)[:3] == "250"
    assert secure.store.kept[0].raw == content + b"\r\n"


@pytest.mark.parametrize("behind", [MAIL_FROM, b"EHLO forged\r\n" + MAIL_FROM, b"N"])
def test_commands_pipelined_behind_starttls_are_refused_and_never_executed(
    secure: "RunningDoor", behind: bytes
) -> None:
    with secure.talk() as talk:
        talk.send(b"STARTTLS\r\n", behind)
        assert talk.reply()[:3] == "503"
        assert talk.reply() == ""
    with secure.talk() as talk:
        assert talk.mail(b"the door goes on")[:3] == "250"


def test_not_even_the_first_command_behind_starttls_is_looked_at(secure: "RunningDoor") -> None:
    asked: list[str] = []
    secure.door._accepts = lambda address: bool(asked.append(address))
    with secure.talk() as talk:
        talk.say("MAIL FROM:<a@sender.example>")
        talk.send(b"STARTTLS\r\nRCPT TO:<report@csirt.example>\r\n")
        assert talk.reply()[:3] == "503"
        assert talk.reply() == ""
    secure.settle()
    assert asked == []


def test_what_was_said_in_clear_is_forgotten(secure: "RunningDoor") -> None:
    with secure.talk(hello="clear.example") as talk:
        talk.say("MAIL FROM:<clear@sender.example>", "RCPT TO:<report@csirt.example>")
        talk.start_tls()
        assert talk.say("DATA")[:3] == "503"
        talk.say("EHLO tls.example")
        assert talk.say("DATA")[:3] == "503"
        assert talk.mail(b"x")[:3] == "250"
    assert secure.store.kept[0].envelope.helo == "tls.example"


def test_tls_inside_tls_is_refused(secure: "RunningDoor") -> None:
    with secure.talk() as talk:
        talk.start_tls()
        assert talk.say("EHLO client.example", "STARTTLS")[:3] == "503"
        assert talk.mail(b"x")[:3] == "250"


def test_noise_instead_of_a_handshake_ends_the_connection_and_no_other(
    secure: "RunningDoor", caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), secure.talk() as talk:
        assert talk.say("STARTTLS")[:3] == "220"
        talk.send(MAIL_FROM)
        while talk.file.read(1):
            pass
        with secure.talk() as other:
            assert other.mail(b"x")[:3] == "250"
    assert "sender.example" not in caplog.text
    secure.settle()


def test_closing_hangs_up_on_who_does_not_agree_to_the_end_of_tls(secure: "RunningDoor") -> None:
    with secure.talk() as talk:
        talk.start_tls()
        talk.say("EHLO client.example")
        secure.run(secure.door.close(grace=0.1))
        secure.settle()
