"""A rotation that is killed at any moment loses nothing, and goes on to its end."""

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from journeys import mails
from journeys.sink import Sender, Sink
from journeys.tree import Tree

pytestmark = [pytest.mark.store, pytest.mark.long]

UNITS, KILLS = 3000, 8


def wrap_keys(tree: Tree) -> list[str]:
    rows = json.loads(tree.keyring.read_text())["keys"]
    return [row["id"] for row in rows if row["purpose"] == "wrap"]


def test_a_rotation_that_is_killed_again_and_again_goes_on_and_everything_opens(
    tmp_path: Path, store: str
) -> None:
    tree = Tree(tmp_path, store=store, command="run", settings={"RELAY_URL": "smtp://127.0.0.1:1"})
    done = tree.call("init", "--staff", "hanako")
    assert done.returncode == 0, done.stderr.decode()
    tree.ask("units.py", "make", str(UNITS))
    first = wrap_keys(tree)
    chance = random.Random(7)
    for _ in range(KILLS):
        turning = subprocess.Popen(
            tree.words("keys", "rotate", "wrap"), env=tree.environment, stdout=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.3, 3.2))
        turning.send_signal(signal.SIGKILL)
        turning.wait()
        assert tree.ask("units.py", "state")["open"] == UNITS
        assert wrap_keys(tree)[:1] == first
    done = tree.call("keys", "rotate", "wrap")
    assert done.returncode == 0, done.stderr.decode()
    state = tree.ask("units.py", "state")
    [former, fresh] = wrap_keys(tree)
    assert state == {"open": UNITS, "under": {fresh: UNITS}}
    assert former not in state["under"]


def test_mail_that_comes_in_while_the_wrap_key_turns_is_understood_without_a_restart(
    tmp_path: Path, store: str, sink: Sink
) -> None:
    tree = Tree(tmp_path, store=store, command="run", settings={"RELAY_URL": sink.url})
    assert tree.call("init", "--staff", "hanako").returncode == 0
    with tree:
        processes = set(tree.left_over())
        sender = Sender(tree.smtp)
        turning, number = None, 0
        while turning is None or turning.poll() is None:
            given = mails.report(number)
            assert sender.send(given.sender, given.content) == 250
            piped = mails.report(1000 + number)
            assert tree.call("receive", "--from", piped.sender, given=piped.content).returncode == 0
            number += 1
            if number == 3:
                turning = subprocess.Popen(
                    tree.words("keys", "rotate", "wrap"), env=tree.environment, stdout=subprocess.DEVNULL
                )
        sender.close()
        assert turning.returncode == 0
        state = tree.drained()
        assert (len(state.reports), state.failed) == (2 * number, 0)
        assert not list((tree.home / "spool").rglob("damaged/*"))
        fresh = wrap_keys(tree)[-1]
        assert tree.call("keys", "rotate", "wrap").returncode == 0  # what was under way when the first looked
        assert set(tree.ask("units.py", "under")) == {fresh}
        assert set(tree.left_over()) == processes
