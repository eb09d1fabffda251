"""The list of what was shredded: only ever added to, and whole again after a kill."""

import stat
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import keep, new_unit, shred
from madoguchi.vault.shredded_list import add, add_all, list_file, listed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return list_file(tmp_path / "home.keyring")


def test_it_stands_beside_the_keyring_for_nobody_else(file: Path) -> None:
    add(file, [uuid4()])
    assert file.name == "home.keyring.shredded"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_ids_are_added_and_stay(file: Path) -> None:
    assert listed(file) == set()
    one, two, three = uuid4(), uuid4(), uuid4()
    add(file, [one])
    add(file, [])
    add(file, [two, three])
    assert listed(file) == {one, two, three}


def test_half_a_line_of_a_killed_process_spoils_no_other(file: Path) -> None:
    one, two = uuid4(), uuid4()
    add(file, [one])
    with file.open("a") as torn:
        torn.write(str(uuid4())[:17])
    add(file, [two])
    assert listed(file) == {one, two}


@verb
def kept(*, now: datetime, count: int) -> list[UUID]:
    units = [new_unit("note", now) for _ in range(count)]
    keep(units)
    return [unit.key.id for unit in units]


@verb
def destroyed(*, now: datetime, keys: list[UUID]) -> int:
    return shred(keys, now=now)


@pytest.mark.store
@pytest.mark.usefixtures("committed", "fresh_keys")
def test_shredding_writes_it_once_it_is_committed_and_a_backup_adds_what_lacks(
    now: datetime, settings: Any, tmp_path: Path
) -> None:
    one, two, three = kept(now=now, count=3)
    settings.KEYRING = tmp_path / "home.keyring"
    destroyed(now=now, keys=[one])
    file = list_file(settings.KEYRING)
    assert listed(file) == {one}
    settings.KEYRING = (
        tmp_path / "away" / "home.keyring"
    )  # a folder that is not there: the list can't be written
    assert destroyed(now=now, keys=[two]) == 1
    assert listed(file) == {one}
    assert add_all(file) == 1
    assert listed(file) == {one, two}
    assert three not in listed(file)
