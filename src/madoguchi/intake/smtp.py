"""The SMTP door (RFC 5321): says 250 when a mail is durable, and not a moment before.

A small subclass of aiosmtpd's protocol; docs/decisions/0010 says what it changes and why. A mail under
way is held in memory alone, and nothing that the other side said gets into a log.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from typing import Any

from aiosmtpd.smtp import SMTP, Session, TLSSetupException
from aiosmtpd.smtp import Envelope as Stated

from madoguchi.intake.gathering import Gatherer, GatheringClosedError, means_full
from madoguchi.intake.incoming import Accepts, Envelope, Incoming
from madoguchi.intake.smtp_body import CROWDED, Ceiling
from madoguchi.intake.smtp_session import CLOSING, Connection, Limits
from madoguchi.lib.ids import new_id

log = logging.getLogger(__name__)

STORED = "250 2.0.0 safely stored"
UNAVAILABLE = "451 4.3.0 mail cannot be stored now, try again later"
FULL = "452 4.3.1 no room to store mail now, try again later"
BUSY = "421 4.3.2 too many connections, try again later"


class Door:
    """The listening server with what its connections share; `handle_*` are aiosmtpd's hooks.

    Made by `serve`. `closing` is true once it has begun to close.
    """

    def __init__(
        self,
        *,
        gatherer: Gatherer,
        accepts: Accepts,
        hostname: str,
        limits: Limits,
        tls: ssl.SSLContext | None,
        clock: Callable[[], datetime],
    ) -> None:
        self.hostname = hostname
        self.limits = limits
        self.tls = tls
        self.ceiling = Ceiling(limits.in_flight)
        self.connections: dict[Connection, str | None] = {}
        self.closing = False
        self._gatherer = gatherer
        self._accepts = accepts
        self._clock = clock
        self._put_off = 0
        self._empty = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Begins to listen; OSError where the port is taken."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Doorkeeper(self), host, port)

    @property
    def port(self) -> int:
        """The port it listens on: of use where 0 was asked for."""
        if self._server is None:
            raise RuntimeError("not listening")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self, grace: float = 10) -> None:
        """Stops listening, lets mails under way end within `grace` seconds, then hangs up.

        The gatherer goes on: it may serve other doors.
        """
        self.closing = True
        if self._server is not None:
            self._server.close()
        for connection in tuple(self.connections):
            connection.leave()
        if self.connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), grace)
        for connection in tuple(self.connections):
            connection.abort()

    def room_for(self, peer: str | None) -> bool:
        """Whether one more connection, from `peer`, may stay."""
        if self.closing or len(self.connections) >= self.limits.connections:
            return False
        return list(self.connections.values()).count(peer) < self.limits.connections_per_peer

    def forget(self, connection: Connection) -> None:
        """The connection has ended."""
        self.connections.pop(connection, None)
        if self.closing and not self.connections:
            self._empty.set()

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _stated: Stated, name: str, lines: list[str]
    ) -> list[str]:
        """Adds PIPELINING, which the library does and does not announce; drops the empty AUTH."""
        session.host_name = name
        kept = [line for line in lines if not line.startswith("250-AUTH")]
        return [kept[0], "250-PIPELINING", *kept[1:]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, stated: Stated, address: str, options: list[str]
    ) -> str:
        if not _readable(address):
            return "553 5.1.7 no address"
        sizes = [option for option in options if option.startswith("SIZE=")]
        size = int(sizes[-1][5:]) if sizes else 1  # the library has checked the last one
        if not self.ceiling.allows(size):
            return CROWDED
        stated.mail_from = address
        stated.mail_options.extend(options)
        return "250 2.1.0 sender taken"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, stated: Stated, address: str, _options: list[str]
    ) -> str:
        if not _readable(address) or not self._accepts(address):
            return "550 5.1.1 no such address here"
        if len(stated.rcpt_tos) >= self.limits.recipients:
            return "452 4.5.3 too many recipients, send to the rest in another mail"
        stated.rcpt_tos.append(address)
        return "250 2.1.5 recipient taken"

    async def handle_exception(self, error: Exception) -> str:
        """An error of ours or the library's, not of the store: hostile commands may raise in its parser."""
        if isinstance(error, TLSSetupException):
            return "454 4.7.0 TLS did not come about"
        log.error("An SMTP command failed: %s", type(error).__name__)
        return "451 4.3.0 not understood, try again later"

    async def store(self, session: Session, stated: Stated, raw: bytes) -> str:
        """The reply to a whole mail: STORED only when its commit has returned."""
        now = self._clock()
        incoming = Incoming(new_id(now), now, _envelope(session, stated), raw)
        try:
            await self._gatherer.add(incoming)
        except GatheringClosedError:
            return CLOSING
        except Exception as error:  # noqa: BLE001 - the sender keeps the mail whatever went wrong
            self._note_trouble(error)
            return FULL if means_full(error) else UNAVAILABLE
        self._note_success()
        return STORED

    def _note_trouble(self, error: Exception) -> None:
        """One line when trouble begins, not one a mail."""
        if not self._put_off:
            reason = "no room" if means_full(error) else "the store failed"
            log.error("Mail is put off until it can be stored: %s (%s)", reason, type(error).__name__)
        self._put_off += 1

    def _note_success(self) -> None:
        if self._put_off:
            log.warning("Mail is stored again; %d were put off", self._put_off)
            self._put_off = 0


class _Doorkeeper(asyncio.Protocol):
    """Meets a connection first, and hands it on where there is room."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(type(transport).__name__)
        peer = _ip(transport.get_extra_info("peername"))
        if not self._door.room_for(peer):
            transport.write((CLOSING if self._door.closing else BUSY).encode() + b"\r\n")
            transport.close()
            return
        connection = Connection(self._door)
        self._door.connections[connection] = peer
        transport.set_protocol(connection)
        connection.connection_made(transport)


async def serve(
    host: str,
    port: int,
    *,
    gatherer: Gatherer,
    accepts: Accepts,
    hostname: str,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    tls: ssl.SSLContext | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Door:
    """Listens for SMTP in the running event loop; `await door.close()` ends it.

    `hostname` stands in banner and EHLO; `tls` offers STARTTLS. OSError where the port is taken.
    """
    door = Door(gatherer=gatherer, accepts=accepts, hostname=hostname, limits=limits, tls=tls, clock=clock)
    await door.listen(host, port)
    return door


def _readable(address: str) -> bool:
    """Whether it is text without controls: bytes that are no UTF-8 come as lone surrogates."""
    return address.isprintable()


def _ip(peername: Any) -> str | None:
    """The address in a socket's name, IPv4 also where it came mapped into IPv6."""
    if not isinstance(peername, tuple):
        return None
    address = ip_address(peername[0].partition("%")[0])
    return str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address)


def _envelope(session: Session, stated: Stated) -> Envelope:
    helo = session.host_name
    return Envelope(
        door="smtp",
        peer=_ip(session.peer),
        helo=helo.encode(errors="surrogateescape").decode(errors="replace") if helo is not None else None,
        mail_from="" if stated.mail_from in {None, "<>"} else str(stated.mail_from),
        rcpt_to=tuple(stated.rcpt_tos),
        tls=session.ssl is not None,
        options=tuple(option for option in stated.mail_options if option in {"SMTPUTF8", "BODY=8BITMIME"}),
    )
