"""Who may be connected at once: a flood finds the room full sooner than anybody else."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.intake.smtp_room import SILENT, Room
from madoguchi.lib.floods import Address

if TYPE_CHECKING:
    from tests.intake.conftest import OpenDoor

SHARES = {32: 8, 24: 9, 64: 8, 56: 9, 48: 9}


@dataclass(eq=False)
class Caller:
    """A connection that notes whether it had to go."""

    address: str
    heard: float = 0
    busy: bool = False
    mute: bool = False
    gone: bool = field(default=False, init=False)

    @property
    def client(self) -> Address:
        return ip_address(self.address)

    def make_room(self) -> None:
        self.gone = True


def full_of(room: Room, callers: list[Caller]) -> list[bool]:
    return [room.enter(one, one.client, one.heard) for one in callers]


def test_one_network_never_fills_the_room() -> None:
    room = Room(10, SHARES)
    taken = full_of(room, [Caller("192.0.2.1") for _ in range(20)])
    assert taken == [True] * 8 + [False] * 12
    assert full_of(room, [Caller("198.51.100.1")]) == [True]


def test_addresses_of_one_network_count_together() -> None:
    room = Room(10, SHARES)
    assert sum(full_of(room, [Caller(f"2001:db8:0:{low}::1") for low in range(20)])) == 9


def test_where_it_is_full_the_crowd_gives_up_its_longest_silent_connection() -> None:
    room = Room(10, SHARES)
    crowd = [Caller("192.0.2.1", heard=5 - number) for number in range(5)]
    others = [Caller(f"198.51.{number}.1", heard=-100) for number in range(5)]
    assert all(full_of(room, [*crowd, *others]))
    newcomer = Caller("203.0.113.1", heard=6)
    assert room.enter(newcomer, newcomer.client, 6)
    assert [one.gone for one in crowd] == [False, False, False, False, True]
    assert not any(one.gone for one in others)
    assert len(room) == 10


def test_a_crowd_does_not_push_out_who_is_one_of_a_few() -> None:
    room = Room(10, SHARES)
    assert all(full_of(room, [Caller(f"198.51.{number}.1", heard=1) for number in range(4)]))
    assert all(full_of(room, [Caller("192.0.2.1", heard=1) for _ in range(6)]))
    assert full_of(room, [Caller("192.0.2.2", heard=2)]) == [False]


def test_two_crowds_come_to_share_and_leave_a_place() -> None:
    room = Room(10, SHARES)
    full_of(room, [Caller("192.0.2.1", heard=1) for _ in range(20)])
    full_of(room, [Caller("198.51.100.1", heard=1) for _ in range(20)])
    held = sorted(count for (length, _), count in room._held.items() if length == 24)
    assert held == [5, 5]
    newcomer = Caller("203.0.113.1", heard=2)
    assert room.enter(newcomer, newcomer.client, 2)


def test_a_mail_under_way_is_not_cut_off_while_it_goes_on() -> None:
    room = Room(2, {})
    crowd = [Caller("192.0.2.1", heard=1, busy=True), Caller("192.0.2.1", heard=1, busy=True)]
    assert all(full_of(room, crowd))
    newcomer = Caller("203.0.113.1", heard=2)
    assert not room.enter(newcomer, newcomer.client, 2)
    assert room.enter(newcomer, newcomer.client, 1 + SILENT + 1)
    assert [one.gone for one in crowd] == [True, False]


def test_who_never_said_anything_goes_at_once_for_a_newcomer_and_the_oldest_first() -> None:
    room = Room(10, SHARES)
    mute = [Caller(f"198.51.{number}.1", heard=number / 100, mute=number > 4) for number in range(10)]
    assert all(full_of(room, mute))
    newcomer = Caller("203.0.113.1", heard=0.2)
    assert room.enter(newcomer, newcomer.client, 0.2)
    assert [one.gone for one in mute] == [False] * 5 + [True] + [False] * 4


def test_silent_connections_from_everywhere_go_when_they_were_silent_for_a_while() -> None:
    room = Room(10, SHARES)
    silent = [Caller(f"198.51.{number}.1", heard=number / 100) for number in range(10)]
    assert all(full_of(room, silent))
    newcomer = Caller("203.0.113.1", heard=5)
    assert not room.enter(newcomer, newcomer.client, 5)
    assert room.enter(newcomer, newcomer.client, SILENT + 1)
    assert [one.gone for one in silent] == [True] + [False] * 9


def test_a_relay_of_ours_always_finds_a_place_that_a_crowd_holds_and_never_has_to_go() -> None:
    room = Room(3, {})
    relay = Caller("192.0.2.25")
    assert room.enter(relay, None, 0)
    full_of(room, [Caller("198.51.100.1") for _ in range(2)])
    assert room.enter(second := Caller("192.0.2.25"), None, 100)
    assert room.enter(third := Caller("192.0.2.25"), None, 100)
    assert not any(one.gone for one in (relay, second, third))
    assert not room.enter(Caller("192.0.2.25"), None, 100)


@given(
    st.lists(st.tuples(st.integers(0, 2**12), st.floats(0, 20), st.booleans(), st.booleans()), max_size=80)
)
def test_the_room_has_its_bound_and_its_books_are_right(
    comings: list[tuple[int, float, bool, bool]],
) -> None:
    room = Room(5, {32: 3, 24: 4})
    here: list[Caller] = []
    now = 0.0
    for low, after, busy, leaves in comings:
        now += after
        caller = Caller(str(IPv4Address(0xC6330000 + low)), heard=now, busy=busy)
        if room.enter(caller, caller.client, now):
            here.append(caller)
        here = [one for one in here if not one.gone]
        if leaves and here:
            room.leave(here.pop(0))
        assert len(room) == len(here) <= 5
        for one in here:
            assert sum(other.address == one.address for other in here) <= 3
    for one in here:
        room.leave(one)
    assert not room._held


# --- At the door ------------------------------------------------------------------------------------------


def test_a_connection_that_has_to_go_is_told_so_and_the_newcomer_is_served(open_door: "OpenDoor") -> None:
    door = open_door(connections=3)
    with (
        door.talk(source="127.5.0.1") as first,
        door.talk(source="127.5.0.2") as second,
        door.talk(source="127.5.0.3") as third,
        door.talk(source="127.6.0.1") as newcomer,
    ):
        assert first.reply() == "421 4.3.2 too many connections, try again later"
        assert first.reply() == ""
        assert newcomer.mail(b"x")[:3] == "250"
        assert second.mail(b"x")[:3] == "250"
        assert third.mail(b"x")[:3] == "250"
    door.settle()
    assert len(door.door.room) == 0


@pytest.mark.parametrize("told", ["XCLIENT ADDR=192.0.2.1", "XFORWARD ADDR=192.0.2.1"])
def test_a_client_that_a_relay_tells_takes_the_place_of_its_own_network(
    open_door: "OpenDoor", told: str
) -> None:
    from ipaddress import ip_network

    door = open_door(relays=(ip_network("127.9.0.1/32"),), connections_per_peer=1)
    with door.talk(source="127.9.0.1") as first, door.talk(source="127.9.0.1") as second:
        assert first.say(told)[:3] in {"220", "250"}
        if told.startswith("XCLIENT"):
            assert second.say(told)[:3] == "421"
            assert second.reply() == ""
        else:
            assert second.say(told)[:3] == "250"
