"""Rotating the wrap key: every data key is wrapped anew under the current one, in batches, while everything runs.

What a data key sealed stays as it is. A batch is one short transaction; what was done stays done, whenever the process
ends, since each row names the wrap key that it needs.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import NotOpenedError, wrapper
from madoguchi.vault.models import DataKey
from madoguchi.vault.scheme import WrappedKey

__all__ = ["Batch", "note_copy", "note_key", "rewrap_some"]

BATCH = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch came to: how many data keys it found, how many it wrapped anew, and those that don't open."""

    found: int
    done: int
    damaged: Sequence[UUID]


def rewrap_some(*, actor: Actor, now: datetime, former: Collection[str], passing: Collection[UUID]) -> Batch:
    """Wraps up to `BATCH` data keys that are under the wrap keys `former` anew, but those named in `passing`.

    Raises KeyringError where the keyring lacks one of `former`.
    """
    rows = DataKey.objects.filter(kek__in=former, wrapped__isnull=False).exclude(pk__in=passing)
    stored = [
        WrappedKey(key_id, kek, bytes(wrapped))
        for key_id, kek, wrapped in rows.values_list("id", "kek", "wrapped")[:BATCH]
        if wrapped is not None
    ]
    held = wrapper.fresh()
    anew, damaged = list[WrappedKey](), list[UUID]()
    for one in stored:
        try:
            anew.append(held.rewrap(one))
        except NotOpenedError:
            damaged.append(one.id)
    done = _store_rewrapped(actor=actor, now=now, anew=anew) if anew else 0
    return Batch(len(stored), done, damaged)


@verb
def _store_rewrapped(*, actor: Actor, now: datetime, anew: Sequence[WrappedKey]) -> int:
    """Stores them but those that somebody works on now, and those shredded meanwhile: these stay shredded."""
    there = DataKey.objects.filter(pk__in=[one.id for one in anew], wrapped__isnull=False)
    free = set(there.select_for_update(skip_locked=True).values_list("pk", flat=True))
    rows = [DataKey(id=one.id, kek=one.kek, wrapped=one.wrapped) for one in anew if one.id in free]
    done = there.bulk_update(rows, ["kek", "wrapped"]) if rows else 0
    record(actor=actor, now=now, deeds=[Deed("rewrapped data keys", "wrap-key", anew[0].kek)])
    return done


@verb
def note_key(
    *, actor: Actor, now: datetime, deed: Literal["added key", "dropping key"], purpose: str, key_id: str
) -> None:
    """Writes the entry of a change of the keyring, which is a file and no part of a transaction."""
    record(actor=actor, now=now, deeds=[Deed(deed, f"{purpose}-key", key_id)])


@verb
def note_copy(*, actor: Actor, now: datetime, name: str) -> None:
    """Writes the entry of a backup, before it is made: so it stands in the copy as well."""
    record(actor=actor, now=now, deeds=[Deed("backed up", "backup", name)])
