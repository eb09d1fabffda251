"""Re-wrapping: the same data keys under a new wrap key, in batches, and never what was shredded or does not open."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from madoguchi.audit.actions import OPERATOR
from madoguchi.audit.models import Entry
from madoguchi.lib import keyring
from madoguchi.lib.keyring_editing import add_key
from madoguchi.lib.verbs import verb
from madoguchi.vault import rotation
from madoguchi.vault.actions import Place, keep, new_unit, shred, wrapper
from madoguchi.vault.models import DataKey
from madoguchi.vault.queries import open_unit, open_units, wrapped_under
from madoguchi.vault.rotation import rewrap_some

pytestmark = [pytest.mark.store, pytest.mark.django_db]

HERE = Place("a.label", UUID(int=1), "field")


@pytest.fixture(autouse=True)
def ring(tmp_path: Path, now: datetime, settings: Any, fresh_keys: None) -> Path:
    """A keyring that the test may change."""
    keyring.make(tmp_path / "home.keyring", now)
    settings.KEYRING = tmp_path / "home.keyring"
    return settings.KEYRING


@verb
def kept(*, now: datetime, count: int) -> dict[UUID, bytes]:
    units = [new_unit("note", now) for _ in range(count)]
    keep(units)
    return {unit.key.id: unit.key.seal(HERE, b"secret") for unit in units}


@verb
def destroy(*, now: datetime, key: UUID) -> None:
    shred([key], now=now)


@verb
def damage(*, key: UUID) -> None:
    DataKey.objects.filter(pk=key).update(wrapped=b"x" * 60)


def turned(ring: Path, now: datetime) -> tuple[str, str]:
    """The former and the fresh wrap key's ids, after adding one."""
    former = wrapper()._keyring.current("wrap").id
    return former, add_key(ring, "wrap", now)


def test_every_data_key_is_carried_over_and_opens_what_it_sealed(ring: Path, now: datetime) -> None:
    sealed = kept(now=now, count=7)
    former, fresh = turned(ring, now)
    batch = rewrap_some(actor=OPERATOR, now=now, former=[former], passing=())
    assert (batch.found, batch.done, list(batch.damaged)) == (7, 7, [])
    assert wrapped_under() == {fresh: 7}
    assert {key: unit.open(HERE, sealed[key]) for key, unit in open_units(sealed).items()} == dict.fromkeys(
        sealed, b"secret"
    )
    assert rewrap_some(actor=OPERATOR, now=now, former=[former], passing=()).found == 0
    assert Entry.objects.get().object_id == fresh


def test_a_batch_is_bounded_and_its_statements_are_too(
    ring: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 3)
    kept(now=now, count=8)
    former, fresh = turned(ring, now)
    done = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as asked:
            done.append(rewrap_some(actor=OPERATOR, now=now, former=[former], passing=()).done)
        assert len(asked) <= 8
    assert done == [3, 3, 2]
    assert wrapped_under() == {fresh: 8}


def test_what_was_shredded_stays_so_even_when_that_came_in_between(
    ring: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    [gone, there] = kept(now=now, count=2)
    former, _ = turned(ring, now)
    store = rotation._store_rewrapped

    def shredding_first(**given: Any) -> int:
        destroy(now=now, key=gone)
        return store(**given)

    monkeypatch.setattr(rotation, "_store_rewrapped", shredding_first)
    assert rewrap_some(actor=OPERATOR, now=now, former=[former], passing=()).done == 1
    assert DataKey.objects.get(pk=gone).wrapped is None
    assert open_unit(there)


def test_a_damaged_data_key_is_named_and_the_others_go_on(ring: Path, now: datetime) -> None:
    [bad, *_] = kept(now=now, count=3)
    damage(key=bad)
    former, fresh = turned(ring, now)
    batch = rewrap_some(actor=OPERATOR, now=now, former=[former], passing=())
    assert (batch.done, list(batch.damaged)) == (2, [bad])
    assert rewrap_some(actor=OPERATOR, now=now, former=[former], passing=[bad]).found == 0
    assert wrapped_under() == {former: 1, fresh: 2}


def test_a_row_under_a_key_that_this_process_has_not_noticed_yet_opens(ring: Path, now: datetime) -> None:
    sealed = kept(now=now, count=2)
    early = wrapper()  # what another process would still hold
    former, _ = turned(ring, now)
    rewrap_some(actor=OPERATOR, now=now, former=[former], passing=())
    wrapper._held = early, (0, 0, 0)
    assert set(open_units(sealed)) == set(sealed)


def test_counting_asks_once_however_many_there_are(now: datetime) -> None:
    kept(now=now, count=5)
    with CaptureQueriesContext(connection) as asked:
        assert sum(wrapped_under().values()) == 5
    assert len(asked) == 1
