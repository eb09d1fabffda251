"""The check names what was done: by who changes rows, and by who holds every key and rebuilds the tree."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from audit.faults import add, drop, put, rebuild, state, undone
from audit.tree import checked, deeds, filled, ids, named, publisher

pytestmark = [pytest.mark.store, pytest.mark.django_db]


@pytest.fixture
def yesterday(now: datetime, tmp_path: Path) -> Path:
    """A log of 12 entries, the first ten under the checkpoint that was written outside yesterday."""
    filled(now, 10)
    publisher(tmp_path).step(now)
    filled(now + timedelta(minutes=1), 2)
    return tmp_path / "checkpoint"


def alter() -> list[tuple[str, int]]:
    put("entry", "actor_id", ids()[4], "somebody else")
    return [("altered", ids()[4])]


def drop_it() -> list[tuple[str, int]]:
    gone = ids()[4]
    drop("entry", gone)
    return [("dropped", gone)]


def insert() -> list[tuple[str, int]]:
    row = state()["entry"][4]
    drop("entry", row[0])
    add("entry", (0, *row[1:]))
    return [("dropped", row[0]), ("inserted", 0)]


DEEDS: dict[str, Callable[[], list[tuple[str, int]]]] = {"alter": alter, "drop": drop_it, "insert": insert}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_who_holds_every_key_and_rebuilds_the_tree_is_named_the_entry_by_yesterday_s_checkpoint(
    yesterday: Path, deed: Callable[[], list[tuple[str, int]]]
) -> None:
    with undone():
        done = deed()
        rebuild()
        assert checked().findings == []
        assert set(done) <= set(named(checked(yesterday)))
        alone = checked(yesterday, tree=False)
        assert [one.kind for one in alone.findings][-1] == "checkpoint"
        assert "can be told only with the folder" in alone.findings[-1].says
    assert checked(yesterday).findings == []


def test_swapped_entries_are_named_though_the_tree_was_rebuilt(yesterday: Path) -> None:
    with undone():
        first, second = state()["leaf"][2:4]
        for one in (first, second):
            drop("leaf", one[0])
        add("leaf", (first[0], *second[1:]))
        add("leaf", (second[0], *first[1:]))
        found = named(checked(yesterday))
        assert ("reordered", first[1]) in found
        assert ("reordered", second[1]) in found


@pytest.mark.parametrize("deed", [alter, drop_it], ids=["alter", "drop"])
def test_who_changes_rows_only_is_named_the_entry_without_any_checkpoint(
    yesterday: Path, deed: Callable[[], list[tuple[str, int]]]
) -> None:
    with undone():
        done = deed()
        assert named(checked()) == done


def test_entries_changed_for_one_another_are_named(yesterday: Path) -> None:
    with undone():
        first, second = state()["leaf"][2:4]
        put("leaf", "hash", first[0], second[2])
        put("leaf", "hash", second[0], first[2])
        assert [one for one in named(checked()) if one[0] == "reordered"] == [
            ("reordered", first[1]),
            ("reordered", second[1]),
        ]


def test_a_log_that_was_put_back_is_shorter_than_the_checkpoint(yesterday: Path) -> None:
    with undone():
        for row in state()["leaf"][6:]:
            drop("leaf", row[0])
            drop("entry", row[1])
        lost = [row[0] for row in state()["checkpoint"]]
        for size in lost:
            drop("checkpoint", size)
        rebuild()
        says = [one.says for one in checked(yesterday).findings]
        assert any("it was cut or put back" in one for one in says)
        assert sum("was dropped" in one for one in says) == 4


def test_a_checkpoint_kept_here_that_was_altered_or_taken_away_is_told(yesterday: Path) -> None:
    with undone():
        put("checkpoint", "note", 10, "nothing")
        assert named(checked()) == [("checkpoint", None)]
    with undone():
        drop("checkpoint", 10)
        assert checked().findings == []
        assert named(checked(yesterday)) == [("checkpoint", None)]


def test_a_head_that_is_gone_or_set_back_is_told(yesterday: Path) -> None:
    with undone():
        drop("head", 1)
        assert named(checked()) == [("head", None)]
    with undone():
        put("head", "size", 1, 8)
        assert {kind for kind, _ in named(checked())} == {"head"}


def test_what_waits_for_its_place_and_what_is_dated_back_is_remarked_and_no_finding(now: datetime) -> None:
    filled(now, 3)
    deeds(now=now, count=2)
    found = checked()
    assert (found.size, found.findings) == (3, [])
    assert found.remarks[0].startswith("2 entries wait for their place")
    filled(now - timedelta(hours=3), 1)
    assert f"Entry {ids()[-1]} is dated more than two hours before" in checked().remarks[0]


def test_a_note_that_is_gone_is_told(now: datetime) -> None:
    filled(now, 2)
    with undone():
        put("entry", "commitment", ids()[1], b"c" * 32)
        rebuild()
        assert named(checked()) == [("note", ids()[1])]
