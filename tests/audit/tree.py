"""A log with entries in a tree, for tests: how it is filled, sequenced and written outside."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from madoguchi.audit.actions import WORKER, Deed, Publisher, Sequencer, record
from madoguchi.audit.models import Entry, Leaf
from madoguchi.audit.signed_note import open_note, public_of, read_checkpoint
from madoguchi.audit.tile_folder import leaves_beside, tree_beside
from madoguchi.audit.verifying import Outside, Verified, verify
from madoguchi.lib import keyring
from madoguchi.lib.verbs import verb

ORIGIN = "csirt.example/audit"


@verb
def deeds(*, now: datetime, count: int = 1, verb_: str = "received") -> None:
    record(actor=WORKER, now=now, deeds=[Deed(verb_, "report", f"{n}") for n in range(count)])


def sequenced(now: datetime, *, batch: int = 1000) -> int:
    """Everything into the tree; gives how many entries."""
    sequencer, total = Sequencer(batch), 0
    while done := sequencer.step(now):
        total += done
    return total


def filled(now: datetime, count: int) -> None:
    """`count` more entries, each of its own moment, in the tree."""
    for n in range(count):
        deeds(now=now + timedelta(seconds=n))
    sequenced(now)


def keys() -> keyring.Keyring:
    return keyring.load(settings.KEYRING, ("audit",))


def publics() -> tuple[bytes, ...]:
    return tuple(public_of(key.secret) for key in keys().keys["audit"])


def publisher(folder: Path | None) -> Publisher:
    return Publisher(origin=ORIGIN, keys=keys(), every=timedelta(minutes=10), folder=folder)


def outside(file: Path, *, tree: bool = True) -> Outside:
    """The checkpoint in this file, with what lies beside it or, without `tree`, alone."""
    told = read_checkpoint(open_note(file.read_text(encoding="utf-8"), any_name=publics()))
    return Outside(told, leaves_beside(tree_beside(file), told) if tree else None)


def checked(file: Path | None = None, *, tree: bool = True) -> Verified:
    return verify(publics=publics(), outside=outside(file, tree=tree) if file else None)


def named(found: Verified) -> list[tuple[str, int | None]]:
    return [(one.kind, one.entry) for one in found.findings]


def ids() -> list[int]:
    return list(Entry.objects.order_by("id").values_list("id", flat=True))


def places() -> list[tuple[int, int]]:
    return list(Leaf.objects.order_by("leaf_index").values_list("leaf_index", "entry_id"))
