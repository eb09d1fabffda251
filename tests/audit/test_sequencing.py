"""Entries get their place in the tree: each once, without a gap, also those whose transaction commits late."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, connections, transaction

from audit.tree import checked, deeds, filled, ids, places, sequenced
from madoguchi.audit import sequencing
from madoguchi.audit.actions import WORKER, Deed, SealedNote, Sequencer, commitment, record
from madoguchi.audit.leaves import leaf_data
from madoguchi.audit.merkle import EMPTY_ROOT, leaf_hash, root_of
from madoguchi.audit.models import Entry, Head, Leaf, Note
from madoguchi.audit.sequencing import TreeLostError, fields_of, head
from madoguchi.lib.verbs import verb
from madoguchi.vault import actions as vault

pytestmark = [pytest.mark.store, pytest.mark.django_db]


def root_by_hand() -> bytes:
    leaves = Leaf.objects.order_by("leaf_index").select_related("entry")
    return root_of(leaf_hash(leaf_data(fields_of(leaf.entry))) for leaf in leaves)


def test_entries_stand_in_the_tree_in_the_order_of_their_ids(now: datetime) -> None:
    deeds(now=now, count=7)
    assert sequenced(now, batch=3) == 7
    assert places() == list(enumerate(ids()))
    assert (head().size, head().root) == (7, root_by_hand())
    deeds(now=now, count=2)
    assert sequenced(now) == 2
    assert places() == list(enumerate(ids()))
    assert (head().size, head().root) == (9, root_by_hand())
    assert checked().findings == []


def test_an_empty_log_has_the_empty_tree(now: datetime) -> None:
    assert sequenced(now) == 0
    assert (head().size, head().root) == (0, EMPTY_ROOT)


def test_a_sequencer_that_was_beaten_begins_anew_and_loses_nothing(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    deeds(now=now, count=3)
    real, slow, fast = sequencing.append, Sequencer(), Sequencer()

    def beaten(**kwargs: object) -> bool:
        monkeypatch.setattr(sequencing, "append", real)
        assert fast.step(now) == 3
        return bool(real(**kwargs))  # type: ignore[arg-type]

    monkeypatch.setattr(sequencing, "append", beaten)
    assert slow.step(now) == 0
    assert places() == list(enumerate(ids()))
    deeds(now=now)
    assert slow.step(now) == 1
    assert places() == list(enumerate(ids()))


def test_a_head_that_does_not_fit_is_not_built_upon(now: datetime) -> None:
    filled(now, 3)

    @verb
    def set_back() -> None:
        Head.objects.update(size=1)

    set_back()
    deeds(now=now)
    with pytest.raises(TreeLostError, match="audit verify"):
        Sequencer().step(now)
    assert len(places()) == 3


def test_a_tree_whose_head_is_gone_is_not_begun_anew(now: datetime) -> None:
    filled(now, 3)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_head")
    with pytest.raises(TreeLostError):
        Sequencer().step(now)


@pytest.mark.usefixtures("committed")
def test_an_entry_that_is_committed_late_is_not_skipped(now: datetime, store: str) -> None:
    if store == "sqlite":
        pytest.skip("SQLite has one writer: nothing is committed out of order")
    sequencer = Sequencer(batch=100)
    with late_entry(now):
        for _ in range(3):
            deeds(now=now)
            sequencer.step(now)
        assert len(places()) == 3
    assert sequencer.step(now) == 1
    assert sorted(entry for _, entry in places()) == ids()
    assert checked().findings == []


@contextmanager
def late_entry(now: datetime) -> Iterator[None]:
    """An entry written by another connection before, and committed after, what happens inside."""
    written, go = threading.Event(), threading.Event()

    @verb
    def late() -> None:
        record(actor=WORKER, now=now, deeds=[Deed("late", "report", "1")])
        written.set()
        go.wait(20)

    def run() -> None:
        late()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    assert written.wait(20)
    yield
    go.set()
    thread.join()


@pytest.mark.usefixtures("committed")
def test_what_was_sequenced_is_not_looked_at_again(now: datetime) -> None:
    sequencer = Sequencer()
    deeds(now=now, count=5)
    assert sequencer.step(now) == 5
    rows = "id" if connection.vendor == "sqlite" else "written_by::text::bigint"
    left = 5
    for _ in range(100):
        assert sequencer.step(now) == 0
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM audit_entry WHERE {rows} >= %s", [sequencer._mark])
            left = cursor.fetchone()[0]
        if not left:
            break
        time.sleep(
            0.1
        )  # PostgreSQL: a transaction elsewhere in the cluster, as another test's, is not over yet
    assert left == 0
    assert sequencing.unsequenced(sequencer._mark) == []


def test_a_note_can_be_forgotten_and_the_leaf_still_verifies(now: datetime) -> None:
    salt, text = b"s" * 32, b"asked by the prosecutor"
    unit = vault.new_unit("note", now)
    place = vault.Place("audit.note", unit.key.id, "sealed")
    sealed = unit.key.seal(place, salt + text)
    given = SealedNote(unit.key.id, commitment(salt, text), sealed)

    @verb
    def deed() -> None:
        vault.keep([unit])
        record(actor=WORKER, now=now, deeds=[Deed("read", "report", uuid4(), given)])

    @verb
    def forget() -> None:
        assert vault.shred([unit.key.id], now=now) == 1

    deed()
    sequenced(now)
    note = Note.objects.get()
    assert unit.key.open(place, bytes(note.sealed)) == salt + text
    assert bytes(note.entry.commitment) == commitment(salt, text)
    forget()
    assert checked().findings == []


KEPT = ["audit_entry", "audit_leaf", "audit_checkpoint", "audit_note"]


@pytest.mark.parametrize("table", KEPT)
def test_postgresql_refuses_to_empty_the_log_at_one_blow(now: datetime, store: str, table: str) -> None:
    if store == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    filled(now, 2)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        # The tests' own set-up lifts this one trigger (conftest).
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_not_emptied")
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE {table} CASCADE")
    assert Entry.objects.count() == 2


ALTERING = {
    "a leaf is changed": "UPDATE audit_leaf SET hash = hash",
    "a leaf is deleted": "DELETE FROM audit_leaf",
}


@pytest.mark.parametrize("statement", ALTERING.values(), ids=ALTERING)
def test_no_statement_changes_the_leaves(now: datetime, statement: str) -> None:
    filled(now, 2)
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert len(places()) == 2


@pytest.mark.parametrize("index", [0, 99], ids=["over another", "of an entry that has a leaf"])
def test_no_leaf_is_put_over_another(now: datetime, store: str, index: int) -> None:
    if store != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's alone")
    filled(now, 2)
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT OR REPLACE INTO audit_leaf SELECT %s, entry_id, x'00' FROM audit_leaf LIMIT 1", [index]
        )
    assert len(places()) == 2


@pytest.mark.long
@pytest.mark.usefixtures("committed")
def test_two_thousand_entries_a_second_are_sequenced(now: datetime) -> None:
    deeds(now=now, count=20_000)
    begun = time.perf_counter()
    assert sequenced(now) == 20_000
    rate = 20_000 / (time.perf_counter() - begun)
    print(f"{rate:,.0f} entries a second")
    assert rate >= 2000
