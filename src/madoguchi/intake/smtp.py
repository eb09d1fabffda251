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
from pathlib import Path

from aiosmtpd.smtp import SMTP, Session, TLSSetupException
from aiosmtpd.smtp import Envelope as Stated

from madoguchi.intake.gathering import Gatherer, GatheringClosedError, means_full
from madoguchi.intake.incoming import Accepts, Envelope, Incoming
from madoguchi.intake.lmtp import LmtpConnection
from madoguchi.intake.smtp_body import CROWDED, Ceiling
from madoguchi.intake.smtp_client import SLOWED, Visit
from madoguchi.intake.smtp_doorkeeper import Doorkeeper
from madoguchi.intake.smtp_host import Limits
from madoguchi.intake.smtp_relays import Networks
from madoguchi.intake.smtp_room import Room
from madoguchi.intake.smtp_session import CLOSING, Connection
from madoguchi.intake.smtp_tarpit import FAIR, Tarpit
from madoguchi.lib.floods import Rates
from madoguchi.lib.ids import new_id

log = logging.getLogger(__name__)

STORED = "250 2.0.0 safely stored"
UNAVAILABLE = "451 4.3.0 mail cannot be stored now, try again later"
FULL = "452 4.3.1 no room to store mail now, try again later"
WAITING = 1024
"""Connections that the kernel may keep until they are met; it takes no more than net.core.somaxconn."""
AT_ONCE = 64
"""Connections that are met before those that are under way have their turn again."""


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
        relays: Networks,
        proxied: bool,
        fair: Rates,
    ) -> None:
        self.hostname = hostname
        self.limits = limits
        self.tls = tls
        self.relays = relays
        self.proxied = proxied
        self.ceiling = Ceiling(limits.in_flight)
        self.tarpit = Tarpit(fair, limits.tarpitted)
        self.room = Room(limits.connections, limits.shares)
        self.connections: set[Connection] = set()
        self.closing = False
        self._gatherer = gatherer
        self._accepts = accepts
        self._clock = clock
        self._put_off = 0
        self._empty = asyncio.Event()
        self._servers: list[asyncio.Server] = []

    async def listen(self, host: str, port: int) -> None:
        """Begins to listen for SMTP; OSError where the port is taken."""
        await self._listen_for(Connection, host, port, proxied=self.proxied)

    async def listen_for_lmtp(self, place: Path | tuple[str, int]) -> None:
        """Begins to listen for LMTP: on a socket that owner and group may use, or on host and port."""
        if not isinstance(place, Path):
            await self._listen_for(LmtpConnection, *place, proxied=False)
            return
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(
            lambda: Doorkeeper(self, LmtpConnection, proxied=False),
            place,
            backlog=AT_ONCE,
            start_serving=False,
        )
        place.chmod(0o660)  # noqa: ASYNC240 - before anybody is served
        await server.start_serving()
        self._servers.append(server)

    async def _listen_for(self, kind: type[Connection], host: str, port: int, *, proxied: bool) -> None:
        server = await asyncio.get_running_loop().create_server(
            lambda: Doorkeeper(self, kind, proxied=proxied), host, port, backlog=AT_ONCE
        )
        # asyncio takes one number for both: how many may wait, and how many it meets in one go.
        for each in server.sockets:
            each._sock.listen(WAITING)  # type: ignore[attr-defined]  # noqa: SLF001 - it shows no other way
        self._servers.append(server)

    @property
    def port(self) -> int:
        """The port of SMTP: of use where 0 was asked for."""
        if not self._servers:
            raise RuntimeError("not listening")
        port: int = self._servers[0].sockets[0].getsockname()[1]
        return port

    async def close(self, grace: float = 10) -> None:
        """Stops listening, lets mails under way end within `grace` seconds, then hangs up.

        The gatherer goes on: it may serve other doors.
        """
        self.closing = True
        for server in self._servers:
            server.close()
        for connection in tuple(self.connections):
            connection.leave()
        if self.connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), grace)
        for connection in tuple(self.connections):
            connection.abort()

    def forget(self, connection: SMTP) -> None:
        """The connection has ended."""
        if isinstance(connection, Connection):
            self.connections.discard(connection)
            self.room.leave(connection)
        if self.closing and not self.connections:
            self._empty.set()

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, _stated: Stated, name: str, lines: list[str]
    ) -> list[str]:
        """Adds PIPELINING, which the library does and does not announce, and ours; drops the empty AUTH."""
        session.host_name = name
        kept = [line for line in lines if not line.startswith("250-AUTH")]
        return [kept[0], "250-PIPELINING", *_visit(server).announced(), *kept[1:]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, stated: Stated, address: str, options: list[str]
    ) -> str:
        if not _readable(address):
            return "553 5.1.7 no address"
        if not await _visit(server).admits_mail():
            return SLOWED
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

    async def store(self, connection: SMTP, session: Session, stated: Stated, raw: bytes) -> str:
        """The reply to a whole mail: STORED only when its commit has returned."""
        now = self._clock()
        incoming = Incoming(new_id(now), now, _envelope(_visit(connection), session, stated), raw)
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
    relays: Networks = (),
    proxied: bool = False,
    fair: Rates = FAIR,
) -> Door:
    """Listens for SMTP in the running event loop; `await door.close()` ends it.

    `hostname` stands in banner and EHLO; `tls` offers STARTTLS. `relays`: our own mail servers in front, who may tell
    of their clients; `proxied`: they begin with a PROXY header. `fair`: what a network may send without waiting.
    OSError where the port is taken.
    """
    door = Door(
        gatherer=gatherer,
        accepts=accepts,
        hostname=hostname,
        limits=limits,
        tls=tls,
        clock=clock,
        relays=relays,
        proxied=proxied,
        fair=fair,
    )
    await door.listen(host, port)
    return door


def _readable(address: str) -> bool:
    """Whether it is text without controls: bytes that are no UTF-8 come as lone surrogates."""
    return address.isprintable()


def _visit(server: SMTP) -> Visit:
    """The library hands its hooks the session that they belong to, which is always one of ours."""
    if not isinstance(server, Visit):
        raise TypeError(type(server).__name__)
    return server


def _envelope(visit: Visit, session: Session, stated: Stated) -> Envelope:
    client, helo = visit.envelope_of(stated)
    return Envelope(
        door=visit.door_name,
        peer=str(client) if client is not None else None,
        helo=helo.encode(errors="surrogateescape").decode(errors="replace") if helo is not None else None,
        mail_from="" if stated.mail_from in {None, "<>"} else str(stated.mail_from),
        rcpt_to=tuple(stated.rcpt_tos),
        tls=session.ssl is not None,
        options=tuple(option for option in stated.mail_options if option in {"SMTPUTF8", "BODY=8BITMIME"}),
        relayed=visit.trusted,
    )
