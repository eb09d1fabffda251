"""Mails of the cast: Alice reports, Bob is a site's administrator, Mallory means no good."""

from datetime import datetime
from uuid import UUID

from madoguchi.intake.actions import Envelope, Incoming
from madoguchi.lib.ids import new_id

ALICE, BOB, MALLORY = "alice@reporter.example", "bob@site.example", "mallory@evil.example"
COUNTER = "report@csirt.example"


def mail(
    text: str = "Somebody tried our server last night.",
    *,
    sender: str = ALICE,
    to: str = COUNTER,
    subject: str = "A strange login",
    message_id: str = "<first@reporter.example>",
    more: str = "",
) -> bytes:
    """A plain mail in UTF-8."""
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: {message_id}\r\n{more}"
    return (head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n").encode()


def incoming(
    raw: bytes, now: datetime, *, sender: str = ALICE, to: str = COUNTER, door: str = "smtp"
) -> Incoming:
    """The mail as the SMTP door hands it over."""
    envelope = Envelope(
        door=door, peer="192.0.2.7", helo="mx.reporter.example", mail_from=sender, rcpt_to=(to,)
    )
    arrival: UUID = new_id(now)
    return Incoming(id=arrival, received_at=now, envelope=envelope, raw=raw)
