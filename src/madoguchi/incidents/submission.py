"""What intake hands over: a mail or filled form that was read, with what its envelope and sender's domain said."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from madoguchi.mail.forms import Submitted
from madoguchi.mail.letter import Letter
from madoguchi.mail.testimony import SILENCE, RelayTestimony

WEB = "web"


@dataclass(frozen=True, slots=True)
class Submission:
    """One arrival, understood. `fingerprint`: keyed hash without trace fields. `authenticated_by`: empty for nobody.

    What our own pages handed over has door "web", a `form`, and names its thread, `correspondence`: it is that
    thread's report, or an `addition` to it. `anonymous`: no moment of it is kept closer than `received_at`.
    `testimony`: what a trusted relay said of it; `rule`: the centre's rule that says it is no report, or "".
    """

    arrival: UUID
    door: str
    received_at: datetime
    letter: Letter = field(repr=False)
    envelope_from: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    fingerprint: bytes = field(repr=False)
    authenticated_by: str = ""
    correspondence: UUID | None = None
    form: Submitted | None = field(default=None, repr=False)
    anonymous: bool = False
    addition: bool = False
    testimony: RelayTestimony = SILENCE
    rule: str = ""

    @property
    def by_page(self) -> bool:
        """Whether a page of ours handed it over."""
        return self.door == WEB

    @property
    def contact(self) -> str:
        """The address that speaks: the one From address, else the envelope's sender; of a form the one given there."""
        if self.by_page:
            return self.form.address if self.form else ""
        senders = [box.address for box in self.letter.from_ if box.address]
        return senders[0] if len(senders) == 1 else self.envelope_from

    @property
    def contact_name(self) -> str:
        """The name that goes with the contact; empty for none."""
        if self.by_page:
            return self.form.name if self.form else ""
        return next((box.name for box in self.letter.from_ if box.address == self.contact), "")

    @property
    def thread(self) -> tuple[str, ...]:
        """The message ids that an answer names: what the mail refers to, then the mail itself; empty without one."""
        own = self.letter.message_id
        return (*self.letter.references, own) if own else ()

    @property
    def kind(self) -> str:
        """What the reader took it for; what a page handed over is never taken for a bounce or a command."""
        return "report" if self.by_page else self.letter.kind

    @property
    def automatic(self) -> bool:
        """Whether a program wrote it, as far as its bytes say."""
        return self.kind in {"bounce", "auto-reply"}

    def moment(self, now: datetime) -> datetime:
        """The time that its rows carry."""
        return self.received_at if self.anonymous else now


@dataclass(frozen=True, slots=True)
class Became:
    """What a submission became: "report", "reply" or "repeat", and the row."""

    outcome: str
    id: UUID
