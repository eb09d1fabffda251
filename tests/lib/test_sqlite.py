"""How writers wait for each other on SQLite."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction

pytestmark = [
    pytest.mark.store,
    pytest.mark.skipif(os.environ.get("TEST_STORE") == "postgres", reason="PostgreSQL has no single writer"),
]


@contextmanager
def somebody_writes(seconds: float) -> Iterator[None]:
    """Another connection holds the write lock for so long, from the block's start on."""
    path, begun = connection.settings_dict["NAME"], threading.Event()

    def hold() -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        begun.set()
        time.sleep(seconds)
        other.execute("ROLLBACK")
        other.close()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(10)
    try:
        yield
    finally:
        thread.join()


@pytest.mark.usefixtures("committed")
def test_who_waits_for_the_lock_begins_as_soon_as_it_is_free() -> None:
    with somebody_writes(0.3):
        begin = time.monotonic()
        with transaction.atomic():
            waited = time.monotonic() - begin
    assert 0.2 < waited < 5
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (30_000,), "statements outside a transaction still wait as SQLite does"


@pytest.mark.usefixtures("committed")
def test_who_waited_too_long_is_told_and_can_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    with (
        somebody_writes(0.5),
        pytest.raises(OperationalError, match="locked"),
        transaction.atomic(),
    ):
        pass
    with transaction.atomic():
        assert connection.in_atomic_block


@pytest.mark.usefixtures("committed")
def test_what_is_wrong_for_another_reason_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()  # or opening it sets the mode anew
    begin = time.monotonic()
    with monkeypatch.context() as wrong:
        wrong.setattr(connection, "transaction_mode", "SOMEHOW")
        with pytest.raises(OperationalError, match="syntax"), transaction.atomic():
            pass
    assert time.monotonic() - begin < 5
