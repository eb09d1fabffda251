"""Checkpoints: signed, kept, and written to a folder outside, where the log can't be made to have been another."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from madoguchi.audit import signed_note
from madoguchi.audit.leaves import leaf_data
from madoguchi.audit.models import Checkpoint, Leaf
from madoguchi.audit.sequencing import fields_of, head
from madoguchi.audit.tile_folder import NotContinuedError, TileFolder
from madoguchi.lib.keyring import Keyring
from madoguchi.lib.verbs import verb


@verb
def keep_checkpoint(*, now: datetime, size: int, note: str) -> bool:
    """Keeps a checkpoint; false where one of that size is kept already."""
    if Checkpoint.objects.filter(pk=size).exists():
        return False
    Checkpoint.objects.bulk_create([Checkpoint(size=size, note=note, at=now)], ignore_conflicts=True)
    return True


def make_checkpoint(*, now: datetime, origin: str, keys: Keyring) -> str:
    """A signed checkpoint of the tree as it is now; kept, unless one of this size was. Raises TreeLostError."""
    tree = head()
    tree.range()  # a head that does not fit is never signed
    said = signed_note.Checkpoint(origin, tree.size, tree.root)
    note = signed_note.sign(said.text(), name=origin, seed=keys.current("audit").secret)
    keep_checkpoint(now=now, size=tree.size, note=note)
    return note


def leaf_rows(start: int, stop: int) -> Iterator[bytes]:
    """The data of the leaves from one index up to another, made from their entries as they are now."""
    leaves = Leaf.objects.filter(leaf_index__gte=start, leaf_index__lt=stop).select_related("entry")
    for leaf in leaves.order_by("leaf_index").iterator():
        yield leaf_data(fields_of(leaf.entry))


def write_out(folder: Path, note: str, keys: Keyring) -> None:
    """Writes the tree up to this checkpoint into a folder that is there, on top of what it holds.

    Raises NotContinuedError where it does not continue that, NoteError and TileError where that is damaged.
    """
    target = TileFolder(folder)
    publics = tuple(signed_note.public_of(key.secret) for key in keys.keys["audit"])
    told = signed_note.read_checkpoint(note)
    last = target.newest()
    old = None if last is None else signed_note.read_checkpoint(signed_note.open_note(last, any_name=publics))
    if old is not None and (told.size < old.size or (told.size == old.size and told.root != old.root)):
        raise NotContinuedError(NotContinuedError.__doc__)
    key = signed_note.verifier_key(told.origin, signed_note.public_of(keys.current("audit").secret))
    target.write(old_size=old.size if old else 0, checkpoint=told, note=note, key=key, rows=leaf_rows)


class Publisher:
    """Makes a checkpoint every so often and sees that the folder outside has the newest one.

    What was kept and not written, because the worker was killed or the folder was away, is written at the next step.
    """

    def __init__(self, *, origin: str, keys: Keyring, every: timedelta, folder: Path | None) -> None:
        self._origin, self._keys, self._every, self._folder = origin, keys, every, folder

    def step(self, now: datetime) -> int:
        """Does what is due; gives how much. Raises what `make_checkpoint` and `write_out` raise, and OSError."""
        done = 0
        newest = Checkpoint.objects.order_by("-size").first()
        due = newest is None or newest.at <= now - self._every
        if due and head().size > (newest.size if newest else 0):
            make_checkpoint(now=now, origin=self._origin, keys=self._keys)
            newest = Checkpoint.objects.order_by("-size").first()
            done = 1
        if self._folder and newest and TileFolder(self._folder).newest() != newest.note:
            write_out(self._folder, newest.note, self._keys)
            done = 1
        return done
