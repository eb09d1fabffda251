"""Statements sent together: what fails fails as a whole, and what was committed is there."""

import os
from datetime import datetime

import pytest
from django.db import IntegrityError, connection

from madoguchi.lib.pipelined import pipelined
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import Unit, keep, new_unit
from madoguchi.vault.models import DataKey

pytestmark = [pytest.mark.store, pytest.mark.usefixtures("committed")]


@verb
def kept(*, units: list[Unit]) -> None:
    for unit in units:
        keep([unit])


def stored(unit: Unit) -> bool:
    return DataKey.objects.filter(pk=unit.row.id).exists()


def test_what_was_stored_is_committed_although_no_statement_asked_for_an_answer(now: datetime) -> None:
    unit = new_unit("note", now)
    with pipelined():
        kept(units=[unit])
    connection.close()
    assert stored(unit)


def test_a_refused_row_fails_the_whole_and_leaves_the_connection_usable(now: datetime) -> None:
    unit, other = new_unit("note", now), new_unit("note", now)
    kept(units=[unit])
    with pytest.raises(IntegrityError), pipelined():
        kept(units=[other, unit])
    assert not stored(other)
    with pipelined():
        kept(units=[other])
    assert stored(other)


@pytest.mark.skipif(os.environ.get("TEST_STORE") != "postgres", reason="SQLite has no connection to lose")
def test_a_connection_that_was_lost_is_opened_anew_before_the_block(now: datetime) -> None:
    unit = new_unit("note", now)
    connection.ensure_connection()
    connection.connection.close()
    connection.health_check_done = False
    with pipelined():
        kept(units=[unit])
    assert stored(unit)
