"""A letter as it was understood: plain values, no behaviour but their form as JSON.

What is in here came from outside and is hostile: it is shown as text only, and nothing in it grants a right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

Kind = Literal["report", "bounce", "auto-reply", "list-command", "reply", "feedback-report", "empty"]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address of a header field (RFC 5322, 3.4), the display name decoded; either may be empty."""

    name: str
    address: str

    def as_json(self) -> dict[str, str]:
        return {"name": self.name, "address": self.address}


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the MIME tree after transfer decoding (RFC 2045).

    `size` counts the octets of `content`; `charset` is the label as given, `charset_used` what the text was
    read with; `text` is there for leaves of type text alone. `depth` counts the messages around it: 0 is the
    letter's own leaf, 1 a leaf of a message attached to it.
    """

    index: int
    type: str
    charset: str | None
    charset_used: str | None
    name: str | None
    disposition: str | None
    size: int
    sha256: str
    content: bytes = field(repr=False)
    text: str | None = field(default=None, repr=False)
    depth: int = 0

    @property
    def is_attachment(self) -> bool:
        """Whether it is listed as a file of its own: named, marked, or nothing that a page shows as text."""
        if self.depth:
            return False
        shown = self.type in {"text/plain", "text/html"}
        return not shown or self.disposition == "attachment" or bool(self.name)

    def as_json(self) -> dict[str, Any]:
        shown = ("type", "charset", "charset_used", "name", "disposition", "size", "sha256")
        return {name: getattr(self, name) for name in shown}


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that was understood of one mail.

    Message-IDs keep their angle brackets. The fields after `defects` serve routing and are not part of the
    JSON form.
    """

    kind: Kind
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    auto_submitted: str | None
    date: datetime | None
    from_: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    subject: str
    text: str = field(repr=False)
    new_text: str = field(repr=False)
    parts: tuple[Part, ...]
    bounce: dict[str, Any] | None = None
    forms: tuple[dict[str, Any], ...] = ()
    machine: tuple[dict[str, Any], ...] = ()
    observables: tuple[dict[str, Any], ...] = ()
    openpgp: dict[str, Any] | None = None
    auth: dict[str, Any] | None = None
    defects: tuple[str, ...] = ()
    list_id: str | None = None
    precedence: str | None = None
    return_path: str | None = None
    received_count: int = 0
    delivered_to: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The object of `madoguchi read --json`, without `file`."""
        return {
            "kind": self.kind,
            "message_id": self.message_id,
            "in_reply_to": list(self.in_reply_to),
            "references": list(self.references),
            "auto_submitted": self.auto_submitted,
            "date": self.date.isoformat() if self.date else None,
            "from": [box.as_json() for box in self.from_],
            "to": [box.as_json() for box in self.to],
            "cc": [box.as_json() for box in self.cc],
            "reply_to": [box.as_json() for box in self.reply_to],
            "subject": self.subject,
            "text": self.text,
            "new_text": self.new_text,
            "parts": [part.as_json() for part in self.parts],
            "bounce": self.bounce,
            "forms": list(self.forms),
            "machine": list(self.machine),
            "observables": list(self.observables),
            "openpgp": self.openpgp,
            "auth": self.auth,
            "defects": list(self.defects),
        }
