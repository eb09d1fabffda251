"""Several workers grow one tree and are killed at it, while others write: no fork, no gap, no entry lost."""

import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connections

from audit.tree import checked, ids, places, publisher, sequenced
from madoguchi.audit.actions import WORKER, Deed, Sequencer, record
from madoguchi.audit.merkle import CompactRange
from madoguchi.audit.models import Leaf
from madoguchi.audit.sequencing import head
from madoguchi.lib.verbs import verb

pytestmark = [pytest.mark.store, pytest.mark.usefixtures("committed")]

# Forked, so that a node that was killed is back at once and most of the time is spent at work.
FORK = multiprocessing.get_context("fork")
Node = Callable[[], None]


class RolledBackError(Exception):
    """A deed that fails: its entry goes with it, and leaves a gap in the ids on PostgreSQL."""


def sequencing(now: datetime) -> Node:
    def node() -> None:
        sequencer = Sequencer(batch=40)
        while True:
            if not sequencer.step(now):
                time.sleep(0.002)

    return node


def writing(now: datetime, seed: int) -> Node:
    """Verbs that take their time between entry and commit, and that fail now and then."""
    dice = random.Random(seed)

    @verb
    def deed() -> None:
        record(actor=WORKER, now=now, deeds=[Deed("did", "thing", str(seed))] * dice.randint(1, 5))
        time.sleep(dice.choice((0, 0, 0.001, 0.02)))
        if dice.random() < 0.1:
            raise RolledBackError

    def node() -> None:
        while True:
            try:
                deed()
            except RolledBackError:
                continue

    return node


@contextmanager
def running(nodes: list[Node]) -> Iterator[Callable[[int], None]]:
    """The nodes, each a process; gives what kills one of them (SIGKILL) and starts it again."""
    connections.close_all()
    processes = [_started(node) for node in nodes]

    def kill(index: int) -> None:
        assert processes[index].is_alive(), "a node ended by itself"
        processes[index].kill()
        processes[index].join()
        processes[index] = _started(nodes[index])

    try:
        yield kill
    finally:
        alive = [one.is_alive() for one in processes]
        for one in processes:
            one.kill()
            one.join()
    assert all(alive), "a node ended by itself"


def _started(node: Node) -> multiprocessing.process.BaseProcess:
    def quiet() -> None:
        try:
            node()
        except OperationalError:
            os._exit(3)

    process = FORK.Process(target=quiet)
    process.start()
    return process


def grown_under_kills(now: datetime, store: str, *, seconds: float) -> int:
    """Nodes at work and killed for so long; then the rest is sequenced. Gives how many kills there were."""
    sequencers = 4 if store == "postgres" else 1
    nodes = [sequencing(now)] * sequencers + [writing(now, seed) for seed in range(2)]
    dice, kills, until = random.Random(6962), 0, time.monotonic() + seconds
    with running(nodes) as kill:
        while time.monotonic() < until:
            time.sleep(dice.uniform(0.02, 0.25))
            kill(dice.randrange(len(nodes)))
            kills += 1
    wait_for_the_killed()
    assert len(places()) > 0
    sequenced(now)
    return kills


def wait_for_the_killed() -> None:
    """On PostgreSQL a killed client's last statement may still run: its locks end soon after it."""
    time.sleep(1)


def no_fork_no_gap_no_entry_lost() -> int:
    found = places()
    assert [index for index, _ in found] == list(range(len(found)))
    assert sorted(entry for _, entry in found) == ids()
    whole = CompactRange()
    whole.extend(bytes(one) for one in Leaf.objects.order_by("leaf_index").values_list("hash", flat=True))
    assert (head().size, head().root) == (whole.size, whole.root())
    assert checked().findings == []
    return len(found)


def test_nodes_that_are_killed_grow_one_tree_and_lose_nothing(now: datetime, store: str) -> None:
    kills = grown_under_kills(now, store, seconds=6)
    assert kills > 10
    assert no_fork_no_gap_no_entry_lost() > 50


def checkpointing(now: datetime, folder: Path) -> Node:
    def node() -> None:
        out, moment = publisher(folder), now
        while True:
            moment += timedelta(minutes=10)
            out.step(moment)
            time.sleep(0.01)

    return node


def test_a_check_beside_nodes_at_work_finds_nothing_wrong(now: datetime, store: str, tmp_path: Path) -> None:
    sequencers = 2 if store == "postgres" else 1
    nodes = [sequencing(now)] * sequencers + [writing(now, 1), checkpointing(now, tmp_path)]
    sizes = set()
    with running(nodes):
        until = time.monotonic() + 4
        while time.monotonic() < until or len(sizes) < 3:
            file = tmp_path / "checkpoint"
            found = checked(file if file.exists() else None)
            assert found.findings == []
            sizes.add(found.size)
    assert (tmp_path / "checkpoint").exists()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_nodes_that_are_killed_a_thousand_times_grow_one_tree_and_lose_nothing(
    now: datetime, store: str
) -> None:
    kills = grown_under_kills(now, store, seconds=180)
    print(f"{kills} kills, {len(ids())} entries")
    assert kills > 500
    no_fork_no_gap_no_entry_lost()
