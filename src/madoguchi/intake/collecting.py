"""Taking the spool over: each file becomes an arrival, and goes when that is durable."""

import logging
from collections.abc import Sequence
from pathlib import Path

from madoguchi.intake import spool
from madoguchi.intake.accepting import store
from madoguchi.intake.incoming import Incoming
from madoguchi.lib.keyring import KeyringError
from madoguchi.lib.logs import error_class
from madoguchi.vault.actions import VaultError, wrapper

log = logging.getLogger(__name__)
BATCH = 50
DAMAGED = "damaged"


def collect_spool(folder: Path) -> int:
    """Stores up to BATCH spooled mails as arrivals. A damaged file is put aside, in `damaged`, and said."""
    taken: list[tuple[Path, Incoming]] = []
    waiting = [one for one in spool.waiting(folder) if one.is_file()][:BATCH]
    if not waiting:
        return 0
    held = wrapper.fresh()  # `receive` reads the keyring each time, so it has a new key before us
    for path in waiting:
        try:
            taken.append((path, spool.take(path, held)))
        except (VaultError, KeyringError) as error:  # a key that this one file names and the keyring lacks
            _put_aside(path, error)
    _store([incoming for _, incoming in taken])
    for path, _ in taken:
        path.unlink(missing_ok=True)
    return len(taken)


def _store(incoming: Sequence[Incoming]) -> None:
    if incoming:
        store(incoming)


def _put_aside(path: Path, error: Exception) -> None:
    aside = path.parent / DAMAGED
    aside.mkdir(mode=0o700, exist_ok=True)
    path.rename(aside / path.name)
    log.error(
        "Spooled mail %s can't be opened and was put aside in %s (%s)", path.name, DAMAGED, error_class(error)
    )
