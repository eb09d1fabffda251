"""A rotation that is killed at any moment loses nothing, and goes on to its end."""

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from journeys.tree import Tree

pytestmark = pytest.mark.store

UNITS, KILLS = 3000, 8


def wrap_keys(tree: Tree) -> list[str]:
    rows = json.loads(tree.keyring.read_text())["keys"]
    return [row["id"] for row in rows if row["purpose"] == "wrap"]


@pytest.mark.long
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
