"""Where sealed blobs too large for a row are kept. They are sealed before they come here."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol
from uuid import UUID

from madoguchi.lib.keyring import make_folder, sync_folder
from madoguchi.vault.scheme import VaultError

READ = 1 << 18


class BlobMissingError(VaultError):
    """A sealed file that a row names is not in the blob store. Restore it from a backup."""


class BlobStore(Protocol):
    """What the vault asks of a blob store: a folder fills it here, an S3-compatible store can."""

    def put(self, blob: UUID, pieces: Iterable[bytes]) -> None:
        """Keeps the pieces under `blob`; returns only when they would survive a loss of power.

        A blob is written once: an id that is taken raises FileExistsError, and what is there stays.
        """

    def writer(self, blob: UUID) -> "BlobWriter":
        """As `put`, for what is pushed piece by piece."""

    def get(self, blob: UUID) -> Iterator[bytes]:
        """The bytes in pieces. Raises BlobMissingError."""

    def remove(self, blob: UUID) -> None:
        """Forgets the blob; one that is not there is no error."""


class BlobWriter(Protocol):
    """A blob that is being written: ends by `keep` or by `drop`."""

    def write(self, piece: bytes) -> None:
        """Adds a piece. Raises OSError, where the disk is full for one; then only `drop` makes sense."""

    def keep(self) -> None:
        """Returns only when the whole would survive a loss of power; drops it where that fails."""

    def drop(self) -> None:
        """Leaves nothing behind; after `keep` or a first `drop` it does nothing."""


class FolderStore:
    """Blobs as files of mode 0600 below one folder, in 256 subfolders by the id's last byte (the random end)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, blob: UUID, pieces: Iterable[bytes]) -> None:
        writer = self.writer(blob)
        try:
            for piece in pieces:
                writer.write(piece)
            writer.keep()
        finally:
            writer.drop()  # half a blob helps nobody, and the disk may be full

    def writer(self, blob: UUID) -> BlobWriter:
        folder = self._folder(blob)
        make_folder(folder)
        return _FileWriter(folder / blob.hex)

    def get(self, blob: UUID) -> Iterator[bytes]:
        try:
            file = (self._folder(blob) / blob.hex).open("rb")
        except FileNotFoundError as missing:
            raise BlobMissingError(BlobMissingError.__doc__) from missing
        with file:
            while piece := file.read(READ):
                yield piece

    def remove(self, blob: UUID) -> None:
        (self._folder(blob) / blob.hex).unlink(missing_ok=True)

    def _folder(self, blob: UUID) -> Path:
        return self._root / blob.hex[-2:]


class _FileWriter:
    """A blob's file while it is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open = True
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, piece: bytes) -> None:
        self._file.write(piece)

    def keep(self) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            sync_folder(self._path.parent)
        except BaseException:
            self.drop()
            raise
        self._open = False

    def drop(self) -> None:
        if not self._open:
            return
        self._open = False
        self._path.unlink(missing_ok=True)
        self._file.raw.close()  # not the buffer: what is in it would be written, to a disk that may be full
