"""The way out for mail: hands one letter to a relay over SMTP, or puts it into a Maildir.

The only module that opens a connection to send. It decides nothing: what it is given leaves as it is, and the
caller learns exactly one of three things: `Sent`, `Refused` (certainly not taken) or `Unsure`.
"""

import re
import smtplib  # noqa: TID251 — this is the module that mail leaves through
import socket  # noqa: TID251 — for TCP_NODELAY on that way
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from madoguchi.mail.maildir import Maildir
from madoguchi.mail.policy import DeliveryError, Refused, Sent, Unsure, check_addresses
from madoguchi.mail.relay import Relay, relay_for

__all__ = ["DeliveryError", "Maildir", "Refused", "Relay", "Sent", "Transport", "Unsure", "transport_for"]

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")


class Transport(Protocol):
    """A way out for letters. One belongs to one thread."""

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> Sent:
        """Hand over one letter, a whole mail; `envelope_from` "" is the null reverse-path.

        Raises `Refused` where no recipient got it for certain, and `Unsure` where that is not known.
        """
        ...

    def close(self) -> None:
        """End the connection, if there is one. The next letter opens it again."""
        ...


class _LostError(Exception):
    """The connection ended before the final dot was out, so the letter was not taken."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


class SmtpTransport:
    """Hands letters to one relay over a connection that is kept and used again."""

    def __init__(self, relay: Relay, clock: Callable[[], float] = time.monotonic) -> None:
        self._relay = relay
        self._clock = clock
        self._context = _tls_context(relay)
        self._smtp: smtplib.SMTP | None = None
        self._letters = 0
        self._used_at = 0.0

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> Sent:
        """Hand over one letter. A kept connection that turns out to be dead is opened again, once."""
        check_addresses(envelope_from, recipients)
        kept = self._kept()
        try:
            return self._attempt(kept or self._connect(), envelope_from, recipients, content)
        except _LostError as lost:
            if kept is None:
                raise lost.refusal from lost
        try:
            return self._attempt(self._connect(), envelope_from, recipients, content)
        except _LostError as lost:
            raise lost.refusal from lost

    def close(self) -> None:
        """Say QUIT where the server still listens, and end the connection."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            smtp.quit()
        except OSError:
            smtp.close()  # it was gone already; every letter has its answer

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _kept(self) -> smtplib.SMTP | None:
        """Give the open connection where it may be used again; RSET shows whether it lives."""
        if self._smtp is None:
            return None
        idle = self._clock() - self._used_at
        if self._letters >= self._relay.letters_a_connection or idle > self._relay.idle_seconds:
            self.close()
            return None
        try:
            code, _ = self._smtp.docmd("RSET")
        except OSError:
            code = -1
        if code != 250:
            self._drop()
            return None
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        try:
            self._smtp = _greet(self._relay, self._context)
        except smtplib.SMTPResponseException as answer:
            # What the server has against us is no fault of the letter: it waits until that is settled.
            text = f"the relay does not talk to us: {_text(answer.smtp_error)}"
            raise Refused(text, temporary=True, code=answer.smtp_code) from answer
        except OSError as error:  # the base of every error of smtplib and ssl too
            text = f"no connection to the relay ({type(error).__name__}: {error})"
            raise Refused(text, temporary=True) from error
        self._letters = 0
        return self._smtp

    def _attempt(self, smtp: smtplib.SMTP, sender: str, recipients: Sequence[str], content: bytes) -> Sent:
        self._used_at = self._clock()
        try:
            refused = _envelope(smtp, sender, recipients, content)
            _data(smtp, content)
        except OSError as error:
            self._drop()
            text = f"the connection to the relay was lost ({type(error).__name__})"
            raise _LostError(Refused(text, temporary=True)) from error
        except Refused as refusal:
            if refusal.code != 421:
                raise
            self._drop()  # 421: the server ends the connection (RFC 5321, section 3.8)
            raise _LostError(refusal) from refusal
        except BaseException:
            self._drop()  # it may stand in the middle of a letter
            raise
        sent = self._answer(smtp, refused)
        self._letters += 1
        return sent

    def _answer(self, smtp: smtplib.SMTP, refused: Mapping[str, Refused]) -> Sent:
        """Wait for the answer to the whole letter. Without one, nobody knows whether it was taken."""
        try:
            _wait(smtp, self._relay.final_seconds)
            code, text = smtp.getreply()
            _wait(smtp, self._relay.command_seconds)
        except OSError as error:
            self._drop()
            raise Unsure(f"no answer after the whole letter ({type(error).__name__})") from error
        if code // 100 == 2:
            return Sent(_text(text), refused)
        if code // 100 not in {4, 5}:
            self._drop()
            raise Unsure(f"an answer that is none after the whole letter ({code})")
        if code == 421:
            self._drop()
        raise _refusal(code, text)


