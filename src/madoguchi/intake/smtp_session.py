"""One SMTP session: aiosmtpd's protocol with what the door needs of it beyond the library.

docs/decisions/0010 says what is changed and why.
"""

import asyncio
import logging
import re
from collections import defaultdict

from aiosmtpd.smtp import Envelope as Stated
from aiosmtpd.smtp import Session, syntax

from madoguchi.intake.smtp_body import STOP, Body
from madoguchi.intake.smtp_client import Visit
from madoguchi.intake.smtp_host import Host
from madoguchi.lib.floods import Address

# aiosmtpd writes commands, addresses and lines of mails to this logger. A filter, unlike a level,
# outlives whatever the logging of the process is set to later.
logging.getLogger("mail.log").addFilter(lambda _record: False)

CLOSING = "421 4.3.2 shutting down, try again in a minute"
SLOW = "421 4.4.2 too slow, try again later"

PATH = re.compile(
    r"""(?: < (?:@[^:<>]*:)?                         # a source route is dropped, as RFC 5321 says
              (?P<path> (?:"[^"<>]*")? [^\s<>"]* ) >
          | (?P<bare> [^\s<>"]+ ) )                  # without brackets, as old programs write it
        (?P<parameters> (?:\s+[!-~]+)* ) \s* """,
    re.VERBOSE,
)
"""Reverse-path or forward-path with its parameters (RFC 5321 section 4.1.2)."""


class Connection(Visit):
    """One SMTP session: the library's, but for what the methods here say."""

    def __init__(self, door: Host, client: Address | None, *, told: bool = False) -> None:
        # The library's own mapping is shared by all connections and grows with every EHLO.
        self.command_size_limits = defaultdict(lambda: 1000)
        super().__init__(
            door,
            client,
            told=told,
            data_size_limit=door.limits.size,
            enable_SMTPUTF8=True,
            hostname=door.hostname,
            ident=self.greeting,
            tls_context=door.tls,
            timeout=door.limits.idle,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )

    def connection_lost(self, error: Exception | None) -> None:
        self._door.forget(self)
        super().connection_lost(error)

    def leave(self) -> None:
        """Says goodbye: at once where nothing is under way, else after the reply to its DATA."""
        if self.busy or self.transport is None or self.transport.is_closing():
            return
        self._writer.write(CLOSING.encode() + b"\r\n")
        self.transport.close()

    def abort(self) -> None:
        """Hangs up, without waiting for the other side to agree to the end of TLS."""
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The address just as it was written, `<>` for the null sender, and its parameters.

        The library asks `email`'s header parser, which raises IndexError on `<` and takes comments out.
        """
        if not arg:
            return "", ""
        found = PATH.fullmatch(arg)
        if found is None:
            return None, None
        return found["path"] or found["bare"] or "<>", found["parameters"]

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """RFC 3207: whatever came behind the command in clear is refused, not carried into the session."""
        if self._tls_protocol is not None:
            await self.push("503 5.5.1 TLS is on already")
        elif self._reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001 - as the library does
            await self.push("503 5.5.1 nothing may follow STARTTLS before TLS is on, goodbye")
            await self.hang_up()
        else:
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: ARG002, N802 - aiosmtpd's name
        """Not offered: there are no accounts for sending."""
        await self.push("502 5.5.1 AUTH is not offered")

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: ARG002, N802 - aiosmtpd's name
        """Says nothing about any address (RFC 5321 section 7.3)."""
        await self.push("252 2.5.0 send the mail and see")

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """The library's reads line by line; this one reads chunks, and refuses lone dots without CRLF."""
        if await self.check_helo_needed():
            return
        if self.session is None or self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 RCPT first")
            return
        if arg:
            await self.push("501 5.5.4 DATA has no parameter")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        limits = self._door.limits
        body = Body(size=limits.size, line=limits.line, ceiling=self._door.ceiling)
        self.busy = True
        try:
            reply = await self._receive(body, self.session, self.envelope)
        finally:
            self.busy = False
            body.discard()
        recipients = len(self.envelope.rcpt_tos)
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push_outcome(reply, recipients)
        if self._door.closing and reply[:3] != "421":
            await self.push(CLOSING)
        if self._door.closing or reply[:3] == "421":
            await self.hang_up()

    async def push_outcome(self, reply: str, recipients: int) -> None:  # noqa: ARG002 - LMTP needs their number
        """Says what became of a mail, which had so many recipients."""
        await self.push(reply)

    async def _receive(self, body: Body, session: Session, stated: Stated) -> str:
        deadline = self.loop.time() + self._door.limits.data
        while not body.add(await self._chunk()):
            if self.loop.time() > deadline:
                return SLOW
            self._reset_timeout()
        self._reset_timeout()
        raw = body.raw()
        return body.refusal or await self._door.store(self, session, stated, raw)

    async def _chunk(self) -> bytes:
        try:
            return await self._reader.readuntil(STOP)
        except asyncio.LimitOverrunError as error:
            return await self._reader.read(error.consumed)
