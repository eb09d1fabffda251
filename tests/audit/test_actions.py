"""The log of deeds: written inside its deed's transaction, and never changed."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from madoguchi.audit.actions import OPERATOR, PUBLIC, WORKER, Actor, Deed, EntryOutsideError, record
from madoguchi.audit.models import Entry
from madoguchi.audit.queries import entries_about, last_object
from madoguchi.lib.verbs import SideDoorError, verb

pytestmark = [pytest.mark.store, pytest.mark.django_db]

THING = UUID(int=7)


@verb
def note(*, now: datetime, verbs: tuple[str, ...] = ("received",), actor: Actor = WORKER) -> None:
    record(actor=actor, now=now, deeds=[Deed(one, "report", THING) for one in verbs])


def test_an_entry_says_who_did_what_to_which_thing_when(now: datetime) -> None:
    person = Actor("staff", str(uuid4()))
    note(now=now, actor=person)
    [entry] = entries_about(THING)
    assert (entry.at, entry.actor_kind, entry.actor_id) == (now, "staff", person.id)
    assert (entry.verb, entry.object_kind, entry.object_id) == ("received", "report", str(THING))


def test_entries_stand_in_the_order_of_their_deeds(now: datetime) -> None:
    note(now=now, verbs=("received", "opened"))
    note(now=now, verbs=("answered",))
    assert [entry.verb for entry in entries_about(THING)] == ["received", "opened", "answered"]
    assert last_object(WORKER, "answered") == str(THING)
    assert last_object(PUBLIC, "answered") is None
    assert last_object(OPERATOR, "never") is None


ALTERING: dict[str, str] = {
    "changed": "UPDATE audit_entry SET verb = 'nothing'",
    "changed where it stands": "UPDATE audit_entry SET at = at WHERE verb = 'received'",
    "deleted": "DELETE FROM audit_entry",
    "one deleted": "DELETE FROM audit_entry WHERE object_kind = 'report'",
}


@pytest.mark.parametrize("statement", ALTERING.values(), ids=ALTERING)
def test_no_statement_changes_or_deletes_an_entry(now: datetime, statement: str) -> None:
    note(now=now)
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert [entry.verb for entry in entries_about(THING)] == ["received"]


def test_writing_an_entry_over_another_is_refused(now: datetime) -> None:
    note(now=now)
    entry = Entry.objects.get()

    @verb
    def replace() -> None:
        Entry.objects.bulk_create(
            [Entry(id=entry.id, at=now, verb="nothing", actor_kind="worker")],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["verb"],
        )

    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        replace()
    assert Entry.objects.get().verb == "received"


def test_sqlite_s_own_way_of_replacing_a_row_is_refused(now: datetime, store: str) -> None:
    if store != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's alone")
    note(now=now)
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT OR REPLACE INTO audit_entry"
            " SELECT id, at, actor_kind, actor_id, 'nothing', object_kind, object_id, commitment FROM audit_entry"
        )
    assert Entry.objects.get().verb == "received"


VERBS: dict[str, Callable[[Entry], object]] = {
    "update": lambda _: Entry.objects.update(verb="nothing"),
    "delete": lambda _: Entry.objects.all().delete(),
    "save": lambda entry: entry.save(),
}


@pytest.mark.parametrize("alter", VERBS.values(), ids=VERBS)
def test_no_verb_changes_an_entry_either(now: datetime, alter: Callable[[Entry], object]) -> None:
    note(now=now)
    entry = Entry.objects.get()

    @verb
    def altering() -> None:
        alter(entry)

    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        altering()


@pytest.mark.usefixtures("committed")
def test_an_entry_without_its_deed_s_transaction_is_refused(now: datetime) -> None:
    with pytest.raises(EntryOutsideError, match="inside a verb"):
        record(actor=WORKER, now=now, deeds=[Deed("received", "report", THING)])
    with pytest.raises(SideDoorError), transaction.atomic():
        record(actor=WORKER, now=now, deeds=[Deed("received", "report", THING)])
    assert Entry.objects.count() == 0


@pytest.mark.usefixtures("committed")
def test_an_entry_goes_with_its_deed_when_that_fails(now: datetime) -> None:
    @verb
    def failing() -> None:
        note(now=now)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert Entry.objects.count() == 0
