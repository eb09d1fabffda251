"""Changing the keyring while it is in use: a new key, or one less; whoever reads it sees the old file or the new.

The new file is written beside the old, synced, and renamed over it (rename(2) is atomic); changes wait for each
other by a lock on the folder. A process that is killed leaves the old keyring, and perhaps a file `.NAME.new` that the
next change writes over.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from madoguchi.lib.keyring import PURPOSES, KeyringError, load, new_row, sync_folder

Whole = dict[str, Any]
"""The keyring's JSON, checked."""


@dataclass(frozen=True, slots=True)
class ListedKey:
    """What may be said of a key: everything but its secret. `current`: it is the one that seals now."""

    purpose: str
    id: str
    made: date
    current: bool


def listed(path: Path) -> Sequence[ListedKey]:
    """Every key of the keyring in its order, without secrets. Raises KeyringError."""
    rows = read_whole(path)["keys"]
    last = {row["purpose"]: row["id"] for row in rows}
    return [
        ListedKey(row["purpose"], row["id"], _day(row), last[row["purpose"]] == row["id"]) for row in rows
    ]


def add_key(path: Path, purpose: str, now: datetime) -> str:
    """Adds a key that is current from now on; gives its id once it would survive a loss of power.

    Raises KeyringError where the keyring can't be changed; then it is as it was.
    """
    if purpose not in PURPOSES:
        raise KeyringError(f"There is no purpose “{purpose}”. The keyring's are: {', '.join(PURPOSES)}.")
    with _changing(path) as whole:
        taken = {row["id"] for row in whole["keys"]}
        row = new_row(purpose, now)
        while row["id"] in taken:
            row = new_row(purpose, now)
        whole["keys"].append(row)
    return row["id"]


def drop_keys(path: Path, purpose: str, ids: Sequence[str]) -> None:
    """Takes former keys out for good. Raises KeyringError; the current key of a purpose is never taken out."""
    with _changing(path) as whole:
        current = next((row["id"] for row in reversed(whole["keys"]) if row["purpose"] == purpose), None)
        if current in ids:
            raise KeyringError(f"The key {current} ({purpose}) is current. Rotate it first.")
        whole["keys"] = [row for row in whole["keys"] if row["purpose"] != purpose or row["id"] not in ids]


def read_whole(path: Path) -> Whole:
    """The keyring's JSON as it stands, checked as `load` checks it. Raises KeyringError."""
    load(path, PURPOSES)
    whole: Whole = json.loads(path.read_text(encoding="ascii"))
    return whole


def write_privately(path: Path, text: str) -> None:
    """Puts a file of mode 0600 in place of what is at `path`, whole or not at all, and syncs it. Raises OSError."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)  # what a killed process left
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    sync_folder(path.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Alone among those that change a file in this folder; ends with the process. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _changing(path: Path) -> Iterator[Whole]:
    """The keyring to change; what it was changed to stands in its place afterwards."""
    path = path.resolve()  # a link keeps leading where it led
    try:
        with locked(path.parent):
            whole = read_whole(path)
            if path.stat().st_uid != os.geteuid():
                # The new file would be this user's, and the service could not read it.
                raise KeyringError(f"The keyring at {path} belongs to another user. Run this as that user.")
            yield whole
            write_privately(path, json.dumps(whole, indent=1))
    except OSError as refused:
        raise KeyringError(f"The keyring at {path} can't be changed here: {refused.strerror}.") from refused


def _day(row: dict[str, str]) -> date:
    try:
        return date.fromisoformat(row["made"])
    except (KeyError, TypeError, ValueError):
        raise KeyringError(
            f"The key {row['id']} does not say when it was made. Write its day as “made”."
        ) from None
