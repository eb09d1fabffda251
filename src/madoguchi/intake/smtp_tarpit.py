"""Waiting before an answer: who comes oftener than is fair gets its replies late. No Django."""

import asyncio
from ipaddress import ip_address

from madoguchi.lib.floods import Address, Floods, Rate, Rates

FAIR = Rates(
    {
        32: Rate(each=1, burst=60),
        24: Rate(each=0.25, burst=200),
        64: Rate(each=1, burst=60),
        56: Rate(each=0.5, burst=120),
        48: Rate(each=0.25, burst=200),
    },
    everybody=Rate(each=0.02, burst=2000),
)
"""Connections and mails. A relay of many people sends a mail a second; the centre reads some thousand a day."""

THIS_MACHINE = frozenset({ip_address("127.0.0.1"), ip_address("::1")})
"""Never slowed: a mail server in front is the usual way, and stands for all its clients."""

LONGEST = 20.0
"""Seconds. RFC 5321 section 4.5.3.2 lets a client wait five minutes, so an honest one loses nothing."""


class Tarpit:
    """Where connections wait; at most `most` at once, so that waiting itself cannot fill the door."""

    def __init__(self, rates: Rates, most: int) -> None:
        self._floods = Floods(rates, longest=LONGEST)
        self._most = most
        self.waiting = 0

    def visit(self, client: Address) -> float | None:
        """Counts a visit: the seconds that it should wait, or None where too many wait already.

        Then the client had better come again later.
        """
        if client in THIS_MACHINE:
            return 0
        wait = self._floods.wait(client, asyncio.get_running_loop().time())
        return wait if not wait or self.waiting < self._most else None

    async def hold(self, seconds: float) -> None:
        """Waits so long."""
        self.waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self.waiting -= 1

    async def admit(self, client: Address) -> bool:
        """Counts a visit and returns when it has waited as long as it should; false where too many wait."""
        wait = self.visit(client)
        if wait:
            await self.hold(wait)
        return wait is not None
