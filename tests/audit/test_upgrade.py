"""A log from before the tree: its entries get their places as new ones do, and its triggers stay."""

from datetime import datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from audit.tree import checked, deeds, ids, places, sequenced
from emptying import let_log_be_emptied

pytestmark = [pytest.mark.store, pytest.mark.usefixtures("committed")]


def migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("audit", name)])


def entry_as_before(now: datetime, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (at, actor_kind, actor_id, verb, object_kind, object_id)"
            " VALUES (%s, 'worker', '', 'received', 'report', %s)",
            [str(connection.ops.adapt_datetimefield_value(now)), str(number)],
        )


def test_entries_from_before_are_sequenced_like_new_ones(now: datetime) -> None:
    migrate("0003_not_replaced")
    try:
        for number in range(5):
            entry_as_before(now, number)
    finally:
        migrate("0005_tree_is_kept")
        let_log_be_emptied()
    deeds(now=now, count=2)
    assert sequenced(now) == 7
    assert places() == list(enumerate(ids()))
    assert checked().findings == []
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE audit_entry SET verb = 'nothing'")
