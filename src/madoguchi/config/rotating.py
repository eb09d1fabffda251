"""Rotating a purpose's key while everything runs: a new key, what was sealed carried over, the former key dropped.

Every step may be cut off and begun again: the keyring says whether a rotation is under way (a purpose has two keys),
and every row and spooled mail names the wrap key that it needs.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from madoguchi.audit.actions import OPERATOR
from madoguchi.intake import spool
from madoguchi.lib.followed import NOTICED_WITHIN
from madoguchi.lib.keyring_editing import ListedKey, add_key, drop_keys, listed
from madoguchi.vault.queries import wrapped_under
from madoguchi.vault.rotation import note_key, rewrap_some

ROTATED = ("wrap", "sessions")
NOT_ROTATED = {
    "index": "The index key can't be rotated in this release: replies and senders are found by what it made, and "
    "a second index beside the first is needed for that. Nothing was changed.",
}
KEPT_FOR = timedelta(days=2)
"""How long a former key is kept at least: longer than any transaction, any session and any spooled mail lasts."""
Say = Callable[[str], object]


class RotationError(Exception):
    """This key can't be rotated now; the sentence says why, and nothing was changed."""


def rotate(path: Path, purpose: str, *, say: Say) -> None:
    """Adds a key, or goes on where a rotation was cut off. Raises RotationError, KeyringError."""
    _refuse_others(purpose)
    former = former_keys(path, purpose)
    if former:
        say(f"A rotation of {purpose} is under way and goes on.")
    else:
        key_id = add_key(path, purpose, datetime.now(UTC))
        note_key(actor=OPERATOR, now=datetime.now(UTC), deed="added key", purpose=purpose, key_id=key_id)
        say(f"The key {key_id} ({purpose}) is current from now on.")
        former = former_keys(path, purpose)
        time.sleep(2 * NOTICED_WITHIN)  # then every process wraps with it, and little is left to come
    if purpose == "wrap":
        rewrap_all([key.id for key in former], say)
    say(
        f"The former key goes by `madoguchi keys rotate {purpose} --finish`, from {may_go(path, purpose)} on."
    )


def finish(path: Path, purpose: str, *, home: Path, at_once: bool, say: Say) -> None:
    """Drops the former keys once nothing needs them. Raises RotationError, KeyringError."""
    _refuse_others(purpose)
    former = [key.id for key in former_keys(path, purpose)]
    if not former:
        raise RotationError(f"No rotation of {purpose} is under way, so there is no key to drop.")
    if at_once and purpose != "sessions":
        raise RotationError(
            "Only sessions can be ended at once: without its wrap key what was sealed is lost."
        )
    if not at_once and datetime.now(UTC).date() < may_go(path, purpose):
        raise RotationError(f"The former key of {purpose} may go from {may_go(path, purpose)} on.")
    if purpose == "wrap":
        rewrap_all(former, say)
        _refuse_needed(former, home)
    for key_id in former:
        note_key(actor=OPERATOR, now=datetime.now(UTC), deed="dropping key", purpose=purpose, key_id=key_id)
    drop_keys(path, purpose, former)
    say(f"Dropped: {', '.join(former)} ({purpose}).")


def rewrap_all(former: Sequence[str], say: Say) -> None:
    """Carries every data key over to the current wrap key; says how many, and those that don't open."""
    done, damaged = 0, set[UUID]()
    while True:
        batch = rewrap_some(actor=OPERATOR, now=datetime.now(UTC), former=former, passing=damaged)
        done += batch.done
        damaged.update(batch.damaged)
        if not batch.found:
            break
        if not batch.done and not batch.damaged:
            time.sleep(NOTICED_WITHIN)  # all that is left is being worked on
    say(f"{done} data keys were wrapped anew.")
    if damaged:
        say(f"{len(damaged)} data keys do not open under the key that they name; they were left as they are.")


def former_keys(path: Path, purpose: str) -> list[ListedKey]:
    """The keys of a purpose that are not current any more, oldest first. Raises KeyringError."""
    return [key for key in listed(path) if key.purpose == purpose and not key.current]


def may_go(path: Path, purpose: str) -> date:
    """The day from which the former keys of a purpose may be dropped."""
    current = next(key for key in listed(path) if key.purpose == purpose and key.current)
    return current.made + KEPT_FOR


def status_lines(path: Path, home: Path) -> list[str]:
    """Every key without its secret, what needs it, and what can be done about former ones."""
    counts, spooled = wrapped_under(), spool.wrap_keys_named(home / spool.FOLDER)
    lines = []
    for key in listed(path):
        words = [key.purpose.ljust(8), key.id, str(key.made), "current" if key.current else "former "]
        if key.purpose == "wrap":
            words.append(f"{counts.get(key.id, 0)} data keys, {spooled.get(key.id, 0)} spooled mails")
        if not key.current:
            words.append(f"may go from {may_go(path, key.purpose)} on, once nothing needs it")
        lines.append("  ".join(words))
    known = {key.id for key in listed(path) if key.purpose == "wrap"}
    lines += [
        f"LACKING   {kek}: {count} data keys need this wrap key. Put the right keyring in place."
        for kek, count in counts.items()
        if kek not in known
    ]
    return lines


def _refuse_others(purpose: str) -> None:
    if purpose not in ROTATED:
        raise RotationError(
            NOT_ROTATED.get(purpose, f"Keys of the purpose {purpose} are not rotated by this release.")
        )


def _refuse_needed(former: Sequence[str], home: Path) -> None:
    counts, spooled = wrapped_under(), spool.wrap_keys_named(home / spool.FOLDER)
    for key_id in former:
        if counts.get(key_id) or spooled.get(key_id):
            raise RotationError(
                f"The key {key_id} is still needed by {counts.get(key_id, 0)} data keys and "
                f"{spooled.get(key_id, 0)} spooled mails, so it stays. See `madoguchi keys status`."
            )
