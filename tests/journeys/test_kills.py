"""Nothing that got 250 is lost or doubled, however often everything is killed."""

import queue
import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from journeys.mails import Mail, report
from journeys.sink import Sender, Sink
from journeys.tree import State, Tree

pytestmark = pytest.mark.store

CONNECTIONS = 20


class Crowd:
    """Senders on connections of their own. A mail whose 250 did not come is sent again, as an MTA does."""

    def __init__(self, port: int, mails: Sequence[Mail]) -> None:
        self.todo: queue.SimpleQueue[Mail] = queue.SimpleQueue()
        for mail in mails:
            self.todo.put(mail)
        self.many = len(mails)
        self.stored = 0
        self.again = 0
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send_all, args=(port,)) for _ in range(CONNECTIONS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def wait_for(self, stored: int) -> None:
        """Returns when so many mails got 250."""
        end = time.monotonic() + 120
        while self.stored < stored:
            assert time.monotonic() < end, f"{self.stored} of {stored} mails were stored in time"
            time.sleep(0.002)

    def _send_all(self, port: int) -> None:
        sender = Sender(port)
        while self.stored < self.many:
            try:
                mail = self.todo.get(timeout=0.1)
            except queue.Empty:
                continue
            code = sender.send(mail.sender, mail.content)
            with self._lock:
                self.stored += code == 250
                self.again += code != 250
            if code != 250:
                self.todo.put(mail)
                time.sleep(0.05)
        sender.close()


def killed_while_sending(tree: Tree, crowd: Crowd, kills: int, chance: random.Random) -> None:
    """Kills the tree at moments spread over the sending, some of them while it starts, and starts it again."""
    share = crowd.many // (kills + 1)
    for number in range(kills):
        crowd.wait_for(share * number + chance.randint(1, share))
        time.sleep(chance.random() * 0.05)
        tree.kill()
        if number % 4 == 3:
            tree.launch()
            time.sleep(chance.random() * 1.5)
            tree.kill()
        tree.start()


def doubled(state: State, mails: Sequence[Mail], sink: Sink) -> int:
    """How many letters left twice, having checked that each mail is there once, acknowledged once."""
    by_digest: dict[str, list[dict[str, str]]] = {}
    for arrival in state.arrivals:
        by_digest.setdefault(arrival["digest"], []).append(arrival)
    reports = {one["arrival"]: one for one in state.reports}
    assert len(reports) == len(state.reports) == len(mails)
    assert by_digest.keys() == {mail.digest for mail in mails}
    twice = 0
    for mail in mails:
        [first] = [one for one in by_digest[mail.digest] if one["outcome"] == "report"]
        for other in by_digest[mail.digest]:
            assert other is first or (other["outcome"], other["repeat_of"]) == ("repeat", first["id"])
        assert (reports[first["id"]]["verdict"], reports[first["id"]]["letter"]) == ("send", "sent")
        ids = sink.message_ids(mail.sender)
        assert len(set(ids)) == 1, f"{len(ids)} letters with {len(set(ids))} message ids"
        twice += len(ids) - 1
    assert state.failed == 0
    return twice


def hold_through_kills(tree: Tree, sink: Sink, *, many: int, kills: int) -> None:
    mails = [report(number) for number in range(many)]
    seed = random.SystemRandom().randrange(2**32)
    with tree:
        crowd = Crowd(tree.smtp, mails)
        crowd.start()
        killed_while_sending(tree, crowd, kills, random.Random(seed))
        crowd.join()
        state = tree.drained()
        assert tree.stop() == 0
    twice = doubled(state, mails, sink)
    repeats = len(state.arrivals) - many
    print(
        f"seed {seed}: {many} mails, {kills} kills, {crowd.again} sent again, {repeats} repeats, {twice} letters twice"
    )


@pytest.fixture
def tree(tmp_path: Path, store: str, sink: Sink) -> Tree:
    return Tree(tmp_path, store=store, settings={"RELAY_URL": sink.url})


def test_two_kills_lose_nothing(tree: Tree, sink: Sink) -> None:
    hold_through_kills(tree, sink, many=150, kills=2)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_ten_kills_among_two_thousand_mails_lose_nothing(tree: Tree, sink: Sink) -> None:
    hold_through_kills(tree, sink, many=2000, kills=10)
