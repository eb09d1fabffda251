"""Who sends oftener than is fair gets its replies late; nobody else does, and a relay of ours never."""

import socket
import time
from contextlib import ExitStack
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

import pytest

from madoguchi.lib.floods import Rate, Rates

if TYPE_CHECKING:
    from tests.intake.conftest import OpenDoor, RunningDoor, Talk

SLOW: Final = Rates({length: Rate(0.5, 3) for length in (32, 24, 64, 56, 48)}, Rate(0.01, 1000))
STRICT: Final = Rates({length: Rate(60, 1) for length in (32, 24, 64, 56, 48)}, Rate(0.01, 1000))
FLOODER, STRANGER, RELAY = "127.5.0.1", "127.6.0.1", "127.9.0.1"


def seconds(talk: "Talk", content: bytes = b"x") -> float:
    """How long a mail takes to its 250."""
    begin = time.monotonic()
    assert talk.mail(content)[:3] == "250"
    return time.monotonic() - begin


@pytest.fixture
def door(open_door: "OpenDoor") -> "RunningDoor":
    return open_door(fair=SLOW, relays=(ip_network("127.9.0.0/24"),))


def test_mails_above_the_fair_rate_wait_and_are_taken(door: "RunningDoor") -> None:
    with door.talk(source=FLOODER) as flooder:
        for _ in range(3):
            assert seconds(flooder) < 0.3
        assert seconds(flooder) > 0.3
        with door.talk(source=STRANGER) as stranger:
            assert seconds(stranger) < 0.3
    assert len(door.store.kept) == 5
    assert door.door.tarpit.waiting == 0


def test_connections_above_it_wait_for_their_banner(door: "RunningDoor") -> None:
    for _ in range(3):
        door.talk(source=FLOODER).__exit__()
    begin = time.monotonic()
    with door.talk(source="127.5.0.9") as neighbour:
        assert time.monotonic() - begin > 0.3
        assert neighbour.banner[:3] == "220"


@pytest.mark.parametrize("source", [RELAY, "127.0.0.1"])
def test_a_relay_of_ours_and_this_machine_wait_for_nothing(door: "RunningDoor", source: str) -> None:
    with door.talk(source=source) as talk:
        assert max(seconds(talk) for _ in range(12)) < 0.3


def test_a_client_that_a_relay_tells_by_xclient_waits_and_the_relay_does_not(door: "RunningDoor") -> None:
    with door.talk(source=RELAY) as told, door.talk(source=RELAY) as relay:
        told.say("XCLIENT ADDR=198.51.100.7", "EHLO mail.reporter.example")
        assert max(seconds(told) for _ in range(3)) < 0.3
        assert seconds(told) > 0.3
        relay.say("XFORWARD ADDR=198.51.100.7")
        assert seconds(relay) < 0.3


def test_where_too_many_wait_the_flood_is_asked_to_come_again(open_door: "OpenDoor") -> None:
    door = open_door(fair=STRICT, tarpitted=2)
    with ExitStack() as stack:
        stack.enter_context(door.talk(source=FLOODER))
        flooder = stack.enter_context(door.talk(source="127.5.1.1"))
        assert seconds(flooder) < 0.3
        for _ in range(2):
            waiting = socket.create_connection(("127.0.0.1", door.port), source_address=(FLOODER, 0))
            stack.callback(waiting.close)
        _until_waiting(door, 2)
        sent_away = stack.enter_context(door.talk(source=FLOODER, hello=""))
        assert sent_away.banner == "421 4.3.2 too many connections, try again later"
        assert sent_away.reply() == ""
        assert flooder.say("MAIL FROM:<a@sender.example>")[:3] == "451"
        stranger = stack.enter_context(door.talk(source=STRANGER))
        assert seconds(stranger) < 0.3


def _until_waiting(door: "RunningDoor", wanted: int) -> None:
    end = time.monotonic() + 10
    while door.door.tarpit.waiting != wanted:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_who_talks_on_while_waiting_is_hung_up_on(open_door: "OpenDoor") -> None:
    door = open_door(fair=STRICT)
    with door.talk(source=FLOODER):
        waiting = socket.create_connection(("127.0.0.1", door.port), source_address=(FLOODER, 0))
        _until_waiting(door, 1)
        with waiting, pytest.raises(ConnectionError):
            waiting.sendall(b"x" * 2**26)
        _until_waiting(door, 0)
    door.settle()


def test_who_hangs_up_while_waiting_leaves_nothing_behind(open_door: "OpenDoor") -> None:
    door = open_door(fair=STRICT)
    with door.talk(source=FLOODER):
        waiting = socket.create_connection(("127.0.0.1", door.port), source_address=(FLOODER, 0))
        _until_waiting(door, 1)
        waiting.close()
        _until_waiting(door, 0)
    door.settle()