def _tls_context(relay: Relay) -> ssl.SSLContext:
    if relay.tls == "require":
        return ssl.create_default_context(cafile=relay.ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _greet(relay: Relay, context: ssl.SSLContext) -> smtplib.SMTP:
    """Open a connection up to the point where a letter can be handed over."""
    where, patience = (relay.host, relay.port, relay.helo), relay.command_seconds
    if relay.implicit_tls:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=patience, context=context)
    else:
        smtp = smtplib.SMTP(*where, timeout=patience)
    try:
        _introduce(smtp, relay, context)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _introduce(smtp: smtplib.SMTP, relay: Relay, context: ssl.SSLContext) -> None:
    if smtp.sock is not None:
        # The final dot goes out by itself; with Nagle's rule it would wait 40 ms for the other's ACK.
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    smtp.ehlo_or_helo_if_needed()
    if not relay.implicit_tls and relay.tls != "never":
        if smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
        elif relay.tls == "require":
            raise smtplib.SMTPNotSupportedError("the relay offers no STARTTLS, and the setting requires it")
    if relay.user is not None:
        smtp.login(relay.user, relay.password or "")


def _envelope(
    smtp: smtplib.SMTP, sender: str, recipients: Sequence[str], content: bytes
) -> dict[str, Refused]:
    """Say MAIL and RCPT; give the recipients that were refused, raise `Refused` where all were."""
    code, text = smtp.docmd(f"MAIL FROM:<{sender}>{_options(smtp, (sender, *recipients), content)}")
    if code != 250:
        raise _refusal(code, text)
    refused: dict[str, Refused] = {}
    for recipient in recipients:
        code, text = smtp.docmd(f"RCPT TO:<{recipient}>")
        if code == 421:  # the server ends the connection: nothing that it said before holds
            raise _refusal(code, text)
        if code not in {250, 251}:
            refused[recipient] = _refusal(code, text)
    if len(refused) == len(set(recipients)):
        last = refused[recipients[-1]]
        temporary = any(each.temporary for each in refused.values())
        raise Refused(last.text, temporary=temporary, code=last.code, recipients=refused)
    return refused


def _options(smtp: smtplib.SMTP, addresses: Sequence[str], content: bytes) -> str:
    """Give the parameters of MAIL; raise `Refused` where the letter needs what the server does not offer."""
    options = ""
    smtp.command_encoding = "ascii"
    if smtp.has_extn("size"):
        limit = smtp.esmtp_features["size"].strip()
        if limit.isascii() and limit.isdigit() and 0 < int(limit) < len(content):
            raise Refused("the relay does not take so large a letter", temporary=False, code=552)
        options += f" SIZE={len(content)}"
    if not content.isascii():
        if not smtp.has_extn("8bitmime"):
            raise Refused("the relay takes no 8-bit content", temporary=False, code=554)
        options += " BODY=8BITMIME"
    if not all(address.isascii() for address in addresses):
        if not smtp.has_extn("smtputf8"):
            raise Refused("the relay takes no internationalised address", temporary=False, code=553)
        smtp.command_encoding = "utf-8"
        options += " SMTPUTF8"
    return options


def _data(smtp: smtplib.SMTP, content: bytes) -> None:
    """Say DATA and send the letter up to and with the final dot; the answer is not read yet.

    As long as this raises, the server has not seen the end of the letter, so it cannot have taken it
    (RFC 5321, section 4.1.1.4). That is why the dot goes out by itself: a write of three bytes that fails
    has written nothing, or within TLS a record that cannot be read.
    """
    code, text = smtp.docmd("DATA")
    if code != 354:
        raise _refusal(code, text)
    lines = _LINE_END.sub(b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    stuffed = lines.replace(b"\r\n.", b"\r\n..")
    smtp.send(b"." + stuffed if stuffed.startswith(b".") else stuffed)
    smtp.send(b".\r\n")


def _wait(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def _refusal(code: int, text: bytes) -> Refused:
    """Turn a reply into a refusal. Only 5yz is for good."""
    return Refused(f"{code} {_text(text)}", temporary=code // 100 != 5, code=code)


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "backslashreplace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:500]


def transport_for(url: str, *, helo: str = "localhost") -> Transport:
    """Make the transport that a URL names; raise ValueError with a sentence where it names none.

    `maildir:///folder`, or a relay as `relay_for` reads it. `helo` is the name that we give at EHLO.
    """
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        if parts.netloc or not parts.path.startswith("/"):
            raise ValueError("maildir:// needs a whole path, such as maildir:///var/mail/out")
        return Maildir(Path(unquote(parts.path)))
    if parts.scheme not in {"smtp", "smtps"}:
        raise ValueError("outgoing mail goes to smtp://host:port, smtps://host:port or maildir:///folder")
    return SmtpTransport(relay_for(url, helo=helo))
