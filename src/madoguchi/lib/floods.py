"""Who comes more often than is fair, and how long it should wait; told by network, in bounded memory, by nobody's name.

Each visit fills a bucket for every network that its address lies in: an IPv4 address and its /24; an IPv6 /64, /56 and
/48; and one for all. Each bucket leaks at its own pace (GCRA, as in ITU-T I.371): who stays below it never waits, who
goes over it waits until it would be below again, at most `longest` seconds. Nobody is ever refused here.

The bucket for all slows only who has a part in the crowd: its wait is never longer than what stands in the visitor's
own widest bucket. So a network that has not come for a while waits for nothing, whatever others do.

A network stands in memory as a keyed hash (BLAKE2b, RFC 7693) under a key that is made at the start and kept nowhere
else, and for an hour after its last visit at the most. Where memory is full, what was idle longest is forgotten first;
narrow and wide networks have their own room, so that a flood from within one /48 cannot make us forget that /48.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv4Address, IPv6Address, ip_address
from secrets import token_bytes
from threading import Lock
from types import MappingProxyType
from typing import Final

Address = IPv4Address | IPv6Address

FORGOTTEN_AFTER: Final = 3600.0
"""Seconds after its last visit."""

LEVELS: Final = MappingProxyType({4: (32, 24), 6: (64, 56, 48)})
"""Lengths of the prefixes by IP version, the narrowest first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one network may do without waiting: `burst` visits at once, and `each` seconds for one more."""

    each: float
    burst: int

    def __post_init__(self) -> None:
        if self.each <= 0 or self.burst < 1:
            raise ValueError("a rate lets at least one visit in, and another after some time")


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates by length of prefix (32, 24, 64, 56, 48), and for all together."""

    networks: Mapping[int, Rate]
    everybody: Rate

    def __post_init__(self) -> None:
        if set(self.networks) != {length for lengths in LEVELS.values() for length in lengths}:
            raise ValueError("every length of prefix needs its rate")


def plain_address(text: str) -> Address | None:
    """The address that `text` is, IPv4 also where it came mapped into IPv6; None where it is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def prefixes(address: Address) -> tuple[tuple[int, int], ...]:
    """The networks that the address lies in, the narrowest first, as (length, number); lengths tell the version."""
    number = int(address)
    bits = address.max_prefixlen
    return tuple((length, number >> (bits - length)) for length in LEVELS[address.version])


class Floods:
    """The buckets. One for each thing that can be flooded; safe in threads.

    `rates`: what is fair. `longest`: the longest wait in seconds. `room`: the most networks of each length that are
    kept (a hundred bytes each, about).
    """

    def __init__(self, rates: Rates, *, longest: float, room: int = 32_768) -> None:
        if room < 1 or longest < 0:
            raise ValueError("there must be room for one network, and a wait is not below zero")
        self._rates = rates
        self._longest = longest
        self._key = token_bytes(32)
        self._hash = lru_cache(maxsize=1024)(self._hashed)
        self._shelves = {length: _Shelf(rate, longest, room) for length, rate in rates.networks.items()}
        self._everybody = _Shelf(rates.everybody, longest, 1)
        self._lock = Lock()

    def wait(self, address: Address | str, now: float) -> float:
        """Counts one visit and gives the seconds that it should wait, 0 for most.

        `now` is a clock in seconds that never goes back. What is no address shares one network: a caller that has
        none to give should not ask.
        """
        known = plain_address(address) if isinstance(address, str) else address
        networks = prefixes(known or IPv4Address(0))
        with self._lock:
            own = [
                self._shelves[length].visit(self._hash(length, number), now) for length, number in networks
            ]
            all_wait, _ = self._everybody.visit(b"", now)
        widest_level = own[-1][1]
        return max(min(all_wait, widest_level), *(wait for wait, _ in own))

    def __len__(self) -> int:
        """How many networks are kept."""
        return sum(len(shelf) for shelf in self._shelves.values())

    def _hashed(self, length: int, number: int) -> bytes:
        return blake2b(number.to_bytes(8), key=self._key, digest_size=12, salt=length.to_bytes(16)).digest()


class _Shelf:
    """The buckets of one length: by key the time at which each has run empty, and that of its last visit."""

    def __init__(self, rate: Rate, longest: float, room: int) -> None:
        self._each = rate.each
        self._free = rate.each * rate.burst
        # What is above this would wait no longer, only for a longer time after the flood has ended.
        self._full = self._free + longest
        self._longest = longest
        self._room = room
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def visit(self, key: bytes, now: float) -> tuple[float, float]:
        """The wait after one visit more, and what stood in the bucket before it, both in seconds."""
        self._forget(now)
        empty, _ = self._buckets.pop(key, (now, now))
        before = max(empty - now, 0.0)
        after = min(before + self._each, self._full)
        if len(self._buckets) >= self._room:
            self._buckets.popitem(last=False)
        self._buckets[key] = now + after, now
        return min(max(after - self._free, 0.0), self._longest), before

    def _forget(self, now: float) -> None:
        """Drops what was last here an hour ago; the longest idle stands in front."""
        while self._buckets:
            key, (_, last) = next(iter(self._buckets.items()))
            if last + FORGOTTEN_AFTER > now:
                break
            del self._buckets[key]
