"""What came to a door, before anybody reads it: the bytes and the envelope they came in. No Django."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

ALWAYS_OURS = frozenset({"postmaster", "abuse"})
"""Mailboxes that every domain with mail has (RFC 5321 section 4.5.1, RFC 2142)."""

ANONYMOUS, ADDITION = "anonymous", "addition"
"""Stand among an envelope's options at the web door: no moment is kept closer than the hour; it adds to a thread."""

Accepts = Callable[[str], bool]
"""Whether mail for this address is ours to take."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the other side said about a mail; nothing of it is believed, all of it is kept.

    `peer` is an IP address: the client's, where a relay of ours told it. `relayed` says that such a relay, and nobody
    behind it, spoke with us, so that what it wrote into the mail may count. `mail_from` is "" for the null sender
    (RFC 5321 section 4.5.5); `options` are those of `SMTPUTF8` and `BODY=8BITMIME` that were given, or what a door
    of ours notes.
    """

    door: str
    peer: str | None = None
    helo: str | None = None
    mail_from: str = ""
    rcpt_to: tuple[str, ...] = ()
    tls: bool = False
    options: tuple[str, ...] = ()
    relayed: bool = False

    def to_json(self) -> str:
        """One line of ASCII, the same for the same envelope."""
        # Not by `asdict`: it copies each value in depth, which was a twentieth of storing a mail.
        values = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(values, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The envelope that `to_json` wrote; ValueError, TypeError or KeyError where it is none."""
        fields: dict[str, Any] = json.loads(text)
        fields |= {name: tuple(fields[name]) for name in ("rcpt_to", "options")}
        return cls(**fields)


@dataclass(frozen=True, slots=True, repr=False)
class Incoming:
    """One mail as it came: `raw` byte for byte, but for the transparency dots of SMTP."""

    id: UUID
    received_at: datetime
    envelope: Envelope
    raw: bytes

    def __repr__(self) -> str:
        """Id and size alone: a representation ends in logs."""
        return f"<Incoming {self.id} {len(self.raw)} bytes>"


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """The addresses of one domain that mail is taken for, each also with a token: `report+TOKEN@domain`."""

    domain: str
    names: frozenset[str]

    def accepts(self, address: str) -> bool:
        """Whether `address` is one of ours, in upper or lower case; `postmaster` needs no domain."""
        local, at, domain = address.casefold().rpartition("@")
        if not at:
            return domain == "postmaster"
        name = local.partition("+")[0]
        return domain == self.domain.casefold() and (name in ALWAYS_OURS or name in self.names)
