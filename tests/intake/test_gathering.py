"""Group commit: one commit for what came during the last one, and an error only for whom it concerns."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.intake.gathering import PATIENCE, Gatherer, GatheringClosedError, means_full
from madoguchi.intake.incoming import Envelope, Incoming

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


def mail(raw: bytes = b"Subject: scan\r\n\r\nlog\r\n") -> Incoming:
    return Incoming(uuid4(), NOW, Envelope(door="smtp"), raw)


class Store:
    """Commits into memory, when it is let; `poison` in a mail fails its whole transaction."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.open = threading.Event()
        self.open.set()

    def commit(self, batch: Sequence[Incoming]) -> None:
        assert self.open.wait(10)
        if any(b"poison" in each.raw for each in batch):
            raise ValueError("poison")
        self.batches.append([each.raw for each in batch])

    @property
    def kept(self) -> list[bytes]:
        return [raw for batch in self.batches for raw in batch]


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came")


def test_the_first_mail_waits_for_nobody_and_the_next_commit_takes_all_that_came_meanwhile() -> None:
    async def scene() -> None:
        store = Store()
        store.open.clear()
        gatherer = Gatherer(store.commit)
        first = asyncio.create_task(gatherer.add(mail(b"first")))
        await asyncio.sleep(0.02)
        others = [asyncio.create_task(gatherer.add(mail(b"%d" % n))) for n in range(20)]
        await asyncio.sleep(0.02)
        assert not any(task.done() for task in (first, *others))
        store.open.set()
        await asyncio.gather(first, *others)
        await gatherer.close()
        assert store.batches == [[b"first"], [b"%d" % n for n in range(20)]]

    asyncio.run(scene())


def test_a_batch_is_bounded_by_count_and_by_bytes_but_one_large_mail_always_fits() -> None:
    async def scene() -> None:
        store = Store()
        store.open.clear()
        gatherer = Gatherer(store.commit, most=3, most_bytes=100)
        sizes = [1, 10, 10, 10, 10, 95, 10, 500, 10]
        tasks = []
        for size in sizes:
            tasks.append(asyncio.create_task(gatherer.add(mail(b"x" * size))))
            await asyncio.sleep(0)
        await asyncio.sleep(0.02)
        store.open.set()
        await asyncio.gather(*tasks)
        await gatherer.close()
        assert [[len(raw) for raw in batch] for batch in store.batches] == [
            [1],
            [10, 10, 10],
            [10],
            [95],
            [10],
            [500],
            [10],
        ]

    asyncio.run(scene())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_bad_arrival_fails_alone(bad: list[bool]) -> None:
    """Where fewer than PATIENCE bad ones stand in a row; the next test says what is done with more."""
    if any(all(bad[n : n + PATIENCE]) for n in range(len(bad) - PATIENCE + 1)):
        return

    async def scene() -> None:
        store = Store()
        store.open.clear()
        gatherer = Gatherer(store.commit)
        first = asyncio.create_task(gatherer.add(mail(b"first")))
        await asyncio.sleep(0)
        names = [b"%s %d" % (b"poison" if each else b"good", n) for n, each in enumerate(bad)]
        tasks = [asyncio.create_task(gatherer.add(mail(name))) for name in names]
        await asyncio.sleep(0)
        store.open.set()
        await first
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await gatherer.close()
        assert [isinstance(each, ValueError) for each in outcomes] == bad
        assert store.kept == [b"first", *(name for name in names if b"good" in name)]

    asyncio.run(scene())


def test_a_store_that_is_away_is_not_asked_once_for_every_mail() -> None:
    asked = 0

    def away(_batch: Sequence[Incoming]) -> None:
        nonlocal asked
        asked += 1
        raise ConnectionRefusedError("away")

    async def scene() -> None:
        gatherer = Gatherer(away)
        outcomes = await asyncio.gather(*(gatherer.add(mail()) for _ in range(50)), return_exceptions=True)
        await gatherer.close()
        assert all(isinstance(each, ConnectionRefusedError) for each in outcomes)
        assert asked == 1 + PATIENCE  # all were in one batch, then three alone

    asyncio.run(scene())


def test_closing_finishes_what_is_there_and_takes_nothing_more() -> None:
    ends: list[str] = []

    async def scene() -> None:
        store = Store()
        store.open.clear()
        gatherer = Gatherer(store.commit, most=2, at_end=lambda: ends.append(threading.current_thread().name))
        tasks = [asyncio.create_task(gatherer.add(mail(b"%d" % n))) for n in range(7)]
        await asyncio.sleep(0.02)
        closing = asyncio.create_task(gatherer.close())
        await asyncio.sleep(0.02)
        with pytest.raises(GatheringClosedError):
            await gatherer.add(mail(b"late"))
        store.open.set()
        await closing
        await asyncio.gather(*tasks)
        await gatherer.close()
        assert store.kept == [b"%d" % n for n in range(7)]

    asyncio.run(scene())
    assert len(ends) == 1
    assert ends[0].startswith("intake-commit")


