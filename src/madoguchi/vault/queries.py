"""Opening units: the only way from a stored data key to plaintext."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Count

from madoguchi.vault.actions import wrapper
from madoguchi.vault.models import DataKey
from madoguchi.vault.scheme import UnitKey, VaultError, WrappedKey

__all__ = ["ShreddedError", "open_unit", "open_units", "wrapped_under"]


class ShreddedError(VaultError):
    """This was destroyed on purpose and can't be read any more; what remains is that it existed."""


def open_units(key_ids: Iterable[UUID]) -> Mapping[UUID, UnitKey]:
    """The open keys of these units by id; shredded ones are left out. One query."""
    rows = DataKey.objects.filter(pk__in=set(key_ids), wrapped__isnull=False)
    stored = [
        WrappedKey(key_id, kek, bytes(wrapped))
        for key_id, kek, wrapped in rows.values_list("id", "kek", "wrapped")
        if wrapped is not None
    ]
    held = wrapper()
    if not all(held.knows(one.kek) for one in stored):
        held = wrapper.fresh()  # another process may have noticed a new wrap key before this one
    return {one.id: held.unwrap(one) for one in stored}


def open_unit(key_id: UUID) -> UnitKey:
    """The open key of one unit. Raises ShreddedError."""
    try:
        return open_units([key_id])[key_id]
    except KeyError as gone:
        raise ShreddedError(ShreddedError.__doc__) from gone


def wrapped_under() -> Mapping[str, int]:
    """How many data keys are wrapped under each wrap key, by its id. One query."""
    rows = DataKey.objects.filter(wrapped__isnull=False).values("kek").annotate(count=Count("pk"))
    return {row["kek"]: row["count"] for row in rows.order_by("kek")}
