"""Checks the whole log: every entry against its leaf, the leaves against head and checkpoints, all against one outside.

Reads beside running verbs and workers, and locks nothing: what it looks at only grows.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Max

from madoguchi.audit import models, signed_note
from madoguchi.audit.comparing import Finding, Placed, compare, own_leaves
from madoguchi.audit.leaves import entry_id, leaf_data
from madoguchi.audit.merkle import CompactRange, leaf_hash
from madoguchi.audit.sequencing import TreeLostError, fields_of, head

CHUNK = 1000
BACK_DATED = timedelta(hours=2)
"""Moments of anonymous reports are cut to the hour, and nodes' clocks differ: less is nothing to remark."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A checkpoint that was kept outside, and the leaves that lay beside it, if they did."""

    checkpoint: signed_note.Checkpoint
    leaves: Iterable[bytes] | None = None


@dataclass(slots=True)
class Verified:
    """What was found. `size`: leaves looked at. `remarks` are no proof of anything wrong."""

    size: int = 0
    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A leaf as stored, and its entry's data as it is now."""

    index: int
    hash: bytes
    placed: Placed
    at: datetime | None


def verify(*, publics: Sequence[bytes], outside: Outside | None = None) -> Verified:
    """Checks the log. `publics`: the log's Ed25519 keys, under which the checkpoints kept here have to be signed."""
    found = Verified()
    # In this order each is looked at before what it rests on, so that what grows meanwhile is never missed.
    roots = _expected(found, publics, outside)
    last = models.Leaf.objects.aggregate(last=Max("leaf_index"))["last"]
    leaves_before = -1 if last is None else last
    try:
        tree = head()
        tree.range()
    except TreeLostError:
        found.findings.append(Finding("head", "The head of the tree is missing, or its hashes do not fit."))
        size, root = leaves_before + 1, None
    else:
        size, root = tree.size, tree.root
        if leaves_before >= size:
            says = f"There are leaves up to {leaves_before}, and the head says {size}: the head was set back."
            found.findings.append(Finding("head", says))
            size = leaves_before + 1
    walk = _Walk(found, {*roots, size}, outside)
    walk.over(_leaves(size), size)
    if root is not None and walk.whole and walk.roots.get(tree.size, root) != root:
        found.findings.append(Finding("head", "The head's root is not that of the leaves."))
    found.size = size
    _hold_against(found, walk, roots, size)
    if outside:
        _hold_against_outside(found, walk, outside, size)
    _notes(found)
    _waiting(found)
    return found


def _expected(found: Verified, publics: Sequence[bytes], outside: Outside | None) -> dict[int, bytes]:
    """The roots that the checkpoints kept here name, by size."""
    roots: dict[int, bytes] = {}
    kept: dict[int, str] = {}
    for size, note in models.Checkpoint.objects.order_by("size").values_list("size", "note"):
        kept[size] = note
        try:
            told = signed_note.read_checkpoint(signed_note.open_note(note, any_name=tuple(publics)))
        except (signed_note.NoteError, UnicodeError, TypeError, AttributeError):
            told = None
        if told is None or told.size != size:
            says = f"The checkpoint kept here for size {size} was altered: its signature does not fit."
            found.findings.append(Finding("checkpoint", says))
        else:
            roots[size] = told.root
    if outside and outside.checkpoint.size not in kept:
        says = f"The checkpoint of size {outside.checkpoint.size} was kept here too, and is gone."
        found.findings.append(Finding("checkpoint", says))
    if outside:
        roots.setdefault(outside.checkpoint.size, outside.checkpoint.root)
    return roots


class _Walk:
    """One pass over the leaves: roots at the sizes asked for, leaves that do not fit, places that differ outside."""

    def __init__(self, found: Verified, sizes: set[int], outside: Outside | None) -> None:
        self.roots: dict[int, bytes] = {}
        self.whole = True  # no leaf is missing so far
        self.differ_outside: list[Placed] = []
        self.differ_here: list[Placed] = []
        self._found, self._sizes, self._range = found, sizes, CompactRange()
        self._outside = iter(outside.leaves) if outside and outside.leaves is not None else iter(())
        self._until = outside.checkpoint.size if outside else 0
        self._wrong: list[tuple[int, bytes, bytes | None]] = []
        self._newest: datetime | None = None

    def over(self, leaves: Iterator[_Leaf], size: int) -> None:
        """Walks over all leaves in their order; there should be `size` of them."""
        self._note_root()
        expected = 0
        for leaf in leaves:
            self._in_place(leaf.index, expected)
            expected = leaf.index + 1
            self._own(leaf)
            self._beside(leaf)
        self._in_place(size, expected)
        self.differ_outside += [Placed(entry_id(data), data) for data in self._outside]
        self._found.findings += own_leaves(self._wrong)

    def _in_place(self, index: int, expected: int) -> None:
        if index == expected or not self.whole:
            return
        self.whole = False
        if index > expected:
            self._found.findings.append(Finding("dropped", f"The leaf at {expected} is missing."))
        else:
            self._found.findings.append(
                Finding("inserted", f"There is a leaf at {index}, where none can be.")
            )

    def _own(self, leaf: _Leaf) -> None:
        gives = None if leaf.placed.data is None else leaf_hash(leaf.placed.data)
        if gives != leaf.hash:
            self._wrong.append((leaf.placed.entry, leaf.hash, gives))
        self._range.append(leaf.hash)
        self._note_root()
        if leaf.at and self._newest and leaf.at < self._newest - BACK_DATED:
            self._found.remarks.append(
                f"Entry {leaf.placed.entry} is dated more than two hours before one that was in the tree earlier:"
                " a clock was wrong, or it was inserted later."
            )
        if leaf.at and (self._newest is None or leaf.at > self._newest):
            self._newest = leaf.at

    def _note_root(self) -> None:
        if self.whole and self._range.size in self._sizes:
            self.roots[self._range.size] = self._range.root()

    def _beside(self, leaf: _Leaf) -> None:
        """Holds the leaf against the one outside; from the first difference on both are kept, to be compared whole."""
        if leaf.index >= self._until:
            return
        data = next(self._outside, None)
        if data is None:
            return
        if not self.differ_here and (data, entry_id(data)) == (leaf.placed.data, leaf.placed.entry):
            return
        self.differ_outside.append(Placed(entry_id(data), data))
        self.differ_here.append(leaf.placed)


