"""Opening units: the only way from a stored data key to plaintext."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from madoguchi.vault.actions import wrapper
from madoguchi.vault.models import DataKey
from madoguchi.vault.scheme import UnitKey, VaultError, WrappedKey

__all__ = ["ShreddedError", "open_unit", "open_units"]


class ShreddedError(VaultError):
    """This was destroyed on purpose and can't be read any more; what remains is that it existed."""


def open_units(key_ids: Iterable[UUID]) -> Mapping[UUID, UnitKey]:
    """The open keys of these units by id; shredded ones are left out. One query."""
    rows = DataKey.objects.filter(pk__in=set(key_ids), wrapped__isnull=False)
    return {
        key_id: wrapper().unwrap(WrappedKey(key_id, kek, bytes(wrapped)))
        for key_id, kek, wrapped in rows.values_list("id", "kek", "wrapped")
        if wrapped is not None
    }


def open_unit(key_id: UUID) -> UnitKey:
    """The open key of one unit. Raises ShreddedError."""
    try:
        return open_units([key_id])[key_id]
    except KeyError as gone:
        raise ShreddedError(ShreddedError.__doc__) from gone
