"""What was done to a log, told from what its leaves were and what they are. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["altered", "dropped", "inserted", "reordered", "head", "checkpoint", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was: `entry` is the id of the entry it was done to, where it can be named."""

    kind: Kind
    says: str
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry at its place: `data` is what stands in the tree for it, none where it can't be made any more."""

    entry: int
    data: bytes | None


def compare(outside: Sequence[Placed], inside: Sequence[Placed]) -> Iterator[Finding]:
    """Names each entry that was altered, dropped, inserted or reordered since `outside` was written.

    Both begin at the same place of the tree. Of entries that only moved up because others were dropped, none is named.
    """
    was = {one.entry: one.data for one in outside}
    here = {one.entry: one.data for one in inside}
    for one in outside:
        if one.entry not in here:
            yield Finding(
                "dropped",
                f"Entry {one.entry} was dropped: it was in the log, and is not any more.",
                one.entry,
            )
        elif here[one.entry] != one.data:
            gone = here[one.entry] is None
            yield _gone(one.entry) if gone else _altered(one.entry)
    for one in inside:
        if one.entry not in was:
            yield Finding(
                "inserted", f"Entry {one.entry} was inserted: it was not in the log at that place.", one.entry
            )
    order_was = [one.entry for one in outside if one.entry in here]
    order_is = [one.entry for one in inside if one.entry in was]
    for entry, other in zip(order_was, order_is, strict=False):
        if entry != other:
            says = f"Entry {other} was reordered: entry {entry} stood at its place."
            yield Finding("reordered", says, other)


def _gone(entry: int) -> Finding:
    return Finding("dropped", f"Entry {entry} was dropped: it has a leaf, and is not in the log.", entry)


def _altered(entry: int) -> Finding:
    return Finding("altered", f"Entry {entry} was altered: it is not what its leaf was made of.", entry)


def own_leaves(wrong: Sequence[tuple[int, bytes, bytes | None]]) -> Iterator[Finding]:
    """Names the entries that do not fit their own leaves: (entry, the hash stored, the hash that it gives now)."""
    stored = {hash_: entry for entry, hash_, _ in wrong}
    for entry, _, gives in wrong:
        if gives is None:
            yield _gone(entry)
        elif gives in stored:
            yield Finding("reordered", f"Entry {entry} was reordered: its leaf is at another place.", entry)
        else:
            yield _altered(entry)
