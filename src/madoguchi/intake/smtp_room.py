"""Who may be connected at once: floods find the room full sooner than anybody else does. No Django.

Connections are counted by network. No network may hold all of the room, so a place is left for who is new. Where the
room is full all the same, the network that holds most gives up its connection that was silent longest; where none holds
more than others, one that never said anything goes, the oldest first: an honest client greets as soon as it is greeted.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from madoguchi.lib.floods import Address, prefixes

SILENT = 10.0
"""Seconds without a whole command or a piece of a mail, after which a connection may have to go for another one."""

Network = tuple[int, int]


class Guest(Protocol):
    """A connection, as far as the room cares."""

    heard: float
    """When it last said something, in seconds of the room's clock."""
    busy: bool
    """Whether a mail is under way."""

    @property
    def mute(self) -> bool:
        """Whether it has not even greeted."""

    def make_room(self) -> None:
        """Says goodbye and hangs up."""


class Room:
    """The connections of a door.

    `most`: in all. `shares`: the most of one network by length of its prefix; a missing length has no bound of its own.
    """

    def __init__(self, most: int, shares: Mapping[int, int]) -> None:
        self._most = most
        self._shares = dict(shares)
        self._guests: dict[Guest, tuple[Network, ...]] = {}
        self._held: Counter[Network] = Counter()

    def __len__(self) -> int:
        return len(self._guests)

    def is_held_by(self, client: Address | None) -> bool:
        """Whether a network of the client's holds as much of the room as it may."""
        networks = prefixes(client) if client is not None else ()
        return any(self._held[network] >= self._shares.get(network[0], self._most) for network in networks)

    def enter(self, guest: Guest, client: Address | None, now: float) -> bool:
        """Takes a connection in, if need be by showing another out; False where it must go itself.

        `client` None: a relay of ours, or a socket of this machine. It counts in all, and never has to go for others.
        """
        if self.is_held_by(client):
            return False
        networks = prefixes(client) if client is not None else ()
        if len(self._guests) >= self._most:
            leaving = self._first_to_go(networks, now)
            if leaving is None:
                return False
            self.leave(leaving)
            leaving.make_room()
        self._guests[guest] = networks
        self._held.update(networks)
        return True

    def leave(self, guest: Guest) -> None:
        """The connection has ended; it may have left before."""
        for network in self._guests.pop(guest, ()):
            self._held[network] -= 1
            if not self._held[network]:
                del self._held[network]

    def _first_to_go(self, coming: tuple[Network, ...], now: float) -> Guest | None:
        """Who has to go for a connection that comes from these networks; None where nobody has."""
        widest = {networks[-1] for networks in self._guests.values() if networks}
        crowd = max(widest, key=self._held.__getitem__, default=None)
        own = self._held[coming[-1]] if coming else 0
        if crowd is not None and self._held[crowd] > own + 1:
            # A crowd gives up places until the newcomer's own network holds as many.
            crowded = self._longest_silent(now, crowd)
            if crowded is not None:
                return crowded
        return self._longest_silent(now, None)

    def _longest_silent(self, now: float, crowd: Network | None) -> Guest | None:
        """The one of a crowd that has no mail under way, or of all those that are truly silent; mute ones first."""
        leaving = (
            guest
            for guest, networks in self._guests.items()
            if networks
            and (crowd is None or networks[-1] == crowd)
            and (guest.mute or guest.heard + SILENT < now or (crowd is not None and not guest.busy))
        )
        return min(leaving, key=lambda guest: (not guest.mute, guest.heard), default=None)
