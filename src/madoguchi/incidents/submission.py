"""What intake hands over: a mail that was read, with what its envelope and its sender's domain said."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from madoguchi.mail.letter import Letter


@dataclass(frozen=True, slots=True)
class Submission:
    """One arrival, understood. `fingerprint`: keyed hash without trace fields. `authenticated_by`: empty for nobody."""

    arrival: UUID
    door: str
    received_at: datetime
    letter: Letter = field(repr=False)
    envelope_from: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    fingerprint: bytes = field(repr=False)
    authenticated_by: str = ""

    @property
    def contact(self) -> str:
        """The address that speaks: the one From address, else the envelope's sender."""
        senders = [box.address for box in self.letter.from_ if box.address]
        return senders[0] if len(senders) == 1 else self.envelope_from

    @property
    def thread(self) -> tuple[str, ...]:
        """The message ids that an answer names: what the mail refers to, then the mail itself; empty without one."""
        own = self.letter.message_id
        return (*self.letter.references, own) if own else ()

    @property
    def automatic(self) -> bool:
        """Whether a program wrote it, as far as its bytes say."""
        return self.letter.kind in {"bounce", "auto-reply"}


@dataclass(frozen=True, slots=True)
class Became:
    """What a submission became: "report", "reply" or "repeat", and the row."""

    outcome: str
    id: UUID
