"""What the other side said gets into no log, whatever the level, whatever goes wrong."""

import gc
import logging
import random
import socket
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.intake.conftest import RunningDoor

SECRET = "planted7secret"


def everything(door: "RunningDoor") -> None:
    with door.talk(hello=f"{SECRET}.example") as talk:
        talk.say(
            f"VRFY {SECRET}", f"HELP {SECRET}", f"{SECRET} {SECRET}", f"AUTH PLAIN {SECRET}", f"NOOP {SECRET}"
        )
        talk.say(f"MAIL FROM:<{SECRET}", f"MAIL FROM:<{SECRET}@sender.example>")
        talk.say(f"RCPT TO:<{SECRET}@elsewhere.example>", f"RCPT TO:<report+{SECRET}@csirt.example>", "DATA")
        talk.send(f"Subject: {SECRET}\r\n\r\n{SECRET}\r\n.\r\n".encode())
        assert talk.reply()[:3] in {"250", "451"}
        talk.open_mail()
        talk.send(SECRET.encode())


@pytest.mark.parametrize("failing", [False, True])
def test_nothing_of_a_conversation_is_logged_even_at_debug(
    door: "RunningDoor", caplog: pytest.LogCaptureFixture, failing: bool
) -> None:
    door.loop.set_debug(True)
    if failing:
        door.store.failure = ValueError(f"could not store {SECRET}")
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("mail.log").setLevel(logging.DEBUG)
        try:
            everything(door)
            door.settle()
        finally:
            logging.getLogger("mail.log").setLevel(logging.NOTSET)
    assert SECRET not in caplog.text
    assert ("Mail is put off" in caplog.text) == failing


def test_an_incoming_mail_shows_its_size_alone(door: "RunningDoor") -> None:
    with door.talk() as talk:
        talk.mail(SECRET.encode())
    (incoming,) = door.store.kept
    assert repr(incoming) == f"<Incoming {incoming.id} 16 bytes>"


WORDS = [
    b"EHLO x",
    b"HELO x",
    b"MAIL FROM:<a@b.example>",
    b"RCPT TO:<report@csirt.example>",
    b"DATA",
    b"RSET",
    b"STARTTLS",
    b"AUTH LOGIN",
    b"\r\n",
    b"\n",
    b"\r",
    b".",
    b"..",
    b" ",
    b"<",
    b">",
    b"\x00",
    b"\xff",
    b"SIZE=",
    b"x" * 700,
]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.sampled_from(WORDS) | st.binary(max_size=20), max_size=30), seed=st.integers())
def test_no_noise_ends_the_door_or_makes_it_say_anything_but_smtp(
    door: "RunningDoor", caplog: pytest.LogCaptureFixture, pieces: list[bytes], seed: int
) -> None:
    noise = b"".join(pieces) + b"\r\n.\r\nQUIT\r\n"
    cut = random.Random(seed).randrange(len(noise))
    caplog.clear()
    with door.talk(hello="") as talk:
        talk.send(noise[:cut])
        talk.send(noise[cut:])
        while answer := talk.reply():
            assert answer[:3].isdigit()
            if answer[:3] in {"221", "421"} or answer.startswith("502 5.5.1 Too many"):
                break
    with door.talk() as talk:
        assert talk.say("NOOP")[:3] == "250"
    assert "command failed" not in caplog.text


@pytest.mark.parametrize(
    "sent", [b"NOOP\r\n" * 2000, b"MAIL FROM:<a@b.example>\r\n" * 500 + b"DATA\r\n", b"EHLO x\r\n" * 5000]
)
def test_a_peer_that_resets_its_connection_leaves_no_line(
    door: "RunningDoor", caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    for _ in range(10):
        talk = door.talk()
        talk.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        talk.send(sent)
        talk.file.close()
        talk.socket.close()
    door.settle()
    gc.collect()
    assert caplog.text == ""
