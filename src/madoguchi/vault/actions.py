"""Making units of the vault, and where this process holds its keys."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction

from madoguchi.lib.followed import Followed
from madoguchi.lib.ids import new_id
from madoguchi.vault.blobs import BlobMissingError, BlobStore, BlobWriter, FolderStore
from madoguchi.vault.models import DataKey
from madoguchi.vault.scheme import (
    BlindIndex,
    NotOpenedError,
    Place,
    StreamSealer,
    UnitKey,
    VaultError,
    Wrapper,
)
from madoguchi.vault.shredded_list import add, list_file

__all__ = [
    "BlindIndex",
    "BlobMissingError",
    "BlobWriter",
    "NotOpenedError",
    "Place",
    "StreamSealer",
    "Unit",
    "UnitKey",
    "VaultError",
    "blind_index",
    "blobs",
    "forget_keys",
    "keep",
    "new_unit",
    "shred",
    "wrapper",
]

Kind = Literal["arrival", "report", "person", "letter", "note", "draft"]


class Unit:
    """A unit that was just made: `key` seals its fields now; its row is stored by `keep` in the same transaction."""

    __slots__ = ("key", "row")

    def __init__(self, key: UnitKey, row: DataKey) -> None:
        self.key = key
        self.row = row


wrapper = Followed(lambda: settings.KEYRING, ("wrap",), Wrapper)
"""`wrapper()`: this process's wrap keys. Raises KeyringError; a mended or changed keyring is found."""

blind_index = Followed(lambda: settings.KEYRING, ("index",), BlindIndex)
"""`blind_index()`: this process's index key. Raises KeyringError."""


@cache
def blobs() -> BlobStore:
    """Where large sealed blobs are kept."""
    return FolderStore(settings.HOME / "blobs")


def forget_keys() -> None:
    """Drops the keys that this process holds, so that the next use reads the keyring again."""
    wrapper.forget()
    blind_index.forget()
    blobs.cache_clear()


def new_unit(kind: Kind, now: datetime) -> Unit:
    """A new unit with a data key of its own."""
    key_id: UUID = new_id(now)
    key, stored = wrapper().make(key_id)
    row = DataKey(id=key_id, unit=kind, kek=stored.kek, wrapped=stored.wrapped, made_at=now)
    return Unit(key, row)


def keep(units: Iterable[Unit]) -> None:
    """Stores the wrapped keys of new units; call it inside the verb that stores what they seal."""
    DataKey.objects.bulk_create([unit.row for unit in units])


def shred(key_ids: Iterable[UUID], *, now: datetime) -> int:
    """Destroys the data keys of units: what they sealed can't be read any more. Call it inside a verb."""
    there = DataKey.objects.filter(pk__in=list(key_ids), wrapped__isnull=False)
    gone = list(there.values_list("pk", flat=True))
    if not gone:
        return 0
    # Outside the transaction, since it is a file. Where that fails it is in the log, and the next backup adds them.
    file = list_file(settings.KEYRING)
    transaction.on_commit(lambda: add(file, gone), robust=True)
    return there.update(wrapped=None, shredded_at=now)
