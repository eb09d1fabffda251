"""Verbs are the only way to write: every other door of every guarded model is tried and found shut."""

import ast
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, models, transaction

from codebase import verbs
from madoguchi.audit.models import Entry
from madoguchi.identity.models import FailedSignIn
from madoguchi.lib.due import Due
from madoguchi.lib.verbs import Guarded, SideDoorError, verb

pytestmark = [pytest.mark.store, pytest.mark.django_db]

OURS = [model for model in apps.get_models() if model.__module__.startswith("madoguchi.")]
GUARDED = [model for model in OURS if issubclass(model, Guarded)]
PK = {
    "UUIDField": UUID(int=5),
    "BinaryField": b"5",
    "BigAutoField": 5,
    "BigIntegerField": 5,
    "PositiveSmallIntegerField": 5,
}

Door = Callable[[type[Any]], object]


def saved(model: type[Any]) -> Any:
    """A row that looks as if it had been read from the database."""
    field = model._meta.pk
    while field.remote_field:
        field = field.target_field
    row = model(pk=PK[field.get_internal_type()])
    row._state.adding, row._state.db = False, "default"
    return row


def first_field(model: type[Any]) -> str:
    return str(model._meta.pk.name)


def waited(deed: Callable[..., Awaitable[object]], *args: Any, **kwargs: Any) -> object:
    async def run() -> object:
        return await deed(*args, **kwargs)

    return async_to_sync(run)()


DOORS: dict[str, Door] = {
    "save": lambda model: saved(model).save(),
    "save of one field": lambda model: model(pk=saved(model).pk).save(force_insert=True),
    "asave": lambda model: waited(saved(model).asave),
    "save_base": lambda model: saved(model).save_base(raw=True),
    "delete": lambda model: saved(model).delete(),
    "adelete": lambda model: waited(saved(model).adelete),
    "create": lambda model: model.objects.create(pk=saved(model).pk),
    "acreate": lambda model: waited(model.objects.acreate, pk=saved(model).pk),
    "get_or_create": lambda model: model.objects.get_or_create(pk=saved(model).pk),
    "aget_or_create": lambda model: waited(model.objects.aget_or_create, pk=saved(model).pk),
    "update_or_create": lambda model: model.objects.update_or_create(pk=saved(model).pk),
    "aupdate_or_create": lambda model: waited(model.objects.aupdate_or_create, pk=saved(model).pk),
    "update": lambda model: model.objects.update(**{first_field(model): saved(model).pk}),
    "aupdate": lambda model: waited(model.objects.aupdate, **{first_field(model): saved(model).pk}),
    "update of some": lambda model: model.objects.filter(pk=saved(model).pk).update(pk=saved(model).pk),
    "query set's delete": lambda model: model.objects.all().delete(),
    "adelete of a query set": lambda model: waited(model.objects.all().adelete),
    "bulk_create": lambda model: model.objects.bulk_create([saved(model)]),
    "bulk_create of nothing": lambda model: model.objects.bulk_create([]),
    "abulk_create": lambda model: waited(model.objects.abulk_create, [saved(model)]),
    "bulk_update": lambda model: model.objects.bulk_update([saved(model)], [a_field(model)]),
    "abulk_update": lambda model: waited(model.objects.abulk_update, [saved(model)], [a_field(model)]),
    "base manager's update": lambda model: model._base_manager.update(pk=saved(model).pk),
    "base manager's delete": lambda model: model._base_manager.all().delete(),
    "base manager's create": lambda model: model._base_manager.create(pk=saved(model).pk),
    "default manager's update": lambda model: model._default_manager.using("default").update(
        pk=saved(model).pk
    ),
}


def a_field(model: type[Any]) -> str:
    return next(field.name for field in model._meta.concrete_fields if not field.primary_key)


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model._meta.label)
def test_outside_a_verb_no_guarded_row_is_written(model: type[Any], door: Door) -> None:
    with pytest.raises(SideDoorError, match="call that verb"):
        door(model)


def relations() -> Iterator[Any]:
    for model in OURS:
        for relation in model._meta.related_objects:
            if relation.one_to_many and issubclass(relation.related_model, Guarded):
                yield pytest.param(model, relation, id=f"{model._meta.label}.{relation.get_accessor_name()}")


