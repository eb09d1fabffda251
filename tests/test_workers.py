"""One worker on SQLite: the second says so and stops. What is seldom due is not asked for all the time."""

from pathlib import Path

import pytest

from madoguchi.config.sources import SettingsError
from madoguchi.config.workers import SELDOM, _lock, _now_and_then


def test_a_second_worker_on_sqlite_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with _lock(tmp_path / "worker.lock"), pytest.raises(SettingsError, match="Use PostgreSQL for several"):
        _lock(tmp_path / "worker.lock")
    _lock(tmp_path / "worker.lock").close()


def test_what_is_seldom_due_is_done_to_its_end_and_then_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, clock = [100, 3, 0, 7, 0], [50.0]
    monkeypatch.setattr("madoguchi.config.workers.time.monotonic", lambda: clock[0])
    step = _now_and_then(lambda: found.pop(0))
    assert [step() for _ in range(9)] == [100, 3, 0, 0, 0, 0, 0, 0, 0]
    clock[0] += SELDOM + 1
    assert [step() for _ in range(3)] == [7, 0, 0]
    assert found == []