def _leaves(size: int) -> Iterator[_Leaf]:
    """The leaves below `size` in their order, each with its entry as it is now."""
    rows = models.Leaf.objects.filter(leaf_index__lt=size).order_by("leaf_index")
    chunk = list(rows[:CHUNK])
    while chunk:
        entries = _entries([leaf.entry_id for leaf in chunk])
        for leaf in chunk:
            entry = entries.get(leaf.entry_id)
            data = None if entry is None else _data(entry)
            at = entry.at if entry and data else None
            yield _Leaf(leaf.leaf_index, _bytes(leaf.hash), Placed(leaf.entry_id, data), at)
        chunk = list(rows.filter(leaf_index__gt=chunk[-1].leaf_index)[:CHUNK])


def _entries(ids: Sequence[int]) -> dict[int, models.Entry]:
    """Entries by id. Where one holds what is no value of its column, as SQLite lets it, the others are still read."""
    try:
        return models.Entry.objects.in_bulk(ids)
    except (ValueError, TypeError):
        if len(ids) == 1:
            return {ids[0]: models.Entry(id=ids[0])}  # there, and not readable: altered, and not dropped
        half = len(ids) // 2
        return _entries(ids[:half]) | _entries(ids[half:])


def _data(entry: models.Entry) -> bytes | None:
    try:
        return leaf_data(fields_of(entry))
    except (TypeError, ValueError, AttributeError, OverflowError, struct.error):
        return b""  # no entry of ours gives this: it was altered


def _bytes(value: object) -> bytes:
    """A stored hash; empty where SQLite gave what is none."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def _hold_against(found: Verified, walk: _Walk, roots: dict[int, bytes], size: int) -> None:
    """The checkpoints kept here against the leaves."""
    for at, root in sorted(roots.items()):
        if at > size:
            says = (
                f"A checkpoint was signed for {at} entries, and the log has {size}: it was cut or put back."
            )
            found.findings.append(Finding("checkpoint", says))
        elif walk.whole and walk.roots[at] != root:
            says = f"The first {at} entries are not those that the checkpoint of this size was signed for."
            found.findings.append(Finding("checkpoint", says))
            return


def _hold_against_outside(found: Verified, walk: _Walk, outside: Outside, size: int) -> None:
    told = outside.checkpoint
    named = {(one.kind, one.entry) for one in found.findings}
    more = compare(walk.differ_outside, walk.differ_here)
    found.findings += [one for one in more if (one.kind, one.entry) not in named]
    if told.size > size:
        says = f"The checkpoint outside has {told.size} entries, and the log {size}: it was cut or put back."
        found.findings.append(Finding("checkpoint", says))
    elif walk.whole and walk.roots[told.size] != told.root:
        says = f"The first {told.size} entries are not those of the checkpoint outside."
        if outside.leaves is None:
            says += (
                " Which one was changed can be told only with the folder `tile` that was written beside it."
            )
        found.findings.append(Finding("checkpoint", says))


def _notes(found: Verified) -> None:
    """Notes that are gone, and notes that no entry names."""
    gone = models.Entry.objects.filter(commitment__isnull=False, note__isnull=True).order_by("id")
    added = models.Note.objects.exclude(entry__in=models.Entry.objects.filter(commitment__isnull=False))
    for entry in gone.values_list("id", flat=True):
        found.findings.append(Finding("note", f"The sealed note of entry {entry} is gone.", entry))
    for entry in added.order_by("pk").values_list("pk", flat=True):
        found.findings.append(Finding("note", f"Entry {entry} has a note that it does not name.", entry))


def _waiting(found: Verified) -> None:
    waiting = models.Entry.objects.filter(leaf__isnull=True)[: CHUNK + 1].count()
    if waiting:
        many = f"More than {CHUNK}" if waiting > CHUNK else str(waiting)
        found.remarks.append(
            f"{many} entries wait for their place in the tree. The worker gives it within a second; until then"
            " nothing proves them."
        )
