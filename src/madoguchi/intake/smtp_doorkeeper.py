"""Who meets a connection first: hears its PROXY header, lets it wait, and lets it in where there is room. No Django.

A session is dear to make and a refusal is cheap, so under a flood most connections end here.
"""

import asyncio
from typing import Protocol

from aiosmtpd.proxy_protocol import ProxyData, get_proxy

from madoguchi.intake.smtp_client import BUSY
from madoguchi.intake.smtp_host import Host
from madoguchi.intake.smtp_relays import is_trusted
from madoguchi.intake.smtp_session import CLOSING, Connection
from madoguchi.lib.floods import Address, plain_address

MOST_SAID = 64 * 1024
"""Bytes before there is a session: a PROXY header, and what hasty clients say before the banner. Who says more is a
flood, and must not fill the memory while it waits."""


class House(Host, Protocol):
    """The door, with what the doorkeeper writes down."""

    connections: set[Connection]


class Doorkeeper(asyncio.Protocol):
    """Meets one connection. `kind`: the session that it is for; `proxied`: our relays begin with a PROXY header."""

    def __init__(self, door: House, kind: type[Connection], *, proxied: bool) -> None:
        self._door = door
        self._kind = kind
        self._proxied = proxied
        self._heard = asyncio.StreamReader()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._said = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(type(transport).__name__)
        self._transport = transport
        peername = transport.get_extra_info("peername")
        client = plain_address(str(peername[0])) if isinstance(peername, tuple) else None
        if self._proxied and client is not None and is_trusted(self._door.relays, client):
            self._task = asyncio.create_task(self._hear(transport))
        else:
            self._let_in(transport, client, told=False)

    def data_received(self, data: bytes) -> None:
        self._said += len(data)
        if self._said <= MOST_SAID:
            self._heard.feed_data(data)
        elif self._transport is not None:
            self._transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _hear(self, transport: asyncio.Transport) -> None:
        """Takes the client out of a PROXY header, which stands before everything else.

        https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt
        """
        try:
            async with asyncio.timeout(self._door.limits.proxy_header):
                header: ProxyData = await get_proxy(self._heard)
        except TimeoutError:
            transport.close()
            return
        if not header.valid:
            transport.close()
            return
        self._let_in(transport, plain_address(str(header.src_addr)), told=True)

    def _let_in(self, transport: asyncio.Transport, client: Address | None, *, told: bool) -> None:
        """At once, or when it has waited as long as its network should."""
        wait: float | None = 0
        if client is not None and not is_trusted(self._door.relays, client, told=told):
            wait = None if self._door.room.is_held_by(client) else self._door.tarpit.visit(client)
        if self._door.closing or wait is None:
            _refuse(transport, CLOSING if self._door.closing else BUSY)
        elif wait:
            self._task = asyncio.create_task(self._open_after(wait, transport, client, told=told))
        else:
            self._open(transport, client, told=told)

    async def _open_after(
        self, wait: float, transport: asyncio.Transport, client: Address | None, *, told: bool
    ) -> None:
        await self._door.tarpit.hold(wait)
        if self._door.closing:
            _refuse(transport, CLOSING)
        else:
            self._open(transport, client, told=told)

    def _open(self, transport: asyncio.Transport, client: Address | None, *, told: bool) -> None:
        """Makes a session, and gives it what was said before it was there."""
        door = self._door
        connection = self._kind(door, client, told=told)
        if not door.room.enter(connection, connection.counted, connection.heard):
            _refuse(transport, BUSY)
            return
        door.connections.add(connection)
        transport.set_protocol(connection)
        connection.connection_made(transport)
        said = bytes(self._heard._buffer)  # type: ignore[attr-defined]  # noqa: SLF001 - as the library does
        if said:
            connection.data_received(said)


def _refuse(transport: asyncio.Transport, reply: str) -> None:
    transport.write(reply.encode() + b"\r\n")
    transport.close()
