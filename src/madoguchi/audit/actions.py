"""The one way to write the log: inside the verb's own transaction, so that a deed without its entry can't be."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madoguchi.audit.actor import OPERATOR, PUBLIC, WORKER, Actor
from madoguchi.audit.models import Entry

__all__ = ["OPERATOR", "PUBLIC", "WORKER", "Actor", "Deed", "EntryOutsideError", "record"]


class EntryOutsideError(Exception):
    """An audit entry belongs into the transaction of its deed; call this inside a verb."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed: `verb` in the past tense ("received"), the kind of its object, and the object's id."""

    verb: str
    kind: str
    id: UUID | str


def record(*, actor: Actor, now: datetime, deeds: Iterable[Deed]) -> None:
    """Writes one entry per deed. Raises EntryOutsideError where no transaction is open."""
    if not transaction.get_connection().in_atomic_block:
        raise EntryOutsideError(EntryOutsideError.__doc__)
    Entry.objects.bulk_create(
        Entry(
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            verb=deed.verb,
            object_kind=deed.kind,
            object_id=str(deed.id),
        )
        for deed in deeds
    )
