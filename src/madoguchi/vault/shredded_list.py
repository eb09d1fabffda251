"""The list of shredded data keys: beside the keyring and in no backup, so that a restored backup forgets again.

One id a line, only ever added to. A line that a killed process left half written is passed over.
"""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from madoguchi.vault.models import DataKey

__all__ = ["add", "add_all", "list_file", "listed"]


def list_file(keyring_file: Path) -> Path:
    """Where the list of this keyring stands."""
    return keyring_file.with_name(f"{keyring_file.name}.shredded")


def add(file: Path, key_ids: Iterable[UUID]) -> None:
    """Adds ids; when this returns they would survive a loss of power. Raises OSError."""
    lines = "".join(f"{key_id}\n" for key_id in key_ids)
    if not lines:
        return
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+b") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        torn = out.seek(0, os.SEEK_END) and os.pread(out.fileno(), 1, out.tell() - 1) != b"\n"
        out.write((b"\n" if torn else b"") + lines.encode("ascii"))
        out.flush()
        os.fsync(out.fileno())


def add_all(file: Path) -> int:
    """Adds every shredded key of the database that the list lacks; how many. Raises OSError."""
    there = set(DataKey.objects.filter(wrapped__isnull=True).values_list("pk", flat=True))
    lacking = there - listed(file)
    add(file, sorted(lacking))
    return len(lacking)


def listed(file: Path) -> set[UUID]:
    """The ids in the list; none where there is no list yet. Raises OSError."""
    if not file.exists():
        return set()
    found = set[UUID]()
    for line in file.read_text(encoding="ascii", errors="replace").splitlines():
        try:
            found.add(UUID(line))
        except ValueError:
            continue  # half a line, of a process that was killed; its keys come again by add_all
    return found
