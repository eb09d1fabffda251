"""The recovery copy: the whole keyring, encrypted to age recipients (age-encryption.org/v1), kept far from the machine.

What it decrypts to is a keyring, with a code beside the keys that stands nowhere else: whoever gives the code back has
shown that the copy can be decrypted. Beside the keyring a note of mode 0600 says which keys were copied, the SHA-256 of
the code (64 random bits), and whether it was given back.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyrage

from madoguchi.lib.keyring import PURPOSES, KeyringError, load, sync_folder
from madoguchi.lib.keyring_editing import listed, locked, read_whole, write_privately

CODE_FIELD = "confirm-recovery"
IDENTITY = "AGE-SECRET-KEY-"


class RecoveryError(Exception):
    """The recovery copy can't be made or read as asked; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What the note says of one copy: its day, the ids of the keys in it, and when its code was given back."""

    made: date
    keys: frozenset[str]
    confirmed: date | None


def known_recipients(recipients: Sequence[str]) -> list[Any]:
    """Recipients as age's library takes them, from `age1…` or an SSH public key each. Raises RecoveryError."""
    return [_recipient(one) for one in recipients]


def recovery_copy(path: Path, recipients: Sequence[str], today: date) -> bytes:
    """The keyring encrypted to these recipients, in ASCII armour, and noted as not confirmed yet.

    Recipients are as for `known_recipients`. Raises RecoveryError, KeyringError.
    """
    known = known_recipients(recipients)
    code = "-".join(secrets.token_hex(2) for _ in range(4))
    whole = read_whole(path) | {CODE_FIELD: code}
    sealed = pyrage.encrypt(json.dumps(whole, indent=1).encode("ascii"), known, armored=True)
    _note(path, today, [_name(row) for row in whole["keys"]], code)
    return bytes(sealed)


def confirm(path: Path, code: str, today: date) -> None:
    """Notes that the last copy was decrypted, which `code` shows. Raises RecoveryError where it is not its code."""
    with locked(path.parent):
        note = _read_note(path)
        last = note[-1] if note else None
        if last is None or not hmac.compare_digest(last["code_sha256"], _digest(code)):
            raise RecoveryError(
                "This is not the code of the last recovery copy. Decrypt that copy and read it there."
            )
        # Earlier copies say nothing more: this one holds the same keys and newer ones.
        _write_note(path, [last | {"confirmed": today.isoformat()}])


def copies(path: Path) -> Sequence[Copy]:
    """What is known of recovery copies, oldest first. Raises KeyringError where the note is damaged."""
    try:
        return [
            Copy(
                made=date.fromisoformat(row["made"]),
                keys=frozenset(row["keys"]),
                confirmed=date.fromisoformat(row["confirmed"]) if row["confirmed"] else None,
            )
            for row in _read_note(path)
        ]
    except (ValueError, KeyError, TypeError) as damaged:
        raise KeyringError(
            f"{_note_file(path)} is damaged. Delete it and make a new recovery copy."
        ) from damaged


def what_lacks(path: Path) -> str:
    """One sentence on what is missing in the recovery copy; empty where a confirmed one holds every key."""
    there = {f"{key.purpose}:{key.id}" for key in listed(path)}
    found = copies(path)
    if not found:
        return "There is no recovery copy of the keyring. Make one with `madoguchi keys export-recovery`."
    confirmed = [one for one in found if one.confirmed]
    if not confirmed:
        return (
            f"The recovery copy of {found[-1].made} was not confirmed. Decrypt it, and give its code to "
            "`madoguchi keys confirm-recovery`."
        )
    if not there <= confirmed[-1].keys:
        return f"The confirmed recovery copy of {confirmed[-1].made} lacks newer keys. Make and confirm a new one."
    return ""


def restore(path: Path, copy: bytes, identities: str) -> str:
    """Puts the keyring of a recovery copy in place where there is none; gives the copy's code.

    `identities`: the text of an age identity file. Raises RecoveryError, KeyringError.
    """
    if path.exists():
        raise RecoveryError(f"There is a keyring at {path} already; it stays. Move it away first.")
    known = [line.strip() for line in identities.splitlines() if line.startswith(IDENTITY)]
    if not known:
        raise RecoveryError(f"The identity file holds no line that begins with {IDENTITY}.")
    try:
        text = pyrage.decrypt(copy, [pyrage.x25519.Identity.from_str(one) for one in known])
        whole = json.loads(text)
        code = whole.pop(CODE_FIELD)
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise RecoveryError(
            "This identity does not open the copy. Use the one that it was made for."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RecoveryError("What the copy decrypts to is no keyring of Madoguchi.") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    checked = path.with_name(f".{path.name}.restored")
    write_privately(checked, json.dumps(whole, indent=1))
    try:
        load(checked, PURPOSES)
        os.link(checked, path)  # unlike a rename, it never replaces one that came meanwhile
    finally:
        checked.unlink()
    sync_folder(path.parent)
    return str(code)


def _recipient(text: str) -> Any:
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise RecoveryError(
            f"“{text[:80]}” is no age recipient. Write it as age1…, or an SSH public key."
        ) from None


def _name(row: dict[str, str]) -> str:
    return f"{row['purpose']}:{row['id']}"


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().lower().encode("utf-8")).hexdigest()


def _note_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.recovery")


def _note(path: Path, today: date, keys: Sequence[str], code: str) -> None:
    row = {"made": today.isoformat(), "keys": list(keys), "code_sha256": _digest(code), "confirmed": None}
    with locked(path.parent):
        # A copy that was confirmed counts until the new one is.
        kept = [one for one in _read_note(path) if one["confirmed"]]
        _write_note(path, [*kept, row])


def _read_note(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(_note_file(path).read_text(encoding="ascii"))["copies"]
        return [dict(row) for row in rows]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError) as damaged:
        raise KeyringError(
            f"{_note_file(path)} is damaged. Delete it and make a new recovery copy."
        ) from damaged


def _write_note(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    write_privately(_note_file(path), json.dumps({"copies": list(rows)}, indent=1))