def test_a_sender_who_leaves_before_the_batch_begins_is_not_stored_and_harms_nobody() -> None:
    async def scene() -> None:
        store = Store()
        store.open.clear()
        gatherer = Gatherer(store.commit)
        tasks = [asyncio.create_task(gatherer.add(mail(b"%d" % n))) for n in range(4)]
        await asyncio.sleep(0.02)
        more = [asyncio.create_task(gatherer.add(mail(b"later %d" % n))) for n in range(2)]
        await asyncio.sleep(0.02)
        tasks[1].cancel()
        more[0].cancel()
        await asyncio.sleep(0)
        store.open.set()
        await asyncio.gather(*tasks, *more, return_exceptions=True)
        await gatherer.close()
        assert store.kept == [b"0", b"1", b"2", b"3", b"later 1"]
        assert more[0].cancelled()

    asyncio.run(scene())


def test_a_thread_that_is_torn_down_leaves_nobody_waiting() -> None:
    class Torn(BaseException):
        pass

    def torn(_batch: Sequence[Incoming]) -> None:
        raise Torn

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        gatherer = Gatherer(torn)
        outcomes = await asyncio.wait_for(
            asyncio.gather(*(gatherer.add(mail()) for _ in range(3)), return_exceptions=True), 5
        )
        assert all(isinstance(each, asyncio.CancelledError) for each in outcomes)

    asyncio.run(scene())


class Database:
    """A real file, synced at each commit; the connection belongs to the committing thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commits = 0
        self.connection: sqlite3.Connection | None = None

    def commit(self, batch: Sequence[Incoming]) -> None:
        if self.connection is None:
            self.connection = sqlite3.connect(self.path, isolation_level=None)
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=FULL")
            self.connection.execute("CREATE TABLE IF NOT EXISTS arrival (id BLOB PRIMARY KEY, raw BLOB)")
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            rows = [(each.id.bytes, each.raw) for each in batch]
            self.connection.executemany("INSERT INTO arrival VALUES (?, ?)", rows)
            self.connection.execute("COMMIT")
        except sqlite3.Error:
            self.connection.execute("ROLLBACK")
            raise
        self.commits += 1

    def end(self) -> None:
        assert self.connection is not None
        self.connection.close()


def stored(path: Path) -> set[bytes]:
    connection = sqlite3.connect(path)
    try:
        return {row[0] for row in connection.execute("SELECT id FROM arrival")}
    finally:
        connection.close()


def test_what_add_returned_for_is_in_the_database_at_that_moment(tmp_path: Path) -> None:
    database = Database(tmp_path / "arrivals.sqlite3")

    async def sender(gatherer: Gatherer, count: int) -> None:
        for n in range(count):
            incoming = mail(b"x" * 4096)
            await gatherer.add(incoming)
            if n % 10 == 0:
                assert incoming.id.bytes in await asyncio.to_thread(stored, database.path)

    async def scene() -> None:
        gatherer = Gatherer(database.commit, at_end=database.end)
        await asyncio.gather(*(sender(gatherer, 30) for _ in range(20)))
        await gatherer.close()

    asyncio.run(scene())
    assert len(stored(database.path)) == 600
    assert database.commits < 300, "mails share commits"


def test_a_mail_twice_in_the_database_fails_alone_and_its_neighbours_are_kept(tmp_path: Path) -> None:
    database = Database(tmp_path / "arrivals.sqlite3")

    async def scene() -> None:
        gatherer = Gatherer(database.commit, at_end=database.end)
        twice = mail(b"twice")
        await gatherer.add(twice)
        neighbours = [mail(b"%d" % n) for n in range(8)]
        arrivals = [*neighbours[:4], twice, *neighbours[4:]]
        outcomes = await asyncio.gather(*map(gatherer.add, arrivals), return_exceptions=True)
        await gatherer.close()
        assert [type(each).__name__ for each in outcomes if each] == ["IntegrityError"]
        assert stored(database.path) == {each.id.bytes for each in (twice, *neighbours)}

    asyncio.run(scene())


def sqlite_full(tmp_path: Path) -> sqlite3.Error:
    connection = sqlite3.connect(tmp_path / "small.sqlite3", isolation_level=None)
    connection.execute("CREATE TABLE t (b BLOB)")
    connection.execute("PRAGMA max_page_count=3")
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    connection.close()
    return caught.value


def test_a_full_disk_is_known_through_any_wrapping(tmp_path: Path) -> None:
    wrapped = RuntimeError("Django's")
    wrapped.__cause__ = sqlite_full(tmp_path)
    postgres = RuntimeError("psycopg's")
    postgres.sqlstate = "53100"  # type: ignore[attr-defined]
    assert means_full(wrapped)
    assert means_full(postgres)
    assert means_full(OSError(28, "No space left on device"))
    assert not means_full(sqlite3.OperationalError("database is locked"))
    assert not means_full(OSError(13, "Permission denied"))
