"""Checkpoints: made every so often, signed by the log's key, written outside, and never on top of a rebuilt log."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from audit.faults import put, rebuild, state, undone
from audit.tree import ORIGIN, checked, deeds, filled, ids, keys, publics, publisher, sequenced
from madoguchi.audit.actions import OPERATOR, export_tree
from madoguchi.audit.models import Checkpoint, Entry
from madoguchi.audit.signed_note import open_note, read_checkpoint
from madoguchi.audit.tile_folder import NotContinuedError, leaves_beside
from madoguchi.audit.tiles import TileError

pytestmark = [pytest.mark.store, pytest.mark.django_db]

MINUTE = timedelta(minutes=1)


def sizes() -> list[int]:
    return list(Checkpoint.objects.order_by("size").values_list("size", flat=True))


def test_one_is_made_at_once_then_every_ten_minutes_and_none_where_nothing_was_done(now: datetime) -> None:
    due = publisher(None)
    assert due.step(now) == 0
    filled(now, 3)
    assert due.step(now) == 1
    filled(now, 2)
    assert [due.step(now + n * MINUTE) for n in (1, 9, 10, 11)] == [0, 0, 1, 0]
    assert due.step(now + 30 * MINUTE) == 0
    assert sizes() == [3, 5]


def test_it_is_signed_and_says_size_and_root(now: datetime, tmp_path: Path) -> None:
    filled(now, 3)
    publisher(tmp_path).step(now)
    told = read_checkpoint(open_note((tmp_path / "checkpoint").read_text(), any_name=publics()))
    assert (told.origin, told.size) == (ORIGIN, 3)
    assert checked(tmp_path / "checkpoint").findings == []
    assert (tmp_path / "key").read_text().startswith(f"{ORIGIN}+")


def test_what_was_kept_while_the_folder_was_away_is_written_when_it_is_back(
    now: datetime, tmp_path: Path
) -> None:
    folder = tmp_path / "share"
    filled(now, 300)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        publisher(folder).step(now)
    assert sizes() == [300]
    assert not folder.exists()
    folder.mkdir()
    assert publisher(folder).step(now + MINUTE) == 1
    assert publisher(folder).step(now + MINUTE) == 0
    filled(now, 300)
    assert publisher(folder).step(now + 10 * MINUTE) == 1
    for size in (300, 600):
        file = folder / "checkpoints" / str(size)
        assert checked(file).findings == []


def test_a_rebuilt_log_is_not_continued_outside(now: datetime, tmp_path: Path) -> None:
    filled(now, 10)
    publisher(tmp_path).step(now)
    before = (tmp_path / "checkpoint").read_text()
    with undone():
        put("entry", "verb", ids()[4], "listed")
        deeds(now=now)
        rebuild()
        with pytest.raises(NotContinuedError):
            publisher(tmp_path).step(now + 10 * MINUTE)
        assert (tmp_path / "checkpoint").read_text() == before
    with undone():
        put("entry", "verb", ids()[4], "listed")
        rebuild()
        with pytest.raises(NotContinuedError):
            publisher(tmp_path).step(now + 10 * MINUTE)


def test_an_entry_altered_before_it_is_written_out_stops_the_writing(now: datetime, tmp_path: Path) -> None:
    filled(now, 4)
    with undone():
        put("entry", "verb", ids()[2], "listed")
        with pytest.raises(NotContinuedError):
            publisher(tmp_path).step(now)
    assert not (tmp_path / "checkpoint").exists()


def test_an_export_is_noted_in_the_log_and_holds_hashes_and_ids_alone(now: datetime, tmp_path: Path) -> None:
    filled(now, 300)
    export_tree(actor=OPERATOR, now=now, folder=tmp_path, origin=ORIGIN, keys=keys())
    assert (Entry.objects.latest("id").verb, Entry.objects.latest("id").actor_kind) == (
        "exported",
        "operator",
    )
    told = read_checkpoint(open_note((tmp_path / "checkpoint").read_text(), any_name=publics()))
    assert told.size == 301
    leaves = leaves_beside(tmp_path, told)
    assert leaves is not None
    assert [int.from_bytes(one[:8], "big") for one in leaves] == ids()
    words = {row[n] for row in state()["entry"] for n in (2, 4, 5)}
    for file in tmp_path.rglob("tile/**/*"):
        assert not file.is_file() or not any(word.encode() in file.read_bytes() for word in words)


def test_an_export_goes_on_where_the_last_one_ended(now: datetime, tmp_path: Path) -> None:
    for count in (5, 255, 300):
        filled(now, count)
        export_tree(actor=OPERATOR, now=now, folder=tmp_path, origin=ORIGIN, keys=keys())
        assert checked(tmp_path / "checkpoint").findings == []
    assert sequenced(now) == 0


def test_a_folder_whose_tiles_are_gone_is_said(now: datetime, tmp_path: Path) -> None:
    filled(now, 5)
    publisher(tmp_path).step(now)
    (tmp_path / "tile/0/000.p/5").unlink()
    filled(now, 5)
    with pytest.raises(TileError):
        publisher(tmp_path).step(now + 10 * MINUTE)
