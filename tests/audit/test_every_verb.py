"""No deed without its entry: where the entry fails, everything that the verb did is as it was."""

from datetime import datetime
from typing import Any

import pytest
from django.apps import apps

from codebase import verbs
from deeds import DEEDS, WITHOUT_ENTRY
from madoguchi.audit.models import Entry
from madoguchi.lib.verbs import GuardedQuerySet

pytestmark = [pytest.mark.store, pytest.mark.django_db]


class NoEntryError(Exception):
    """The log can't be written."""


def everything() -> dict[str, list[str]]:
    """Every row of every table of ours."""
    models = [model for model in apps.get_models() if model.__module__.startswith("madoguchi.")]
    return {
        model._meta.label: sorted(
            str([_plain(value) for value in row]) for row in model._default_manager.values_list()
        )
        for model in models
    }


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview) else value


def test_every_verb_is_tried_here_or_has_its_reason() -> None:
    assert {*DEEDS, *WITHOUT_ENTRY} == {name for name, _ in verbs()}


@pytest.mark.parametrize("name", DEEDS)
def test_a_verb_whose_entry_fails_changes_nothing(
    now: datetime, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    deed = DEEDS[name](now)
    before = everything()
    real = GuardedQuerySet.bulk_create

    def failing(self: Any, objs: Any, *args: Any, **kwargs: Any) -> Any:
        if self.model is Entry:
            raise NoEntryError
        return real(self, objs, *args, **kwargs)

    with monkeypatch.context() as broken:
        broken.setattr(GuardedQuerySet, "bulk_create", failing)
        with pytest.raises(NoEntryError):
            deed()
    assert everything() == before


@pytest.mark.parametrize("name", DEEDS)
def test_a_verb_whose_entry_can_be_written_writes_it(now: datetime, name: str) -> None:
    deed = DEEDS[name](now)
    before = everything()
    deed()
    after = everything()
    assert after["audit.Entry"] != before["audit.Entry"]
    assert set(after["audit.Entry"]) > set(before["audit.Entry"])
