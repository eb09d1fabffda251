"""The spool: where `receive` leaves a mail when an MTA pipes it in, sealed, before a worker takes it over.

Standard library and the vault's scheme only: `receive` must start, seal, sync and end within 150 ms, so it opens
no database. A file is one mail: a line of JSON (id, time, data key id, wrap key id, wrapped data key), then the
sealed stream of envelope line and raw bytes. The name is the arrival's id, so a file taken over twice is one arrival.
"""

import base64
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from madoguchi.intake.incoming import Envelope, Incoming
from madoguchi.lib.ids import new_id
from madoguchi.lib.keyring import Keyring, make_folder, sync_folder
from madoguchi.vault.scheme import Place, VaultError, WrappedKey, Wrapper

LABEL = "intake.spool"
FOLDER = "spool"
READ = 1 << 18


class SpoolFileError(VaultError):
    """A file in the spool is damaged. It stays there; look at it with the operator."""


def leave(folder: Path, keyring: Keyring, envelope: Envelope, raw: bytes, now: datetime) -> UUID:
    """Seals a mail into the spool; when this returns it would survive a loss of power. Raises OSError, KeyringError."""
    arrival = new_id(now)
    key, stored = Wrapper(keyring).make(new_id(now))
    head = {
        "id": str(arrival),
        "at": now.isoformat(),
        "data_key": str(stored.id),
        "kek": stored.kek,
        "wrapped": base64.b64encode(stored.wrapped).decode("ascii"),
    }
    body = (envelope.to_json().encode() + b"\n", raw)
    make_folder(folder)
    new, final = folder / f".{arrival.hex}.new", folder / arrival.hex
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(head).encode("ascii") + b"\n")
            file.writelines(key.seal_stream(Place(LABEL, arrival, "mail"), body))
            file.flush()
            os.fsync(file.fileno())
        new.rename(final)
    except BaseException:
        new.unlink(missing_ok=True)  # half a mail helps nobody, and the disk may be full
        raise
    sync_folder(folder)
    return arrival


def waiting(folder: Path) -> list[Path]:
    """The mails in the spool, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def wrap_keys_named(folder: Path) -> Counter[str]:
    """How many files of the spool, those put aside among them, need each wrap key, by its id."""
    named = Counter[str]()
    for path in (one for one in folder.rglob("*") if one.is_file()):
        # One that a worker takes meanwhile is no longer here; one that is damaged, no key opens.
        with (
            suppress(FileNotFoundError, ValueError, KeyError, TypeError, RecursionError),
            path.open("rb") as file,
        ):
            named[str(json.loads(file.readline())["kek"])] += 1
    return named


def take(path: Path, wrapper: Wrapper) -> Incoming:
    """Opens one spooled mail; the file stays. Raises SpoolFileError, VaultError, KeyringError."""
    with path.open("rb") as file:
        try:
            head = json.loads(file.readline())
            arrival, at = UUID(head["id"]), datetime.fromisoformat(head["at"]).astimezone(UTC)
            stored = WrappedKey(UUID(head["data_key"]), head["kek"], base64.b64decode(head["wrapped"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as damaged:
            raise SpoolFileError(SpoolFileError.__doc__) from damaged
        key = wrapper.unwrap(stored)
        whole = b"".join(key.open_stream(Place(LABEL, arrival, "mail"), _pieces(file)))
    line, _, raw = whole.partition(b"\n")
    try:
        envelope = Envelope.from_json(line)
    except (ValueError, KeyError, TypeError) as damaged:
        raise SpoolFileError(SpoolFileError.__doc__) from damaged
    return Incoming(id=arrival, received_at=at, envelope=envelope, raw=raw)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(READ):
        yield piece
