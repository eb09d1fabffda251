"""Floods are slowed by network; who is new never waits, and memory has its bound."""

from ipaddress import IPv4Address, IPv6Address
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.lib.floods import FORGOTTEN_AFTER, Address, Floods, Rate, Rates, plain_address, prefixes

RATES: Final = Rates(
    {32: Rate(1, 3), 24: Rate(0.5, 6), 64: Rate(1, 3), 56: Rate(0.5, 5), 48: Rate(0.25, 8)}, Rate(0.1, 20)
)
LONGEST: Final = 10.0

addresses = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address),
    st.integers(0, 2**128 - 1).map(IPv6Address),
    st.integers(0, 600).map(lambda low: IPv4Address(0xC6336400 + low)),  # a few networks that are crowded
    st.integers(0, 2**18).map(lambda low: IPv6Address((0x20010DB8 << 96) + (low << 62))),
)
visits = st.lists(st.tuples(addresses, st.floats(0, 2000)), max_size=150)


def floods(room: int = 1000) -> Floods:
    return Floods(RATES, longest=LONGEST, room=room)


def flood(buckets: Floods, seen: list[tuple[Address, float]]) -> float:
    """Lets them all come, each so many seconds after the last; the time at the end."""
    now = 0.0
    for address, after in seen:
        now += after
        buckets.wait(address, now)
    return now


def same_network(one: Address, other: Address) -> bool:
    return bool(set(prefixes(one)) & set(prefixes(other)))


@given(visits, st.integers(1, 20))
def test_memory_has_its_bound_whoever_comes(seen: list[tuple[Address, float]], room: int) -> None:
    buckets = floods(room)
    flood(buckets, seen)
    assert len(buckets) <= room * 5


@given(visits, addresses)
def test_who_is_new_never_waits_whatever_others_did(
    seen: list[tuple[Address, float]], newcomer: Address
) -> None:
    buckets = floods()
    now = flood(buckets, [(one, after) for one, after in seen if not same_network(one, newcomer)])
    assert buckets.wait(newcomer, now) == 0


@given(visits, addresses, st.floats(0, 100))
def test_a_wait_is_never_negative_and_has_its_cap(
    seen: list[tuple[Address, float]], address: Address, after: float
) -> None:
    buckets = floods()
    now = flood(buckets, seen)
    assert 0 <= buckets.wait(address, now + after) <= LONGEST


@given(visits, addresses, st.integers(0, 200))
def test_who_came_once_more_waits_no_shorter(
    seen: list[tuple[Address, float]], address: Address, extra: int
) -> None:
    less, more = floods(), floods()
    now = flood(less, seen)
    flood(more, seen)
    for _ in range(extra):
        more.wait(address, now)
    assert more.wait(address, now) >= less.wait(address, now)


@given(visits, addresses, st.floats(0, 50), st.floats(0, 50))
def test_who_waits_longer_before_coming_waits_no_longer_then(
    seen: list[tuple[Address, float]], address: Address, soon: float, more: float
) -> None:
    early, late = floods(), floods()
    now = flood(early, seen)
    flood(late, seen)
    assert late.wait(address, now + soon + more) <= early.wait(address, now + soon)


@given(visits, addresses)
@settings(max_examples=50)
def test_after_an_hour_all_is_forgotten(seen: list[tuple[Address, float]], address: Address) -> None:
    buckets = floods()
    now = flood(buckets, seen)
    buckets.wait(address, now)
    assert buckets.wait(address, now + FORGOTTEN_AFTER) == 0
    assert len(buckets) <= sum(map(len, (prefixes(address), *(prefixes(one) for one, _ in seen))))


def test_an_address_has_its_burst_and_then_waits_longer_and_longer() -> None:
    buckets = floods()
    waits = [buckets.wait("192.0.2.1", 0) for _ in range(20)]
    assert waits[:6] == [0, 0, 0, 1, 2, 3]
    assert max(waits) == LONGEST


def test_a_flood_that_ends_is_soon_forgiven() -> None:
    buckets = floods()
    for _ in range(100_000):
        buckets.wait("192.0.2.1", 0)
    assert buckets.wait("192.0.2.1", LONGEST + 3) == 0


@pytest.mark.parametrize(
    ("flooders", "neighbour", "stranger"),
    [
        ([f"192.0.2.{low}" for low in range(100)], "192.0.2.200", "192.0.3.1"),
        ([f"2001:db8:0:{low:x}::1" for low in range(100)], "2001:db8:0:ffff::1", "2001:db8:1::1"),
        ([f"2001:db8::{low:x}" for low in range(100)], "2001:db8::ffff", "2001:db8:1::1"),
    ],
)
def test_a_network_waits_together_and_its_neighbour_does_not(
    flooders: list[str], neighbour: str, stranger: str
) -> None:
    buckets = floods()
    for _ in range(10):
        for flooder in flooders:
            buckets.wait(flooder, 0)
    assert buckets.wait(neighbour, 0) > 0
    assert buckets.wait(stranger, 0) == 0


def test_when_all_together_are_too_many_who_is_in_the_crowd_waits_and_who_is_new_does_not() -> None:
    buckets = floods()
    for one in range(200):
        buckets.wait(IPv4Address(one << 8), 0)
    assert buckets.wait(IPv4Address(1 << 8), 0) == 0.5  # what it had in its own bucket, and no more
    assert buckets.wait(IPv4Address(1000 << 8), 0) == 0


def test_many_narrow_networks_do_not_make_us_forget_the_wide_one() -> None:
    buckets = floods(room=50)
    for low in range(5000):
        buckets.wait(IPv6Address((0x20010DB80000 << 80) + (low << 64)), 0)
    assert buckets.wait("2001:db8:0:ffff::1", 0) > 0


def test_what_was_idle_longest_is_forgotten_first() -> None:
    buckets = floods(room=2)
    for _ in range(10):
        buckets.wait("192.0.2.1", 0)
    buckets.wait("198.51.100.1", 1)
    for _ in range(10):
        buckets.wait("192.0.2.1", 1)
    buckets.wait("203.0.113.1", 1)
    assert buckets.wait("192.0.2.1", 1) > 0


def test_an_address_mapped_into_ipv6_is_the_same_and_one_with_a_zone_too() -> None:
    assert plain_address("::ffff:192.0.2.1") == IPv4Address("192.0.2.1")
    assert plain_address("fe80::1%eth0") == IPv6Address("fe80::1")
    assert plain_address("nonsense") is None
    buckets = floods()
    for _ in range(10):
        buckets.wait("::ffff:192.0.2.1", 0)
    assert buckets.wait("192.0.2.1", 0) > 0


def test_what_is_no_address_shares_one_network() -> None:
    buckets = floods()
    waits = [buckets.wait(text, 0) for text in ("", "unix", "x" * 1000, "[UNAVAILABLE]")]
    assert waits == [0, 0, 0, 1]


def test_no_network_stands_in_memory_as_it_is() -> None:
    buckets, others = floods(), floods()
    buckets.wait("192.0.2.1", 0)
    others.wait("192.0.2.1", 0)
    keys, other_keys = (
        {key for shelf in one._shelves.values() for key in shelf._buckets} for one in (buckets, others)
    )
    assert len(keys) == 2
    assert not keys & other_keys
    assert not any(IPv4Address("192.0.2.1").packed[:3] in key for key in keys)


@pytest.mark.parametrize(("each", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_rate_that_lets_nobody_in_is_refused(each: float, burst: int) -> None:
    with pytest.raises(ValueError, match="lets at least one visit in"):
        Rate(each, burst)
