"""The tree as tiles: paths as tlog-tiles names them, the edge continued from its files, the folder that only grows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.audit.merkle import leaf_hash, root_of
from madoguchi.audit.signed_note import Checkpoint
from madoguchi.audit.tile_folder import NotContinuedError, TileFolder, leaves_beside, tree_beside
from madoguchi.audit.tiles import Edge, TileError, read_bundle, read_tile, tile_path

SIZES = [0, 1, 2, 255, 256, 257, 300, 511, 512, 70_000]


def data(index: int) -> bytes:
    return index.to_bytes(8, "big") + bytes(32)


def rows(start: int, stop: int) -> Iterator[bytes]:
    return map(data, range(start, stop))


def checkpoint(size: int) -> Checkpoint:
    return Checkpoint("x.example/audit", size, root_of(leaf_hash(one) for one in rows(0, size)))


def written(folder: Path, old: int, size: int) -> None:
    told = checkpoint(size)
    TileFolder(folder).write(old_size=old, checkpoint=told, note=f"note {size}", key="key", rows=rows)


@pytest.mark.parametrize(
    ("kind", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 999, 1, "tile/0/999.p/1"),
        (0, 1000, 256, "tile/0/x001/000"),
        (1, 1234067, 8, "tile/1/x001/x234/067.p/8"),
        ("entries", 5, 255, "tile/entries/005.p/255"),
    ],
)
def test_paths(kind: int | str, index: int, width: int, path: str) -> None:
    assert tile_path(kind, index, width) == path


def all_files(size: int) -> dict[str, bytes]:
    edge, files = Edge(), dict[str, bytes]()
    for one in rows(0, size):
        files.update(edge.add(one))
    return files | dict(edge.partial())


@pytest.mark.parametrize("size", SIZES)
def test_every_hash_of_every_tile_is_the_root_of_its_leaves(size: int) -> None:
    files, leaves = all_files(size), [leaf_hash(one) for one in rows(0, size)]
    for level in range(3):
        span = 256**level
        hashes = [root_of(leaves[n : n + span]) for n in range(0, size // span * span, span)]
        for index in range(-(-len(hashes) // 256)):
            part = hashes[index * 256 : index * 256 + 256]
            assert files.pop(tile_path(level, index, len(part))) == b"".join(part)
    for index in range(-(-size // 256)):
        width = min(256, size - index * 256)
        raw = files.pop(tile_path("entries", index, width))
        assert read_bundle(raw, width) == list(rows(index * 256, index * 256 + width))
    assert not files


@given(st.integers(0, 600), st.integers(0, 600))
def test_an_edge_read_from_its_files_goes_on_as_if_it_had_never_stopped(old: int, more: int) -> None:
    files = all_files(old)
    edge = Edge(old, files.__getitem__)
    assert edge.range().root() == root_of(leaf_hash(one) for one in rows(0, old))
    for one in rows(old, old + more):
        files.update(edge.add(one))
    files.update(edge.partial())
    whole = all_files(old + more)
    assert {path: files[path] for path in whole} == whole


def test_an_edge_with_empty_tiles_below_a_full_one_is_read() -> None:
    assert Edge(65_536, all_files(65_536).__getitem__).range().size == 65_536


def test_a_folder_grows_by_checkpoints_and_gives_the_leaves_of_each(tmp_path: Path) -> None:
    old = 0
    for size in (0, 1, 255, 256, 300, 300, 1000):
        written(tmp_path, old, size)
        old = size
        assert TileFolder(tmp_path).newest() == f"note {size}"
    for size in (0, 1, 255, 256, 300, 1000):
        file = tmp_path / "checkpoints" / str(size)
        assert file.read_text() == f"note {size}"
        found = leaves_beside(tree_beside(file), checkpoint(size))
        assert found is not None
        assert list(found) == list(rows(0, size))
    assert tree_beside(tmp_path / "checkpoint") == tmp_path


def test_a_rebuilt_tree_is_not_continued_and_nothing_is_written(tmp_path: Path) -> None:
    written(tmp_path, 0, 300)
    before = sorted(tmp_path.rglob("*"))
    told = Checkpoint("x.example/audit", 400, b"r" * 32)
    with pytest.raises(NotContinuedError, match="audit verify"):
        TileFolder(tmp_path).write(old_size=300, checkpoint=told, note="n", key="k", rows=rows)
    with pytest.raises(NotContinuedError):
        TileFolder(tmp_path).write(old_size=300, checkpoint=checkpoint(299), note="n", key="k", rows=rows)
    assert sorted(tmp_path.rglob("*")) == before
    assert TileFolder(tmp_path).newest() == "note 300"


def test_without_bundles_there_are_no_leaves_and_with_others_a_sentence(tmp_path: Path) -> None:
    assert leaves_beside(tmp_path, checkpoint(5)) is None
    written(tmp_path, 0, 5)
    with pytest.raises(TileError):
        leaves_beside(tmp_path, Checkpoint("x", 5, b"r" * 32))
    (tmp_path / "tile/0/000.p/5").unlink()
    with pytest.raises(TileError):
        written(tmp_path, 5, 6)


def test_a_folder_that_is_away_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        TileFolder(tmp_path / "away").newest()


@pytest.mark.parametrize("raw", [b"", b"\x00\x28" + bytes(39), b"\x00\x27" + bytes(40), bytes(43)])
def test_damaged_bundles_and_tiles_are_refused(raw: bytes) -> None:
    with pytest.raises(TileError):
        read_bundle(raw, 1)
    with pytest.raises(TileError):
        read_tile(raw[:31], 1)
