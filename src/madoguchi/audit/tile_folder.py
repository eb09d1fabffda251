"""A folder that holds the tree and its checkpoints, as files that only grow in number; no Django.

checkpoint            the newest signed checkpoint
checkpoints/1042      the checkpoint of that size, one for each that was written here
tile/...              the tree up to it (C2SP tlog-tiles)
key                   the log's key, for who verifies (C2SP signed-note)
"""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from madoguchi.audit.merkle import CompactRange, leaf_hash
from madoguchi.audit.signed_note import Checkpoint
from madoguchi.audit.tiles import WIDTH, Edge, TileError, read_bundle, tile_path
from madoguchi.lib.keyring import sync_folder

Rows = Callable[[int, int], Iterable[bytes]]
"""Leaf data from one index up to another."""


class NotContinuedError(Exception):
    """The log does not continue the checkpoints outside: something in it was altered. Run `madoguchi audit verify`."""


class TileFolder:
    """The folder at `path`, which has to be there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def newest(self) -> str | None:
        """The note of the newest checkpoint, or none. Raises OSError where the folder can't be read."""
        if not self.path.is_dir():
            raise FileNotFoundError(f"There is no folder {self.path}.")
        try:
            return (self.path / "checkpoint").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, *, old_size: int, checkpoint: Checkpoint, note: str, key: str, rows: Rows) -> None:
        """Writes the tree from `old_size` on and then its checkpoint.

        Raises NotContinuedError, and writes nothing, where the leaves on top of what stands here do not give the
        checkpoint's root: whoever rebuilds the log can't have it continued here.
        """
        edge = self._edge(old_size)
        whole = edge.range()
        if checkpoint.size < old_size:
            raise NotContinuedError(NotContinuedError.__doc__)
        whole.extend(leaf_hash(data) for data in rows(old_size, checkpoint.size))
        if (whole.size, whole.root()) != (checkpoint.size, checkpoint.root):
            raise NotContinuedError(NotContinuedError.__doc__)
        for data in rows(old_size, checkpoint.size):
            for path, raw in edge.add(data):
                self._put(path, raw)
        for path, raw in edge.partial():
            self._put(path, raw)
        self._put("key", f"{key}\n".encode())
        self._put(f"checkpoints/{checkpoint.size}", note.encode())
        self._put("checkpoint", note.encode())

    def _edge(self, size: int) -> Edge:
        try:
            return Edge(size, lambda path: (self.path / path).read_bytes())
        except FileNotFoundError as lacking:
            raise TileError(TileError.__doc__) from lacking

    def _put(self, path: str, raw: bytes) -> None:
        """The file is there whole or not at all, also after a loss of power."""
        place = self.path / path
        _make(place.parent)
        beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")  # several nodes may write here
        with beside.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
        sync_folder(place.parent)


def _make(folder: Path) -> None:
    """Makes a folder, synced into the one above it; whoever may read the files there may read it (the umask's mode)."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def tree_beside(checkpoint: Path) -> Path:
    """The folder whose tree the checkpoint in this file belongs to, if it lies in one."""
    folder = checkpoint.absolute().parent
    return folder.parent if folder.name == "checkpoints" else folder


def leaves_beside(folder: Path, checkpoint: Checkpoint) -> Iterator[bytes] | None:
    """The data of the checkpoint's leaves, from the bundles in `folder`; none where they are not all there.

    Raises TileError where they do not give the checkpoint's root.
    """
    try:
        whole = CompactRange()
        whole.extend(leaf_hash(data) for data in _bundles(folder, checkpoint.size))
    except FileNotFoundError:
        return None
    if whole.root() != checkpoint.root:
        raise TileError(TileError.__doc__)
    return _bundles(folder, checkpoint.size)


def _bundles(folder: Path, size: int) -> Iterator[bytes]:
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        yield from read_bundle(_widest(folder, index, width), width)


def _widest(folder: Path, index: int, width: int) -> bytes:
    """The full bundle, or the partial one of that width."""
    try:
        return (folder / tile_path("entries", index)).read_bytes()
    except FileNotFoundError:
        return (folder / tile_path("entries", index, width)).read_bytes()
