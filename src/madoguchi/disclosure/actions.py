"""Clearing letters: decide, make the clearance, and hand the letter to the outbox, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings

from madoguchi.audit.actions import Actor
from madoguchi.disclosure.letters import (
    CentreWords,
    acknowledgement_subject,
    acknowledgement_text,
    form_acknowledgement_text,
)
from madoguchi.disclosure.links import read_link
from madoguchi.disclosure.policy import Decision, Facts, Kind, decide
from madoguchi.lib.verbs import verb
from madoguchi.mail import clearances
from madoguchi.mail.actions import (
    Draft,
    Outgoing,
    Transport,
    Unit,
    cleared_content,
    enqueue,
    publish,
    published_content,
)

__all__ = ["Candidate", "RefusedError", "centre_words", "clear", "revoke"]


LETTERS: Mapping[Kind, str] = {
    "acknowledgement": "acknowledgement",
    "form-acknowledgement": "acknowledgement",
    "answer": "answer",
    "page-answer": "answer",
}
"""What a letter of each kind is in its thread."""


class RefusedError(Exception):
    """This letter may not leave."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(" ".join(decision.reasons))
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Candidate:
    """A letter that wants to leave, and what the very report it is about says of its parties.

    `page`: the private page of the report, on which a letter of kind "page-answer" stands instead of being mailed; its
    draft is addressed to nobody. `link`: the one link in the fixed words of an acknowledgement.
    `content` is made from `draft` here and nowhere else, so that what is judged is what is cleared. Raises
    CompositionError where the draft can't be written.
    """

    id: UUID
    unit: Unit
    kind: Kind
    reference: str
    draft: Draft
    transport: Transport
    envelope_sender: str = ""
    contact: str = ""
    page: str = ""
    link: str = field(default="", repr=False)
    content: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        made = published_content if self.published else cleared_content
        object.__setattr__(self, "content", made(self.draft))

    @property
    def published(self) -> bool:
        """Whether it stands on a page instead of being mailed."""
        return self.kind == "page-answer"


def centre_words() -> CentreWords:
    """What the centre says of itself, from the settings."""
    options = settings.OPTIONS
    return CentreWords(
        name=options.centre_name,
        name_ja=options.centre_name_ja or options.centre_name,
        hours=options.centre_hours,
        hours_ja=options.centre_hours_ja or options.centre_hours,
        address=options.report_address,
    )


@verb
def clear(*, actor: Actor, now: datetime, candidates: Sequence[Candidate]) -> None:
    """Clears each candidate and enqueues it, or puts it on its page.

    Raises RefusedError at the first that no rule lets out.
    """
    letters = [_cleared(actor, now, candidate) for candidate in candidates]
    clearances.grant(actor=actor, now=now, clearances=[letter.clearance for letter in letters])
    mailed = [letter for one, letter in zip(candidates, letters, strict=True) if not one.published]
    shown = [letter for one, letter in zip(candidates, letters, strict=True) if one.published]
    if mailed or not shown:
        enqueue(actor=actor, now=now, letters=mailed)
    if shown:
        publish(actor=actor, now=now, letters=shown)


def _facts(actor: Actor, candidate: Candidate) -> Facts:
    """What the rules judge, read from the draft itself; the fixed words are written anew to compare with."""
    draft, reference = candidate.draft, candidate.reference
    fixed = form_acknowledgement_text if candidate.kind == "form-acknowledgement" else acknowledgement_text
    fixed_subject = acknowledgement_subject(reference)
    fixed_text = fixed(reference, centre_words(), candidate.link)
    return Facts(
        kind=candidate.kind,
        recipients=(candidate.page if candidate.published else draft.to,),
        text=f"{draft.subject}\n\n{draft.text}",
        fixed_text=f"{fixed_subject}\n\n{fixed_text}",
        envelope_sender=candidate.envelope_sender,
        contact=candidate.contact,
        by_person=actor.kind == "staff",
        page=candidate.page,
        link=read_link(candidate.link, settings.OPTIONS.base_url)[0],
    )


def _cleared(actor: Actor, now: datetime, candidate: Candidate) -> Outgoing:
    facts = _facts(actor, candidate)
    decision = decide(facts)
    if not decision.allowed:
        raise RefusedError(decision)
    clearance = clearances.clearance_for(
        actor=actor,
        now=now,
        content=candidate.content,
        recipients=facts.recipients,
        rule=decision.rule,
        audience=decision.audience,
    )
    return Outgoing(
        id=candidate.id,
        unit=candidate.unit,
        clearance=clearance,
        kind=LETTERS[candidate.kind],
        automatic=LETTERS[candidate.kind] == "acknowledgement",
        content=candidate.content,
        transport=candidate.transport,
        recipients=tuple(facts.recipients),
    )


@verb
def revoke(*, actor: Actor, now: datetime, clearance_ids: Sequence[UUID]) -> None:
    """Withdraws clearances: a letter not yet being sent does not leave."""
    clearances.revoke(actor=actor, now=now, clearance_ids=clearance_ids)
