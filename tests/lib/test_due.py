"""Due rows: each is taken by one worker, comes back when that one dies, and tells how often it was tried."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, connections

from madoguchi.intake.models import Arrival
from madoguchi.lib.due import backlog, claim, release_all, run_again, waiting
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb

pytestmark = [pytest.mark.store, pytest.mark.django_db]

LEASE = timedelta(minutes=10)


@verb
def make(*, count: int, due: datetime) -> list[UUID]:
    rows = [
        Arrival(
            id=new_id(due),
            data_key=new_id(due),
            door="smtp",
            received_at=due,
            size=1,
            envelope=b"e",
            raw=b"r",
            due_at=due + timedelta(milliseconds=n),
        )
        for n in range(count)
    ]
    return [row.id for row in Arrival.objects.bulk_create(rows)]


def take(now: datetime, most: int = 50) -> list[UUID]:
    return list(claim(model=Arrival, now=now, lease=LEASE, most=most))


def test_what_is_due_longest_is_taken_first_and_no_more_than_asked_for(now: datetime) -> None:
    ids = make(count=5, due=now - timedelta(hours=1))
    assert take(now, 2) == ids[:2]
    assert take(now, 2) == ids[2:4]
    assert take(now, 2) == ids[4:]
    assert take(now, 2) == []


def test_what_is_not_due_yet_or_no_more_is_not_taken(now: datetime) -> None:
    make(count=1, due=now + timedelta(seconds=1))
    [done] = make(count=1, due=now)
    finish(key=done)
    assert take(now) == []


@verb
def finish(*, key: UUID) -> None:
    Arrival.objects.filter(pk=key).update(due_at=None, lease_until=None)


def test_a_dead_worker_s_rows_come_back_when_its_lease_ends_and_the_tries_are_counted(now: datetime) -> None:
    ids = make(count=2, due=now)
    later = now + timedelta(seconds=1)
    for tries in (1, 2, 3):
        assert sorted(take(later)) == sorted(ids)
        assert set(Arrival.objects.values_list("tries", flat=True)) == {tries}
        assert take(later + LEASE) == []
        later += LEASE + timedelta(seconds=1)


def test_what_failed_is_run_again_at_once_with_its_tries_forgotten(now: datetime) -> None:
    [key] = make(count=1, due=now)
    take(now)
    assert run_again(model=Arrival, key=key, now=now)
    row = Arrival.objects.get()
    assert (row.tries, row.lease_until, row.last_error, row.due_at) == (0, None, "", now)
    assert take(now) == [key]
    assert not run_again(model=Arrival, key=new_id(now), now=now)


def test_a_lone_worker_takes_every_lease_back_at_its_start(now: datetime) -> None:
    ids = make(count=3, due=now)
    take(now + timedelta(seconds=1))
    assert release_all(model=Arrival) == 3
    assert sorted(take(now + timedelta(seconds=2))) == sorted(ids)


def test_the_backlog_counts_what_waits_under_a_lease_or_not(now: datetime) -> None:
    make(count=3, due=now)
    take(now, 1)
    found = backlog(Arrival, [])
    assert (found.waiting, found.oldest) == (3, now)
    assert waiting(Arrival, now + timedelta(seconds=1)).count() == 2


@pytest.mark.usefixtures("committed")
def test_many_workers_at_once_never_take_one_row_twice(now: datetime, store: str) -> None:
    """On SQLite one worker runs; even so, what it and a second would take never overlaps."""
    ids = make(count=200, due=now)
    taken: list[UUID] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        idle = 0
        while idle < 3:
            found = take(now + timedelta(seconds=1), 7)
            taken.extend(found)
            idle = 0 if found else idle + 1
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert Counter(taken) == Counter(ids)
    assert connection.vendor.startswith(store[:6])
