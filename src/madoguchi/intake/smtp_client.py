"""Whose session it is: what a relay of ours tells of its client, and whether that client has to wait. No Django."""

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP
from aiosmtpd.smtp import Envelope as Stated

from madoguchi.intake.smtp_host import Host
from madoguchi.intake.smtp_relays import XCLIENT, XFORWARD, NotToldError, Told, is_trusted
from madoguchi.lib.floods import Address

BUSY = "421 4.3.2 too many connections, try again later"
SLOWED = "451 4.3.2 too much at once from your network, try again later"
NOT_YOURS = "550 5.7.0 only relays of this centre may say that"
NOT_NOW = "503 5.5.1 not while a mail is under way"
NOT_TOLD = "501 5.5.4 write it as the Postfix documents say"


class Mail(Stated):
    """A mail under way, with what XFORWARD said of its client."""

    told: Told | None = None


class Visit(SMTP):
    """A session that knows its client.

    `client` is the other side's address, or that of the client that a relay of ours told; None for a socket of this
    machine. `trusted` says that a relay of ours itself speaks, and may tell more. What stands behind PROXY or XCLIENT
    is a client that speaks for itself: it may tell nothing, and what it wrote into the mail counts for nothing.
    """

    door_name = "smtp"
    greeting = "ESMTP Madoguchi"

    def __init__(self, door: Host, client: Address | None, *, told: bool, **library: Any) -> None:
        """`told`: it is a PROXY header that names the client, or names none."""
        self._door = door
        self.client = client
        self.trusted = is_trusted(door.relays, client, told=told)
        self.busy = False
        self.heard = asyncio.get_running_loop().time()
        self.session = None
        self._told = Told()
        self._mail_counted = True  # with the connection, by the doorkeeper
        super().__init__(door, **library)

    @property
    def counted(self) -> Address | None:
        """The client where it takes a place of its network; None for a relay of ours."""
        return None if self.trusted else self.client

    @property
    def mute(self) -> bool:
        """Whether it has not even greeted."""
        return self.session is None or not self.session.host_name

    def envelope_of(self, stated: Stated) -> tuple[Address | None, str | None]:
        """The client of a mail and the name that it greeted with, as far as known."""
        told = stated.told if isinstance(stated, Mail) and stated.told is not None else None
        helo = self.session.host_name if self.session is not None else None
        if told is not None:
            return told.address, told.helo or helo
        return self.client, self._told.helo or helo

    def announced(self) -> list[str]:
        """Lines of EHLO for what this client may say beyond the library's commands."""
        if not self.trusted:
            return []
        return [
            f"250-{name} {' '.join(sorted(known))}"
            for name, known in (("XCLIENT", XCLIENT), ("XFORWARD", XFORWARD))
        ]

    async def admits_mail(self) -> bool:
        """Counts one more mail, waits as long as its client should; false where it had better come again later.

        The first of a connection was counted with it.
        """
        if self._mail_counted:
            self._mail_counted = False
            return True
        return await self._admitted()

    async def _admitted(self) -> bool:
        return self.counted is None or await self._door.tarpit.admit(self.counted)

    def _create_envelope(self) -> Mail:
        return Mail()

    def _reset_timeout(self, duration: float | None = None) -> None:
        """The library calls it for every command and piece of a mail: the connection has said something."""
        self.heard = self.loop.time()
        super()._reset_timeout(duration)

    async def hang_up(self) -> None:
        """Ends the connection and never returns, so that nothing behind it is carried out any more."""
        self._writer.close()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
        await asyncio.sleep(0)  # where the cancellation arrives

    def make_room(self) -> None:
        """Goes for another one, whatever is under way."""
        if self.transport is None or self.transport.is_closing():
            return
        self._writer.write(BUSY.encode() + b"\r\n")
        self.transport.close()

    async def send_away(self) -> None:
        """Says that there is no place, and hangs up."""
        await self.push(BUSY)
        self._writer.close()

    async def become(self, told: Told) -> bool:
        """From now on this is the session of a client that a relay told; false where there is no place for it."""
        self._told = told
        self.client = told.address
        self.trusted = is_trusted(self._door.relays, told.address, told=True)
        self._door.room.leave(self)
        if not self._door.room.enter(self, self.counted, self.loop.time()):
            await self.send_away()
            return False
        self._mail_counted = await self._admitted()
        if not self._mail_counted:
            await self.send_away()
        return self._mail_counted

    async def smtp_XCLIENT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """The session goes on as that of another client, from the banner on."""
        told = await self._told_by(arg, Told(self.client, self._told.helo), XCLIENT)
        if told is None:
            return
        if not await self.become(told):
            await self.hang_up()
        self._set_rset_state()  # type: ignore[no-untyped-call]
        if self.session is not None:
            self.session.host_name = None
            self.session.extended_smtp = False
        await self.push(f"220 {self.hostname} {self.greeting}")

    async def smtp_XFORWARD(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """The next mail came from another client; the relay goes on speaking for itself, and waits for nothing."""
        mail = self.envelope
        before = (mail.told if isinstance(mail, Mail) else None) or Told()
        told = await self._told_by(arg, before, XFORWARD)
        if told is None or not isinstance(mail, Mail):
            return
        mail.told = told
        await self.push("250 2.0.0 noted")

    async def _told_by(self, arg: str | None, before: Told, known: frozenset[str]) -> Told | None:
        """What the command tells, or None where it was refused."""
        if not self.trusted:
            await self.push(NOT_YOURS)
            return None
        if self.envelope is not None and self.envelope.mail_from is not None:
            await self.push(NOT_NOW)
            return None
        try:
            return before.added(arg, known)
        except NotToldError:
            await self.push(NOT_TOLD)
            return None
