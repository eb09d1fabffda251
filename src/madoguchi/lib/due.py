"""Due rows: the domain's own rows are the queue.

A row that waits for work has `due_at`; a worker claims a batch by a lease and counts the try, so that work whose
worker died comes back when the lease ends, and a row that kills its worker is known by its tries.
PostgreSQL: any number of workers, rows taken by another are skipped (`SKIP LOCKED`). SQLite: one worker.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from madoguchi.lib.verbs import Guarded, GuardedQuerySet, verb


class Due(Guarded):
    """The columns of a row that can be due. `due_at` null: nothing is left to do."""

    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        abstract = True


D = TypeVar("D", bound=Due)


def waiting(model: type[D], now: datetime) -> GuardedQuerySet[Any]:
    """Rows that a worker may claim now: due, and under nobody's lease."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return model.objects.filter(free, due_at__lte=now)


@verb
def claim(*, model: type[D], now: datetime, lease: timedelta, most: int) -> Sequence[Any]:
    """Claims up to `most` due rows, oldest due first, and gives their primary keys; commits before returning."""
    rows = waiting(model, now).order_by("due_at", "pk").select_for_update(skip_locked=True)
    keys = list(rows.values_list("pk", flat=True)[:most])
    if keys:
        model.objects.filter(pk__in=keys).update(lease_until=now + lease, tries=F("tries") + 1)
    return keys


@verb
def run_again(*, model: type[D], key: UUID, now: datetime, still: Q | None = None) -> bool:
    """Makes a failed row due at once with its tries forgotten; false where there is no such row.

    `still`: conditions on the row that must hold in that very statement, as that nobody has done it meanwhile.
    """
    rows = model.objects.filter(still or Q(), pk=key)
    return bool(rows.update(due_at=now, lease_until=None, tries=0, last_error=""))


@verb
def give_back(*, model: type[D], keys: Sequence[UUID]) -> int:
    """Ends the leases of rows that their own worker could not finish; those done in the meantime stay done."""
    return model.objects.filter(pk__in=list(keys), due_at__isnull=False).update(lease_until=None)


@verb
def release_all(*, model: type[D]) -> int:
    """Ends every lease. Only for a lone worker at its start: on SQLite no other can hold one."""
    return model.objects.filter(lease_until__isnull=False).update(lease_until=None)


@dataclass(frozen=True, slots=True)
class Backlog(Generic[D]):
    """What of one kind of due work waits, since when, and the rows in trouble."""

    waiting: int
    oldest: datetime | None
    troubled: Sequence[D]


def backlog(model: type[D], troubled: Iterable[D]) -> Backlog[D]:
    """The backlog of a kind of due rows; counted up to 10,000."""
    rows = model.objects.filter(due_at__isnull=False)
    oldest = rows.order_by("due_at").values_list("due_at", flat=True).first()
    return Backlog(rows.order_by()[:10_000].count(), oldest, list(troubled))