@pytest.mark.parametrize(("model", "relation"), list(relations()))
def test_outside_a_verb_no_related_manager_writes(model: type[Any], relation: Any) -> None:
    manager = getattr(saved(model), relation.get_accessor_name())
    child = saved(relation.related_model)
    doors: list[Callable[[], object]] = [
        lambda: manager.create(pk=child.pk),
        lambda: waited(manager.acreate, pk=child.pk),
        lambda: manager.get_or_create(pk=child.pk),
        lambda: manager.update_or_create(pk=child.pk),
        lambda: manager.bulk_create([child]),
        lambda: manager.update(pk=child.pk),
        lambda: manager.all().delete(),
        lambda: manager.add(child),
        lambda: manager.add(child, bulk=False),
        lambda: waited(manager.aadd, child),
        lambda: manager.set([child]),
    ]
    if relation.field.null:
        setattr(child, relation.field.attname, manager.instance.pk)
        doors += [lambda: manager.remove(child), manager.clear]
    for door in doors:
        with pytest.raises(SideDoorError), transaction.atomic():
            door()


def test_every_model_of_ours_is_guarded_but_the_account_that_django_itself_writes() -> None:
    # Django notes the last sign-in and renews password hashes on the account.
    assert set(OURS) - set(GUARDED) == {get_user_model()}


def test_nothing_disappears_because_something_else_does() -> None:
    for model in GUARDED:
        for field in model._meta.concrete_fields:
            if field.remote_field:
                assert field.remote_field.on_delete is models.PROTECT, field


def test_inside_a_verb_rows_are_written() -> None:
    @verb
    def note() -> None:
        FailedSignIn(network_key=b"k", at="2026-01-01T00:00:00Z").save()
        FailedSignIn.objects.update(network_key=b"l")

    note()
    assert FailedSignIn.objects.count() == 1
    with pytest.raises(SideDoorError):
        FailedSignIn.objects.all().delete()


def test_even_inside_a_verb_no_single_row_is_deleted() -> None:
    @verb
    def forget() -> None:
        saved(FailedSignIn).delete()

    with pytest.raises(SideDoorError):
        forget()


def test_a_verb_that_fails_leaves_nothing_and_shuts_the_door_behind_it() -> None:
    @verb
    def fail() -> None:
        FailedSignIn.objects.bulk_create([FailedSignIn(network_key=b"k", at="2026-01-01T00:00:00Z")])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert FailedSignIn.objects.count() == 0
    with pytest.raises(SideDoorError):
        FailedSignIn.objects.bulk_create([])


def test_a_verb_within_a_verb_joins_it_and_takes_the_whole_along_when_it_fails() -> None:
    @verb
    def inner() -> None:
        FailedSignIn.objects.bulk_create([FailedSignIn(network_key=b"i", at="2026-01-01T00:00:00Z")])
        raise RuntimeError

    @verb
    def outer() -> None:
        FailedSignIn.objects.bulk_create([FailedSignIn(network_key=b"o", at="2026-01-01T00:00:00Z")])
        try:
            inner()
        except RuntimeError:
            FailedSignIn.objects.count()

    with pytest.raises(transaction.TransactionManagementError):
        outer()
    assert FailedSignIn.objects.count() == 0


def test_a_verb_is_left_open_for_the_one_around_it() -> None:
    @verb
    def inner() -> None:
        assert connection.in_atomic_block

    @verb
    def outer() -> None:
        inner()
        FailedSignIn.objects.bulk_create([])

    outer()
    assert FailedSignIn.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "node"), list(verbs()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_verb_takes_everything_by_name_and_does_its_deed_before_it_returns(
    name: str, node: ast.FunctionDef | ast.AsyncFunctionDef
) -> None:
    given = node.args
    assert [*given.args, *given.posonlyargs, given.vararg, given.kwarg] == [None, None], name
    assert isinstance(node, ast.FunctionDef), name
    assert not any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(node)), name


def test_the_guarded_ones_include_those_that_wait_and_the_log() -> None:
    assert {Entry} <= set(GUARDED)
    assert [model for model in GUARDED if issubclass(model, Due)]
