"""The tree as files in the open tile format (C2SP tlog-tiles): which files, and what stands in them. Pure.

A tile holds up to 256 hashes of one level, a bundle up to 256 leaves' data. A full one never changes; the last of a
level is partial and its width stands in its name. Levels count in steps of eight, so level 1 holds roots of 256 leaves.
"""

import struct
from collections.abc import Callable, Iterator
from itertools import chain

from madoguchi.audit.leaves import DATA_BYTES
from madoguchi.audit.merkle import HASH_BYTES, CompactRange, leaf_hash, root_of

WIDTH, HEIGHT = 256, 8
_LENGTH = struct.pack(">H", DATA_BYTES)


class TileError(ValueError):
    """These tiles are damaged or belong to another tree. Take the folder as it was written."""


def tile_path(kind: int | str, index: int, width: int = WIDTH) -> str:
    """The path of a tile of a level, or of a bundle ("entries"), as tlog-tiles names it: tile/0/x001/067.p/8."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    return f"tile/{kind}/{'/'.join(groups)}" + (f".p/{width}" if width < WIDTH else "")


def bundle(leaves: list[bytes]) -> bytes:
    """The bytes of a bundle: each leaf's data after its length (2 bytes, big-endian)."""
    return b"".join(_LENGTH + data for data in leaves)


def read_bundle(raw: bytes, width: int) -> list[bytes]:
    """The first `width` leaves of a bundle. Raises TileError where it holds fewer or others than ours."""
    step = 2 + DATA_BYTES
    if len(raw) < width * step or len(raw) % step:
        raise TileError(TileError.__doc__)
    pieces = [raw[at : at + step] for at in range(0, width * step, step)]
    if any(piece[:2] != _LENGTH for piece in pieces):
        raise TileError(TileError.__doc__)
    return [piece[2:] for piece in pieces]


def read_tile(raw: bytes, width: int) -> list[bytes]:
    """The first `width` hashes of a tile. Raises TileError where it holds fewer."""
    if len(raw) < width * HASH_BYTES or len(raw) % HASH_BYTES:
        raise TileError(TileError.__doc__)
    return [raw[at : at + HASH_BYTES] for at in range(0, width * HASH_BYTES, HASH_BYTES)]


class Edge:
    """The right edge of a tree in tiles: the incomplete tile of each level and the incomplete bundle."""

    __slots__ = ("_bundle", "_levels", "size")

    def __init__(self, size: int = 0, read: Callable[[str], bytes] | None = None) -> None:
        """The edge at `size`, from the files that `read` gives by path. Raises TileError, and what `read` raises."""
        self.size = size
        self._levels: list[list[bytes]] = [[]]
        self._bundle: list[bytes] = []
        if not size or read is None:
            return
        self._levels = []
        for level in range((size.bit_length() - 1) // HEIGHT + 1):
            count = size >> HEIGHT * level
            width = count % WIDTH
            self._levels.append(
                read_tile(read(tile_path(level, count // WIDTH, width)), width) if width else []
            )
        if width := size % WIDTH:
            self._bundle = read_bundle(read(tile_path("entries", size // WIDTH, width)), width)

    def range(self) -> CompactRange:
        """The compact range at this size."""
        subtrees: list[CompactRange] = []
        for hashes in reversed(self._levels):
            part = CompactRange()
            part.extend(hashes)
            subtrees.append(part)
        return CompactRange(self.size, list(chain.from_iterable(part.nodes for part in subtrees)))

    def add(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Adds a leaf; yields the files that it makes full, by path."""
        self._bundle.append(data)
        if len(self._bundle) == WIDTH:
            yield tile_path("entries", self.size // WIDTH), bundle(self._bundle)
            self._bundle = []
        node, level = leaf_hash(data), 0
        self.size += 1
        while True:
            if level == len(self._levels):
                self._levels.append([])
            hashes = self._levels[level]
            hashes.append(node)
            if len(hashes) < WIDTH:
                return
            yield tile_path(level, (self.size >> HEIGHT * level) // WIDTH - 1), b"".join(hashes)
            self._levels[level], node, level = [], root_of(hashes), level + 1

    def partial(self) -> Iterator[tuple[str, bytes]]:
        """The files of the incomplete tiles and bundle at this size."""
        if self._bundle:
            path = tile_path("entries", self.size // WIDTH, len(self._bundle))
            yield path, bundle(self._bundle)
        for level, hashes in enumerate(self._levels):
            if hashes:
                index = (self.size >> HEIGHT * level) // WIDTH
                yield tile_path(level, index, len(hashes)), b"".join(hashes)
