"""Ten thousand random edits of the log: each is found with a checkpoint from outside, or has its row in docs/audit.md."""

import random
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from audit.faults import FAULTS, State, excuse, rebuild, state, undone
from audit.tree import checked, filled, publisher
from madoguchi.audit.sequencing import head

pytestmark = [pytest.mark.store, pytest.mark.django_db]

DOCUMENT = Path(__file__).parents[2] / "docs/audit.md"
LATER = timedelta(hours=1)


@pytest.fixture
def log(now: datetime, tmp_path: Path) -> tuple[Path, State]:
    """A log of 20 entries, 15 of them under the checkpoint outside, and the database's state at 8 and a checkpoint."""
    filled(now, 8)
    publisher(tmp_path).step(now + LATER)
    old = state()
    filled(now + timedelta(minutes=1), 7)
    publisher(tmp_path).step(now + 2 * LATER)
    filled(now + timedelta(minutes=2), 5)
    return tmp_path / "checkpoint", old


def one_fault(seed: int, file: Path, old: State, before: State) -> str:
    """Does one edit, and checks that it is found or has its reason; gives that reason, "found" or "nothing"."""
    dice = random.Random(seed)
    name = dice.choice(sorted(FAULTS))
    rebuilt = dice.random() < 0.4
    with undone():
        FAULTS[name](dice, old)
        done = state()
        if done == before:
            return "nothing"
        if rebuilt:
            rebuild()
        found = checked(file)
        reason = excuse(before, state(), 15, rebuilt=rebuilt)
        if found.findings:
            return "found"
        assert reason, f"seed {seed}: {name}{', rebuilt' if rebuilt else ''} was not found"
        assert f"| {reason} |" in DOCUMENT.read_text(encoding="utf-8")
        return reason


def faults(count: int, log: tuple[Path, State], first: int = 0) -> Counter[str]:
    file, old = log
    assert checked(file).findings == []
    assert head().size == 20
    before = state()
    told = Counter(one_fault(first + seed, file, old, before) for seed in range(count))
    assert state() == before
    assert checked(file).findings == []
    return told


def test_three_hundred_edits_are_found_or_have_their_reason(log: tuple[Path, State]) -> None:
    assert faults(300, log)["found"] > 200


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_thousand_edits_are_found_or_have_their_reason(log: tuple[Path, State]) -> None:
    told = faults(10_000, log, first=1000)
    print(dict(told))
    assert told["found"] > 7000
