"""Blobs in a folder: only ours to read, written once, and missed with a sentence."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from madoguchi.vault.blobs import READ, BlobMissingError, FolderStore


def test_a_blob_comes_back_as_it_was_put(tmp_path: Path) -> None:
    store, blob = FolderStore(tmp_path / "blobs"), uuid4()
    store.put(blob, [b"a" * READ, b"", b"b"])
    assert b"".join(store.get(blob)) == b"a" * READ + b"b"
    assert [len(piece) for piece in store.get(blob)] == [READ, 1]


def test_folders_and_files_are_for_nobody_else(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FolderStore(tmp_path / "blobs").put(uuid4(), [b"secret"])
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "blobs").rglob("*") if path.is_file()}
    folders = [tmp_path / "blobs", *(path for path in (tmp_path / "blobs").rglob("*") if path.is_dir())]
    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_a_missing_blob_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BlobMissingError, match="Restore it from a backup"):
        list(FolderStore(tmp_path).get(uuid4()))


def test_a_blob_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    store, blob = FolderStore(tmp_path), uuid4()
    store.put(blob, [b"first"])
    with pytest.raises(FileExistsError):
        store.put(blob, [b"second"])
    assert b"".join(store.get(blob)) == b"first"


def test_half_a_blob_does_not_stay(tmp_path: Path) -> None:
    store, blob = FolderStore(tmp_path), uuid4()

    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        store.put(blob, breaking())
    with pytest.raises(BlobMissingError):
        list(store.get(blob))
    store.put(blob, [b"whole"])
    assert b"".join(store.get(blob)) == b"whole"


def test_a_blob_that_is_removed_is_gone_and_may_be_removed_again(tmp_path: Path) -> None:
    store, blob = FolderStore(tmp_path), uuid4()
    store.put(blob, [b"x"])
    store.remove(blob)
    store.remove(blob)
    with pytest.raises(BlobMissingError):
        list(store.get(blob))


def test_a_blob_that_is_pushed_is_there_once_it_is_kept(tmp_path: Path) -> None:
    store, blob = FolderStore(tmp_path), uuid4()
    writer = store.writer(blob)
    writer.write(b"one ")
    writer.write(b"two")
    writer.keep()
    writer.drop()
    assert b"".join(store.get(blob)) == b"one two"


def test_a_blob_that_is_dropped_leaves_nothing(tmp_path: Path) -> None:
    store, blob = FolderStore(tmp_path), uuid4()
    writer = store.writer(blob)
    writer.write(b"x" * 100_000)
    writer.drop()
    writer.drop()
    with pytest.raises(BlobMissingError):
        list(store.get(blob))


def test_a_blob_that_cannot_be_synced_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    store, blob = FolderStore(tmp_path / "blobs"), uuid4()
    writer = store.writer(blob)
    writer.write(b"half")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            writer.keep()
    with pytest.raises(BlobMissingError):
        list(store.get(blob))
