"""What lies in a backup folder, and whether it is whole.

::

    DIR/20261124T013000Z/manifest.json   release, store, counts, and the SHA-256 of each file beside it; written last
                         database        the database without wrapped data keys (SQLite's file, or pg_dump's -Fc)
                         blobs.txt       every blob that belongs to it: id, SHA-256
    DIR/keys/20261124T013000Z.jsonl      the wrapped data keys of that moment, and a last line with their SHA-256
    DIR/blobs/ff/0123…ff                 blobs: written once, so copied once, for all backups
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from madoguchi.lib.keyring import make_folder, sync_folder

FORMAT = 1
MANIFEST, DATABASE, BLOBS = "manifest.json", "database", "blobs.txt"
KEYS = "keys"
STAMP = re.compile(r"\d{8}T\d{6}Z")
READ = 1 << 20


class BackupError(Exception):
    """The backup can't be made, or is not whole; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one backup is: `counts` by table, `migrations` as "app.name", `files` by name with their SHA-256."""

    format: int
    release: str
    store: str
    made: str
    counts: dict[str, int]
    migrations: list[str]
    files: dict[str, str]


def stamp_of(now: datetime) -> str:
    """The name of a backup made at this moment (UTC)."""
    return now.strftime("%Y%m%dT%H%M%SZ")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Makes the backup whole: what was written before it counts from now on."""
    write_file(folder / MANIFEST, [json.dumps(asdict(manifest), indent=1).encode()])


def newest(root: Path) -> Path:
    """The newest whole backup in a backup folder. Raises BackupError where there is none."""
    names = sorted(one.name for one in root.iterdir() if STAMP.fullmatch(one.name)) if root.is_dir() else []
    whole = [name for name in names if (root / name / MANIFEST).is_file()]
    if not whole:
        raise BackupError(
            f"There is no whole backup in {root}. Name the folder that `madoguchi backup` wrote to."
        )
    return root / whole[-1]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup whose files are as they were written. Raises BackupError."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BackupError(f"{folder} was not finished: it has no {MANIFEST}. Take an earlier one.") from None
    except (OSError, ValueError, TypeError):
        raise BackupError(f"{folder / MANIFEST} is damaged. Take an earlier backup.") from None
    if manifest.format != FORMAT:
        raise BackupError(f"{folder} was made by another release. Restore it with that one.")
    for name, digest in manifest.files.items():
        if not (folder / name).is_file() or digest_of(folder / name) != digest:
            raise BackupError(f"{folder / name} is missing or was altered. Take an earlier backup.")
    return manifest


def write_keys(file: Path, rows: Iterable[list[Any]]) -> int:
    """Writes the wrapped data keys with their own check; how many."""
    make_folder(file.parent)
    digest, count = hashlib.sha256(), 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for row in rows:
            line = json.dumps(row).encode() + b"\n"
            digest.update(line)
            count += 1
            yield line
        yield json.dumps({"count": count, "sha256": digest.hexdigest()}).encode() + b"\n"

    write_file(file, lines())
    return count


def read_keys(file: Path) -> Iterator[list[Any]]:
    """The rows of a file of keys; raises BackupError at the end where they are not what was written."""
    digest, count = hashlib.sha256(), 0
    try:
        with file.open("rb") as lines:
            for line in lines:
                row = json.loads(line)
                if isinstance(row, dict):
                    if row == {"count": count, "sha256": digest.hexdigest()}:
                        return
                    break
                digest.update(line)
                count += 1
                yield row
    except (OSError, ValueError):
        raise BackupError(f"{file} can't be read or is damaged. Take another file of keys.") from None
    raise BackupError(f"{file} is damaged or not whole. Take another file of keys.")


def keys_for(folder: Path) -> Path:
    """The newest file of keys that holds those of this backup: of its moment, or of any later one.

    No row of a data key is ever removed, so a later file holds them all, but for what was shredded since.
    """
    there = sorted((folder.parent / KEYS).glob("*.jsonl"))
    fitting = [one for one in there if one.stem >= folder.name]
    if not fitting:
        raise BackupError(
            f"{folder.parent / KEYS} has no keys of {folder.name} or later. Put such a file there."
        )
    return fitting[-1]


def known_digests(root: Path) -> dict[str, str]:
    """The SHA-256 of blobs as the last backup noted them: a blob never changes, so it is read once."""
    noted = sorted(root.glob(f"*/{BLOBS}"))
    lines = noted[-1].read_text(encoding="ascii").splitlines() if noted else []
    return dict(line.split(" ") for line in lines)


def copy_blob(source: Path, root: Path, name: str, known: str | None) -> str:
    """Copies one sealed blob unless it is there; gives its SHA-256. Raises FileNotFoundError where it is gone."""
    target = root / name[-2:] / name
    if target.is_file():
        return known or digest_of(target)
    with (source / name[-2:] / name).open("rb") as given:
        make_folder(target.parent)
        new = target.with_name(f".{name}.new")
        new.unlink(missing_ok=True)
        write_file(new, iter(lambda: given.read(READ), b""))
    new.rename(target)
    sync_folder(target.parent)
    return digest_of(target)


def blobs_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """The blobs of a backup, by name and place, each compared with its SHA-256. Raises BackupError."""
    for line in (folder / BLOBS).read_text(encoding="ascii").splitlines():
        name, _, digest = line.partition(" ")
        place = folder.parent / "blobs" / name[-2:] / name
        if not place.is_file() or digest_of(place) != digest:
            raise BackupError(f"The blob {place} is missing or was altered. Take another copy of it.")
        yield name, place


def digest_of(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with file.open("rb") as given:
        return hashlib.file_digest(given, "sha256").hexdigest()


def write_file(file: Path, pieces: Iterable[bytes]) -> None:
    """Writes a new file of mode 0600 and syncs it. Raises FileExistsError, OSError."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.writelines(pieces)
        out.flush()
        os.fsync(out.fileno())
    sync_folder(file.parent)
