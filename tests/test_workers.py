"""One worker on SQLite: the second says so and stops."""

from pathlib import Path

import pytest

from madoguchi.config.sources import SettingsError
from madoguchi.config.workers import _lock


def test_a_second_worker_on_sqlite_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with _lock(tmp_path / "worker.lock"), pytest.raises(SettingsError, match="Use PostgreSQL for several"):
        _lock(tmp_path / "worker.lock")
    _lock(tmp_path / "worker.lock").close()
