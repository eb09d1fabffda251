"""The keyring: long-lived keys in one file of mode 0600, outside the data folder and the database.

A process asks for the purposes it needs and holds no other. The file is JSON::

    {"version": 1, "keys": [{"purpose": "wrap", "id": "k3f0…", "made": "2026-01-31", "key": "<base64>"}]}

Of each purpose the last key listed is current; earlier ones still open what they sealed.
"""

import base64
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

PURPOSES = ("wrap", "index", "links", "sessions", "audit")
KEY_BYTES = 32
VERSION = 1


class KeyringError(Exception):
    """The keyring can't be used. Check the file named in MADOGUCHI_KEYRING and who may read it."""


class KeyringMissingError(KeyringError):
    """There is no keyring at this place. Make one with `madoguchi init`, or set MADOGUCHI_KEYRING to where it is."""


@dataclass(frozen=True, slots=True)
class NamedKey:
    """One long-lived key; `id` is stored beside what the key sealed, `secret` is 32 bytes."""

    purpose: str
    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of the purposes that were asked for, oldest first."""

    keys: Mapping[str, Sequence[NamedKey]]

    def current(self, purpose: str) -> NamedKey:
        """The key that seals now. Raises KeyringError where the purpose was not asked for or has no key."""
        held = self.keys.get(purpose)
        if not held:
            raise KeyringError(f"The keyring holds no key for the purpose “{purpose}”.")
        return held[-1]

    def named(self, purpose: str, key_id: str) -> NamedKey:
        """The key of that id. Raises KeyringError where it is unknown."""
        for key in self.keys.get(purpose, ()):
            if key.id == key_id:
                return key
        raise KeyringError(f"The keyring lacks the key {key_id} ({purpose}). Put the right keyring in place.")


def load(path: Path, purposes: Iterable[str]) -> Keyring:
    """The named purposes' keys from the file at `path`.

    Raises KeyringError with a sentence when the file is missing, readable by others, or damaged.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except FileNotFoundError as missing:
        raise KeyringMissingError(
            f"There is no keyring at {path}. Make one with `madoguchi init`, or set MADOGUCHI_KEYRING."
        ) from missing
    except (OSError, UnicodeDecodeError) as unreadable:
        raise KeyringError(
            f"The keyring at {path} can't be read: {type(unreadable).__name__}."
        ) from unreadable
    if mode & 0o077:
        raise KeyringError(f"The keyring at {path} may be read by others. Run: chmod 600 {path}")
    try:
        version, found = _read(text, set(purposes))
    except (ValueError, KeyError, TypeError, RecursionError):
        # Without its cause: a parser's message may quote what it read, and that is keys.
        raise KeyringError(f"The keyring at {path} is damaged. Restore it from its recovery copy.") from None
    if version != VERSION:
        raise KeyringError(f"The keyring at {path} was written by another release of Madoguchi.")
    keys = [key for held in found.values() for key in held]
    if any(len(key.secret) != KEY_BYTES for key in keys):
        raise KeyringError(f"The keyring at {path} is damaged: a key has the wrong length.")
    if len({(key.purpose, key.id) for key in keys}) != len(keys):
        raise KeyringError(f"The keyring at {path} is damaged: two keys have one id.")
    return Keyring(found)


def _read(text: str, wanted: set[str]) -> tuple[object, dict[str, list[NamedKey]]]:
    """The format's version and the wanted keys; raises ValueError, KeyError or TypeError where it is no keyring."""
    whole = json.loads(text)
    found: dict[str, list[NamedKey]] = {purpose: [] for purpose in wanted}
    for row in whole["keys"]:
        if not isinstance(row["id"], str) or not row["id"]:
            raise ValueError("a key without an id")
        if row["purpose"] in wanted:
            key = NamedKey(row["purpose"], row["id"], base64.b64decode(row["key"], validate=True))
            found[key.purpose].append(key)
    return whole["version"], found


def make(path: Path, now: datetime) -> None:
    """Writes a new keyring with one key per purpose; refuses to overwrite (FileExistsError)."""
    rows = [new_row(purpose, now) for purpose in PURPOSES]
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump({"version": VERSION, "keys": rows}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def new_row(purpose: str, now: datetime) -> dict[str, str]:
    """A fresh key as the file holds it."""
    return {
        "purpose": purpose,
        "id": secrets.token_hex(4),
        "made": now.date().isoformat(),
        "key": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii"),
    }


def sync_folder(folder: Path) -> None:
    """Makes a new name in `folder` durable (fsync(2): a file's own sync does not cover its entry)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Makes a folder of mode 0700, and those above it that lack, each synced into the one above it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)
