"""The commands `madoguchi backup` and `madoguchi restore`: a copy while all runs, and the proof that it restores."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, ProgrammingError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from madoguchi.audit.actions import OPERATOR
from madoguchi.config import backup_files as files
from madoguchi.config import backup_stores as stores
from madoguchi.config.backup_files import BackupError, Manifest
from madoguchi.config.programs import ProgramError
from madoguchi.config.setup import SEALED
from madoguchi.intake.accepting import LABEL
from madoguchi.intake.queries import blobs_named
from madoguchi.lib import keyring
from madoguchi.lib.keyring import make_folder
from madoguchi.vault.rotation import note_copy
from madoguchi.vault.scheme import NotOpenedError, Place, WrappedKey, Wrapper
from madoguchi.vault.shredded_list import add_all, list_file, listed

SAMPLE = 50
_EXAMPLE = """\
example:
  madoguchi backup /mnt/backup
  madoguchi backup verify /mnt/backup
  madoguchi restore /mnt/backup
"""


def backup(argv: list[str]) -> int:
    """`madoguchi backup DIR`, `madoguchi backup verify DIR`."""
    parser = _parser(
        "backup", "A consistent copy while running, never with the keys; and the proof that it restores."
    )
    parser.add_argument("words", nargs="+", metavar="[verify] DIR")
    words = parser.parse_args(argv).words
    if len(words) == 2 and words[0] == "verify":
        return _said("backup", lambda: verify(Path(words[1])))
    if len(words) != 1:
        parser.error("name one folder")
    return _said("backup", lambda: make(Path(words[0]), datetime.now(UTC)))


def restore(argv: list[str]) -> int:
    """`madoguchi restore DIR`."""
    parser = _parser(
        "restore", "Puts the newest backup of a folder, or one that is named, into an empty home."
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    given = parser.parse_args(argv)
    return _said("restore", lambda: put_in_place(given.folder))


def _parser(name: str, says: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"madoguchi {name}",
        description=says,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _said(name: str, deed: Callable[[], str]) -> int:
    try:
        sys.stdout.write(f"{deed()}\n")
    except (BackupError, ProgramError, keyring.KeyringError) as refused:
        sys.stderr.write(f"madoguchi {name}: {refused}\n")
        return os.EX_DATAERR
    except OSError as refused:
        sys.stderr.write(f"madoguchi {name}: {refused.filename}: {refused.strerror}.\n")
        return os.EX_IOERR
    except (OperationalError, ProgrammingError):
        sys.stderr.write(f"madoguchi {name}: the database does not answer, or has no tables yet.\n")
        return os.EX_TEMPFAIL
    return os.EX_OK


def make(root: Path, now: datetime) -> str:
    """Makes one backup below `root`; gives a sentence. Raises BackupError, ProgramError, OSError."""
    if root.absolute().is_relative_to(settings.HOME) or list_file(settings.KEYRING).is_relative_to(
        root.absolute()
    ):
        raise BackupError("Keep backups apart from the home and from the keyring: name another folder.")
    folder = root / files.stamp_of(now)
    make_folder(root.absolute())
    folder.mkdir(mode=0o700)
    note_copy(actor=OPERATOR, now=now, name=folder.name)
    add_all(list_file(settings.KEYRING))
    copied = stores.copy_database(folder / files.DATABASE, root / files.KEYS / f"{folder.name}.jsonl")
    # After the database: a blob is durable before the row that names it.
    count = _copy_blobs(root, folder)
    names = (files.DATABASE, files.BLOBS)
    manifest = Manifest(
        format=files.FORMAT,
        release=version("madoguchi"),
        store=connection.vendor,
        made=now.isoformat(),
        counts=copied.counts,
        migrations=copied.migrations,
        files={name: files.digest_of(folder / name) for name in names},
    )
    files.write_manifest(folder, manifest)
    return f"{folder}: {sum(copied.counts.values())} rows, {count} blobs. Prove it: madoguchi backup verify {root}"


def _copy_blobs(root: Path, folder: Path) -> int:
    lines, known = [], files.known_digests(root)
    for blob in blobs_named():
        try:
            digest = files.copy_blob(settings.HOME / "blobs", root / "blobs", blob.hex, known.get(blob.hex))
        except FileNotFoundError:
            continue  # its draft ended after the rows were read; verify finds one that an arrival needs
        lines.append(f"{blob.hex} {digest}\n".encode("ascii"))
    files.write_file(folder / files.BLOBS, lines)
    return len(lines)


def verify(root: Path) -> str:
    """Restores a backup into a fresh place, counts, and opens a sample. Raises BackupError, ProgramError."""
    folder, manifest = _checked(root)
    blobs = {name for name, _ in files.blobs_of(folder)}
    make_folder(settings.HOME)
    # In the home, not beside the backup: content and keys stand together there for a moment.
    with (
        tempfile.TemporaryDirectory(prefix=".verify-", dir=settings.HOME) as room,
        stores.fresh_place(Path(room)) as place,
    ):
        opened = _fill(place, folder, manifest, blobs)
    return (
        f"{folder} restores: {sum(manifest.counts.values())} rows, {len(blobs)} blobs, {opened} mails opened."
    )


def put_in_place(root: Path) -> str:
    """Restores a backup into an empty home and an empty database. Raises BackupError, ProgramError, KeyringError."""
    folder, manifest = _checked(root)
    home = settings.HOME
    if any((home / name).exists() for name in SEALED):
        raise BackupError(
            f"{home} holds data already; nothing was changed. Name an empty home in MADOGUCHI_HOME."
        )
    keyring.load(settings.KEYRING, ("wrap",)).current("wrap")
    make_folder(home)
    stores.refuse_unless_empty(connection)
    try:
        blobs = set()
        for name, _ in files.blobs_of(folder):
            files.copy_blob(folder.parent / "blobs", home / "blobs", name, None)
            blobs.add(name)
        with stores.final_place() as place:
            _fill(place, folder, manifest, blobs)
    except BaseException:
        shutil.rmtree(home / "blobs", ignore_errors=True)  # the home was empty, and is again
        raise
    return f"Restored {folder} into {home}. Now: madoguchi upgrade, madoguchi doctor, madoguchi run"


def _checked(root: Path) -> tuple[Path, Manifest]:
    """The backup that `root` names, or the newest in it, if it is whole and for this store and release."""
    root = root.absolute()
    folder = root if files.STAMP.fullmatch(root.name) else files.newest(root)
    manifest = files.read_manifest(folder)
    if manifest.store != connection.vendor:
        raise BackupError(
            f"{folder} was made on {manifest.store}. Name such a store in MADOGUCHI_DATABASE_URL."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if not set(manifest.migrations) <= known:
        raise BackupError(
            f"{folder} was made by a newer release ({manifest.release}). Put that one in place first."
        )
    return folder, manifest


def _fill(place: BaseDatabaseWrapper, folder: Path, manifest: Manifest, blobs: set[str]) -> int:
    """Puts the rows into `place`, and compares: how many mails of a sample opened."""
    held = keyring.load(settings.KEYRING, ("wrap",))
    gone = listed(list_file(settings.KEYRING))
    rows = files.read_keys(files.keys_for(folder))
    stores.put_back(place, folder / files.DATABASE, rows, gone, datetime.now(UTC))
    there, told = stores.counts_in(place), manifest.counts
    for table in sorted({*there, *told}):
        here, then = there.get(table, -1), told.get(table, -1)
        # A later file of keys may hold more of them.
        if here != then and not (table == stores.TABLE and here > then):
            raise BackupError(
                f"{folder} restores {here} rows of {table} instead of {then}. Take another backup."
            )
    with place.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT kek FROM {stores.TABLE} WHERE wrapped IS NOT NULL")  # noqa: S608 -- a constant
        for (kek,) in cursor.fetchall():
            held.named("wrap", kek)  # a key that was dropped since is in the recovery copy of its time
        cursor.execute("SELECT blob FROM intake_arrival WHERE blob IS NOT NULL")
        lacking = {UUID(str(blob)).hex for (blob,) in cursor.fetchall()} - blobs
        if lacking:
            raise BackupError(f"{folder} lacks {len(lacking)} blobs that arrivals need. Take another backup.")
        return _open_sample(cursor, Wrapper(held), folder)


def _open_sample(cursor: object, wrapper: Wrapper, folder: Path) -> int:
    cursor.execute(  # type: ignore[attr-defined]  # Django's wrapper, of either store
        f"SELECT a.id, a.envelope, k.id, k.kek, k.wrapped FROM intake_arrival a JOIN {stores.TABLE} k"  # noqa: S608
        f" ON k.id = a.data_key WHERE k.wrapped IS NOT NULL ORDER BY a.id DESC LIMIT {SAMPLE}"
    )
    rows = cursor.fetchall()  # type: ignore[attr-defined]  # as above
    for arrival, envelope, key_id, kek, wrapped in rows:
        try:
            key = wrapper.unwrap(WrappedKey(UUID(str(key_id)), kek, bytes(wrapped)))
            key.open(Place(LABEL, UUID(str(arrival)), "envelope"), bytes(envelope))
        except NotOpenedError:
            raise BackupError(
                f"An arrival in {folder} does not open. Take another backup or its keyring."
            ) from None
    return len(rows)
