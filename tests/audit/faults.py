"""A fault injector: what somebody who holds the database, and perhaps every key, can do to the log."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from audit.tree import ORIGIN, keys, sequenced
from madoguchi.audit.checkpoints import make_checkpoint
from madoguchi.audit.models import Checkpoint, Entry, Head, Leaf

Rows = list[tuple[Any, ...]]
State = dict[str, Rows]
TABLES: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "entry": (
        Entry,
        ("id", "at", "actor_kind", "actor_id", "verb", "object_kind", "object_id", "commitment"),
    ),
    "leaf": (Leaf, ("leaf_index", "entry_id", "hash")),
    "head": (Head, ("id", "size", "root", "nodes", "at")),
    "checkpoint": (Checkpoint, ("size", "note", "at")),
}
CHILDREN_FIRST = ("checkpoint", "head", "leaf", "entry")
WORDS = ("staff", "worker", "opened", "withdrawn", "report", "0193aaaa", "")


class _UndoneError(Exception):
    """Ends a fault."""


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done to the tables inside is undone at the end; triggers and foreign keys are lifted."""
    try:
        with transaction.atomic():
            lift()
            yield
            raise _UndoneError
    except _UndoneError:
        pass


def lift() -> None:
    """Takes triggers and foreign keys away, as who owns the schema can."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")


def state() -> State:
    """Every row of the log's tables."""
    found: State = {}
    for table, (model, columns) in TABLES.items():
        rows = model.objects.order_by(columns[0]).values_list(*columns)
        found[table] = [
            tuple(bytes(one) if isinstance(one, memoryview) else one for one in row) for row in rows
        ]
    return found


def put(table: str, column: str, key: Any, value: Any) -> None:
    model, columns = TABLES[table]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {model._meta.db_table} SET {column} = %s WHERE {columns[0]} = %s", [_raw(value), key]
        )


def add(table: str, row: tuple[Any, ...]) -> None:
    model, columns = TABLES[table]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(row))})",
            [_raw(one) for one in row],
        )


def drop(table: str, key: Any) -> None:
    model, columns = TABLES[table]
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {columns[0]} = %s", [key])


def clear(*tables: str) -> None:
    for table in tables:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {TABLES[table][0]._meta.db_table}")


def _raw(value: Any) -> Any:
    return str(connection.ops.adapt_datetimefield_value(value)) if isinstance(value, datetime) else value


def restore(old: State) -> None:
    clear(*CHILDREN_FIRST)
    for table in reversed(CHILDREN_FIRST):
        for row in old[table]:
            add(table, row)


def rebuild() -> None:
    """What an operator with every key does after it: a new tree over what is there, and new signed checkpoints."""
    clear("leaf", "head", "checkpoint")
    now = datetime(2026, 11, 25, tzinfo=UTC)
    sequenced(now)
    make_checkpoint(now=now, origin=ORIGIN, keys=keys())


# --- The faults. Each does one thing to the log, at random -----------------------------------------------------


def flip(dice: random.Random, _old: State) -> None:
    table = dice.choice(("entry", "entry", "leaf", "head", "checkpoint"))
    columns, row = TABLES[table][1], dice.choice(state()[table])
    column = dice.choice(columns[1:])
    put(table, column, row[0], _other(dice, column, row[columns.index(column)]))


def _other(dice: random.Random, column: str, value: Any) -> Any:
    if column == "commitment":
        return dice.randbytes(32)
    if isinstance(value, datetime):
        return value + timedelta(microseconds=dice.choice((-1, 1, 3_600_000_000)))
    if isinstance(value, bytes):
        at = dice.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << dice.randrange(8)]) + value[at + 1 :]
    if isinstance(value, int):
        return value + (1000 if column == "entry_id" else dice.choice((-1, 1, 1000)))
    if column == "note":
        at = dice.randrange(len(value))
        return value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
    return dice.choice([word for word in WORDS if word != value])


def drop_one(dice: random.Random, _old: State) -> None:
    table = dice.choice(("entry", "entry", "leaf", "head", "checkpoint"))
    drop(table, dice.choice(state()[table])[0])


def swap(dice: random.Random, _old: State) -> None:
    table = dice.choice(("entry", "leaf"))
    one, other = dice.sample(state()[table], 2)
    columns = TABLES[table][1][1:]
    whole = dice.random() < 0.5 or table == "leaf"
    for n, column in enumerate(columns, 1):
        if whole or column in {"actor_id", "object_id"}:
            if column == "entry_id":  # unique: by way of a place that nobody has
                put(table, column, one[0], -1)
            put(table, column, other[0], one[n])
            put(table, column, one[0], other[n])


def reorder(dice: random.Random, _old: State) -> None:
    rows = state()["leaf"]
    start, stop = sorted(dice.sample(range(len(rows) + 1), 2))
    part = rows[start:stop]
    moved = part[1:] + part[:1] if dice.random() < 0.5 else part[::-1]
    for row in part:
        drop("leaf", row[0])
    for row, other in zip(part, moved, strict=True):
        add("leaf", (row[0], *other[1:]))


def replay(dice: random.Random, _old: State) -> None:
    rows = state()
    row = dice.choice(rows["entry"])
    new = max(one[0] for one in rows["entry"]) + dice.choice((1, 7))
    add("entry", (new, *row[1:]))
    if dice.random() < 0.5:
        add("leaf", (len(rows["leaf"]), new, dice.choice(rows["leaf"])[2]))


def insert(dice: random.Random, _old: State) -> None:
    rows = state()
    free = {0, max(one[0] for one in rows["entry"]) + 1} - {one[0] for one in rows["entry"]}
    at = dice.choice(rows["entry"])[1] + timedelta(seconds=1)
    add("entry", (dice.choice(sorted(free)), at, "staff", "0193bbbb", "opened", "report", "0193cccc", None))


def truncate(dice: random.Random, _old: State) -> None:
    rows = state()
    count = dice.randint(1, len(rows["leaf"]))
    for row in rows["leaf"][-count:]:
        drop("leaf", row[0])
        drop("entry", row[1])


def roll_back(_dice: random.Random, old: State) -> None:
    restore(old)


FAULTS: dict[str, Callable[[random.Random, State], None]] = {
    "flip": flip,
    "drop": drop_one,
    "swap": swap,
    "reorder": reorder,
    "replay": replay,
    "insert": insert,
    "truncate": truncate,
    "roll back": roll_back,
}


# --- What the checkpoint covers, told without the verifier -----------------------------------------------------


def covered(rows: State, size: int) -> Rows:
    """The first `size` places of the log, each with its leaf's hash and its whole entry."""
    entries = {row[0]: row for row in rows["entry"]}
    return [(*leaf, entries.get(leaf[1])) for leaf in rows["leaf"] if leaf[0] < size]


def excuse(before: State, after: State, size: int, *, rebuilt: bool) -> str | None:
    """The row of docs/audit.md that says why this can't be found with a checkpoint of `size`; none where it must be."""
    if covered(before, size) != covered(after, size):
        return None
    if _without_moments(before) == _without_moments(after):
        return "moments of head and checkpoints"
    leaves = {row[1] for row in after["leaf"]}
    if [row for row in after["entry"] if row[0] in leaves] == before["entry"] and not rebuilt:
        return "a new entry" if before["leaf"] == after["leaf"] and before["head"] == after["head"] else None
    if rebuilt:
        return "what is newer than the checkpoint"
    return None


def _without_moments(rows: State) -> State:
    return rows | {
        "head": [row[:-1] for row in rows["head"]],
        "checkpoint": [row[:-1] for row in rows["checkpoint"]],
    }
