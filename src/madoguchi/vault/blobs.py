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

    def get(self, blob: UUID) -> Iterator[bytes]:
        """The bytes in pieces. Raises BlobMissingError."""

    def remove(self, blob: UUID) -> None:
        """Forgets the blob; one that is not there is no error."""


class FolderStore:
    """Blobs as files of mode 0600 below one folder, in 256 subfolders by the id's last byte (the random end)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, blob: UUID, pieces: Iterable[bytes]) -> None:
        folder = self._folder(blob)
        make_folder(folder)
        path = folder / blob.hex
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink()  # half a blob helps nobody, and the disk may be full
            raise
        sync_folder(folder)

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
