"""Clearing letters: decide, make the clearance, and hand the letter to the outbox, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from madoguchi.audit.actions import Actor
from madoguchi.disclosure.policy import Decision, Facts, decide
from madoguchi.lib.verbs import verb
from madoguchi.mail import clearances
from madoguchi.mail.actions import Outgoing, Transport, Unit, enqueue

__all__ = ["Candidate", "Facts", "RefusedError", "clear", "revoke"]


class RefusedError(Exception):
    """This letter may not leave."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(" ".join(decision.reasons))
        self.decision = decision


@dataclass(frozen=True, slots=True)
class Candidate:
    """A letter that wants to leave, and what is known of it."""

    id: UUID
    unit: Unit
    facts: Facts
    content: bytes
    transport: Transport
    reply_to: str


@verb
def clear(*, actor: Actor, now: datetime, candidates: Sequence[Candidate]) -> None:
    """Clears and enqueues each candidate. Raises RefusedError at the first that no rule lets out."""
    letters = [_cleared(actor, now, candidate) for candidate in candidates]
    clearances.grant(actor=actor, now=now, clearances=[letter.clearance for letter in letters])
    enqueue(actor=actor, now=now, letters=letters)


def _cleared(actor: Actor, now: datetime, candidate: Candidate) -> Outgoing:
    facts = candidate.facts
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
        kind=facts.kind,
        automatic=facts.kind == "acknowledgement",
        content=candidate.content,
        transport=candidate.transport,
        recipients=tuple(facts.recipients),
    )


@verb
def revoke(*, actor: Actor, now: datetime, clearance_ids: Sequence[UUID]) -> None:
    """Withdraws clearances: a letter not yet being sent does not leave."""
    clearances.revoke(actor=actor, now=now, clearance_ids=clearance_ids)
