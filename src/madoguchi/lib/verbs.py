"""What makes a function a verb of the domain, and models that only verbs may write.

A verb is keyword-only, runs in one transaction, and is the only place from which guarded rows change::

    @verb
    def answer(*, actor: Actor, now: datetime, report: UUID, text: str) -> Letter: ...
"""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

from django.db import models, transaction

P = ParamSpec("P")
R = TypeVar("R")

_inside: ContextVar[bool] = ContextVar("inside a verb", default=False)


class SideDoorError(Exception):
    """This row changes only through a verb in its package's actions; call that verb instead."""


def verb(deed: Callable[P, R]) -> Callable[P, R]:
    """Runs `deed` in one transaction and lets it write guarded models. A verb called by a verb joins it."""

    @wraps(deed)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        outermost = not _inside.get()
        mark = _inside.set(True)
        try:
            with transaction.atomic(savepoint=outermost):
                return deed(*args, **kwargs)
        finally:
            _inside.reset(mark)

    return wrapped


def _refuse_outside() -> None:
    if not _inside.get():
        raise SideDoorError(SideDoorError.__doc__)


M = TypeVar("M", bound=models.Model)


class GuardedQuerySet(models.QuerySet[M]):
    """A query set whose writing methods work only inside a verb."""

    def update(self, **kwargs: Any) -> int:
        _refuse_outside()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        _refuse_outside()
        return super().delete()

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        _refuse_outside()
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        _refuse_outside()
        return super().bulk_update(*args, **kwargs)


class Guarded(models.Model):
    """Base of rows that only verbs write: they refuse bare `save`, `delete` and bulk writes."""

    objects = GuardedQuerySet.as_manager()

    class Meta:
        abstract = True
        # Related managers write through the base manager: without this, `report.items.add(...)` would be a side door.
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        _refuse_outside()
        super().save(*args, **kwargs)

    def save_base(self, *args: Any, **kwargs: Any) -> None:
        _refuse_outside()  # what loads fixtures comes in here
        super().save_base(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise SideDoorError(SideDoorError.__doc__)
