"""The one way to write the log: inside the verb's own transaction, so that a deed without its entry can't be."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db import transaction

from madoguchi.audit.actor import OPERATOR, PUBLIC, WORKER, Actor
from madoguchi.audit.checkpoints import Publisher, make_checkpoint, write_out
from madoguchi.audit.leaves import commitment
from madoguchi.audit.models import Entry, Note
from madoguchi.audit.sequencing import BATCH, Sequencer, head
from madoguchi.lib.keyring import Keyring
from madoguchi.lib.verbs import verb

__all__ = [
    "BATCH",
    "OPERATOR",
    "PUBLIC",
    "WORKER",
    "Actor",
    "Deed",
    "EntryOutsideError",
    "Publisher",
    "SealedNote",
    "Sequencer",
    "commitment",
    "export_tree",
    "record",
]


class EntryOutsideError(Exception):
    """An audit entry belongs into the transaction of its deed; call this inside a verb."""


@dataclass(frozen=True, slots=True)
class SealedNote:
    """A note to an entry: `sealed` holds salt and text under the data key named; `commitment` is over both."""

    data_key: UUID
    commitment: bytes
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed: `verb` in the past tense ("received"), the kind of its object, the object's id, perhaps a note."""

    verb: str
    kind: str
    id: UUID | str
    note: SealedNote | None = None


def record(*, actor: Actor, now: datetime, deeds: Iterable[Deed]) -> None:
    """Writes one entry per deed. Raises EntryOutsideError where no transaction is open."""
    if not transaction.get_connection().in_atomic_block:
        raise EntryOutsideError(EntryOutsideError.__doc__)
    given = list(deeds)
    entries = Entry.objects.bulk_create(
        Entry(
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            verb=deed.verb,
            object_kind=deed.kind,
            object_id=str(deed.id),
            commitment=deed.note.commitment if deed.note else None,
        )
        for deed in given
    )
    notes = [
        Note(entry=entry, data_key=deed.note.data_key, sealed=deed.note.sealed)
        for entry, deed in zip(entries, given, strict=True)
        if deed.note
    ]
    if notes:
        Note.objects.bulk_create(notes)


def export_tree(*, actor: Actor, now: datetime, folder: Path, origin: str, keys: Keyring) -> str:
    """Writes tree and checkpoint into a folder that is there, noted in the log first; gives the checkpoint.

    Raises what `checkpoints.make_checkpoint` and `checkpoints.write_out` raise, and OSError.
    """
    note_export(actor=actor, now=now)
    sequencer = Sequencer()
    while sequencer.step(now):
        pass
    note = make_checkpoint(now=now, origin=origin, keys=keys)
    write_out(folder, note, keys)
    return note


@verb
def note_export(*, actor: Actor, now: datetime) -> None:
    """The entry of an export: it is there before anything is written."""
    record(actor=actor, now=now, deeds=[Deed("exported", "log", str(head().size))])
