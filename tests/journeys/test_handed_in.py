"""A confirmation that a page showed is a report that is there, however often everything is killed."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from journeys.tree import HERE, Tree

pytestmark = pytest.mark.store


def shown_until_killed(tree: Tree, seconds: float) -> list[dict[str, str]]:
    """Hands forms in and is killed; what had been shown by then."""
    words = [sys.executable, str(HERE / "hand_in.py"), "anonymous", "10000"]
    with subprocess.Popen(
        words, env=tree.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as hands:
        assert hands.stdout is not None
        first = hands.stdout.readline()
        time.sleep(seconds)
        hands.kill()
        lines = [first, *hands.stdout.read().splitlines(keepends=True)]
    return [json.loads(line) for line in lines if line.endswith(b"}\n")]


def test_whatever_was_confirmed_is_there_whenever_all_is_killed(tmp_path: Path, store: str) -> None:
    """A confirmation shown is a report that is there, under that very reference, once."""
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    tree = Tree(tmp_path, store=store)
    shown: list[dict[str, str]] = []
    try:
        tree.start()
        for _ in range(3):
            shown += shown_until_killed(tree, chance.uniform(0.2, 1.0))
            tree.kill()
            tree.start()
        state = tree.drained()
        stored = tree.ask("references.py")
    finally:
        tree.end()
    assert state.failed == 0
    assert len({one["receipt"] for one in shown}) == len(shown)
    assert {one["reference"] for one in shown} <= set(stored), f"seed {seed}"
    assert len(stored) == len(set(stored))
    print(f"seed {seed}: {len(shown)} confirmations shown, {len(stored)} reports")
