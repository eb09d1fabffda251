"""What the parent of all parts does: room for files, and parts that fail at their start are not started in a hurry."""

import resource
import time
from typing import Any

import pytest

from madoguchi.config import processes
from madoguchi.config.options import options
from madoguchi.config.sources import SettingsError


def allowing(soft: int, hard: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The system allows so many open files; the limits that are set."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: given.append(limits))
    return given


def test_the_door_may_open_as_many_files_as_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    most = options().max_connections + processes.SPARE_FILES
    given = allowing(100, most, monkeypatch)
    processes._raise_file_limit()
    assert given == [(most, most)]


def test_a_limit_that_is_high_enough_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    given = allowing(100_000, resource.RLIM_INFINITY, monkeypatch)
    processes._raise_file_limit()
    assert given == []


def test_where_the_system_allows_fewer_files_the_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    allowing(100, 500, monkeypatch)
    with pytest.raises(SettingsError, match=r"MADOGUCHI_MAX_CONNECTIONS needs 756 .* allows 500"):
        processes._raise_file_limit()


def test_a_part_that_fails_at_its_start_is_started_again_later_and_later(monkeypatch: Any) -> None:
    tree = processes._Tree({"smtp": lambda: None})
    waits, waited = [], 0.0
    for _ in range(9):
        tree._begun["smtp"] = time.monotonic() - waited, waited
        waited = tree._wait_for("smtp")
        waits.append(waited)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_part_that_lasted_is_started_again_at_once() -> None:
    tree = processes._Tree({"smtp": lambda: None})
    tree._begun["smtp"] = time.monotonic() - 32 - processes.LASTED - 1, 32
    assert tree._wait_for("smtp") == processes.AGAIN_AFTER
