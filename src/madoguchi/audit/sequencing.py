"""Gives entries their place in the tree: in batches, after the fact, by as many workers as like.

A verb writes its entry and waits for nobody. What lacks a leaf is looked for here, and never by `id > last`: a
transaction that commits late would be skipped. The tree's head is moved by compare-and-swap, so that of several
workers that read the same entries one appends them and the others begin anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from madoguchi.audit.leaves import Fields, leaf_data
from madoguchi.audit.merkle import EMPTY_ROOT, HASH_BYTES, CompactRange, leaf_hash
from madoguchi.audit.models import Entry, Head, Leaf
from madoguchi.lib.verbs import verb

BATCH = 1000
FIRST = -(2**63)
"""Below every id."""


class TreeLostError(Exception):
    """The head of the audit tree is missing or does not fit. Run `madoguchi audit verify`; nothing is appended."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree's head as it was read."""

    size: int
    root: bytes
    nodes: tuple[bytes, ...]

    def range(self) -> CompactRange:
        """The compact range to append to. Raises TreeLostError where it does not give the root."""
        try:
            whole = CompactRange(self.size, self.nodes)
        except ValueError as wrong:
            raise TreeLostError(TreeLostError.__doc__) from wrong
        if whole.root() != self.root:
            raise TreeLostError(TreeLostError.__doc__)
        return whole


def head() -> Tree:
    """The tree's head; that of the empty tree where nothing was appended yet. Raises TreeLostError."""
    rows = Head.objects.filter(pk=1)
    row = rows.first()
    if row is None:
        if not Leaf.objects.exists():
            return Tree(0, EMPTY_ROOT, ())
        row = rows.first()  # the first leaves may have come with their head in between
    if row is None:
        raise TreeLostError(TreeLostError.__doc__)
    if not isinstance(row.nodes, bytes | memoryview) or not isinstance(row.root, bytes | memoryview):
        raise TreeLostError(TreeLostError.__doc__)  # SQLite lets a column hold what is no value of it
    raw = bytes(row.nodes)
    nodes = tuple(raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES))
    return Tree(row.size, bytes(row.root), nodes)


def fields_of(entry: Entry) -> Fields:
    """What of a row goes into its leaf."""
    return Fields(
        id=entry.id,
        at=entry.at,
        actor_kind=entry.actor_kind,
        actor_id=entry.actor_id,
        verb=entry.verb,
        object_kind=entry.object_kind,
        object_id=entry.object_id,
        commitment=None if entry.commitment is None else bytes(entry.commitment),
    )


def unsequenced(mark: int = 0, *, after: int = FIRST, most: int = BATCH) -> list[Entry]:
    """Committed entries without a leaf, by id: those above `after`, of what `mark`, given by `horizon`, leaves open."""
    sqlite = connection.vendor == "sqlite"
    fresh = "e.id >= %s" if sqlite else "e.written_by >= %s::text::xid8"
    rows = Entry.objects.raw(
        f"SELECT e.* FROM audit_entry e WHERE {fresh} AND e.id > %s"  # noqa: S608 -- two constants of ours
        " AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.entry_id = e.id) ORDER BY e.id LIMIT %s",
        [mark if sqlite else str(mark), after, most],
    )
    return list(rows)


def horizon() -> int:
    """A mark below which no entry can appear any more.

    PostgreSQL: the oldest transaction still open; older ones have ended, so their entries are visible from now on.
    SQLite: the next id; there is one writer, and AUTOINCREMENT gives no id twice.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM audit_entry")
        else:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


@verb
def append(*, now: datetime, before: Tree, after: Tree, leaves: Sequence[Leaf]) -> bool:
    """Moves the head from `before` to `after` and adds the leaves; false, and nothing done, where another moved it."""
    if not before.size:
        first = Head(pk=1, size=0, root=EMPTY_ROOT, nodes=b"")
        Head.objects.bulk_create([first], ignore_conflicts=True)
    moved = Head.objects.filter(pk=1, size=before.size, root=before.root).update(
        size=after.size, root=after.root, nodes=b"".join(after.nodes), at=now
    )
    if moved:
        Leaf.objects.bulk_create(leaves)
    return bool(moved)


class Sequencer:
    """Appends what lacks a leaf, and remembers how far all was sequenced.

    In this process only: a copy of the database that was put into another server counts its transactions from
    elsewhere, so whoever starts looks at all entries once.
    """

    def __init__(self, batch: int = BATCH) -> None:
        self._batch = batch
        self._forget()

    def _forget(self) -> None:
        self._mark = 0
        self._next_mark: int | None = None  # none between two passes
        self._after = FIRST

    def step(self, now: datetime) -> int:
        """Appends a batch; gives how many entries. Raises TreeLostError, and what the database raises.

        A pass goes up the ids batch by batch. What is committed below it meanwhile is above the mark that was taken at
        its beginning, and is found by the next pass. After an error all is looked at again.
        """
        try:
            return self._append_batch(now)
        except Exception:
            self._forget()
            raise

    def _append_batch(self, now: datetime) -> int:
        before = head()
        if self._next_mark is None:
            self._next_mark = horizon()
        entries = unsequenced(self._mark, after=self._after, most=self._batch)
        if entries:
            leaves, after = grown(before, entries)
            if not append(now=now, before=before, after=after, leaves=leaves):
                return 0
        if len(entries) < self._batch:
            self._mark, self._next_mark, self._after = self._next_mark, None, FIRST
        else:
            self._after = entries[-1].id
        return len(entries)


def grown(before: Tree, entries: Iterable[Entry]) -> tuple[list[Leaf], Tree]:
    """The leaves of these entries at the end of the tree, and its head with them."""
    whole = before.range()
    leaves = []
    for entry in entries:
        leaf = leaf_hash(leaf_data(fields_of(entry)))
        leaves.append(Leaf(leaf_index=whole.size, entry_id=entry.id, hash=leaf))
        whole.append(leaf)
    return leaves, Tree(whole.size, whole.root(), whole.nodes)
