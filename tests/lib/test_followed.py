"""A changed keyring is noticed by who holds its keys, and one that went wrong ends nothing."""

import logging
from datetime import datetime
from pathlib import Path

import pytest

from madoguchi.lib import followed, keyring
from madoguchi.lib.followed import Followed
from madoguchi.lib.keyring import KeyringError, KeyringMissingError
from madoguchi.lib.keyring_editing import add_key


@pytest.fixture
def path(tmp_path: Path, now: datetime) -> Path:
    keyring.make(tmp_path / "home.keyring", now)
    return tmp_path / "home.keyring"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [1000.0]
    monkeypatch.setattr(followed.time, "monotonic", lambda: time[0])
    return time


def current(path: Path) -> Followed[str]:
    return Followed(lambda: path, ("wrap",), lambda held: held.current("wrap").id)


def test_a_new_key_is_noticed_within_a_second_and_the_file_left_alone_until_then(
    path: Path, now: datetime, clock: list[float]
) -> None:
    held = current(path)
    before = held()
    fresh = add_key(path, "wrap", now)
    clock[0] += 0.9
    assert held() == before
    clock[0] += 0.1
    assert held() == fresh


def test_who_meets_something_new_can_look_at_once(path: Path, now: datetime, clock: list[float]) -> None:
    held = current(path)
    held()
    fresh = add_key(path, "wrap", now)
    assert held.fresh() == fresh


def test_nothing_is_made_anew_while_the_file_stays(path: Path, clock: list[float]) -> None:
    made: list[int] = []
    held = Followed(lambda: path, ("wrap",), lambda _: made.append(1))
    for _ in range(5):
        held()
        clock[0] += 10
    assert len(made) == 1


@pytest.mark.parametrize("wrong", ["away", "damaged", "open to others"])
def test_a_keyring_that_went_wrong_ends_nothing_and_is_found_again(
    path: Path, now: datetime, clock: list[float], caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    held = current(path)
    before, text = held(), path.read_text()
    match wrong:
        case "away":
            path.rename(path.with_name("away"))
        case "damaged":
            path.write_text("{")
        case _:
            path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock[0] += 2
            assert held() == before
    assert len(caplog.records) == (wrong != "away")
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
    fresh = add_key(path, "wrap", now)
    clock[0] += 2
    assert held() == fresh


def test_who_holds_no_keys_yet_is_told_why(path: Path) -> None:
    held = current(path)
    path.rename(path.with_name("away"))
    with pytest.raises(KeyringMissingError):
        held()
    path.with_name("away").rename(path)
    assert held()
    held.forget()
    path.write_text("{")
    with pytest.raises(KeyringError):
        held()
