"""Changing the keyring: whole or not at all, by its owner, and without losing what it held."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from madoguchi.lib import keyring
from madoguchi.lib.keyring import PURPOSES, KeyringError
from madoguchi.lib.keyring_editing import add_key, drop_keys, listed


@pytest.fixture
def path(tmp_path: Path, now: datetime) -> Path:
    keyring.make(tmp_path / "home.keyring", now)
    return tmp_path / "home.keyring"


def test_a_new_key_is_current_and_the_former_one_stays(path: Path, now: datetime) -> None:
    before = keyring.load(path, PURPOSES)
    fresh = add_key(path, "wrap", now)
    after = keyring.load(path, PURPOSES)
    assert after.current("wrap").id == fresh
    assert after.named("wrap", before.current("wrap").id) == before.current("wrap")
    assert [after.current(one) for one in PURPOSES[1:]] == [before.current(one) for one in PURPOSES[1:]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_said_of_keys_is_no_secret(path: Path, now: datetime) -> None:
    fresh = add_key(path, "wrap", now)
    secrets = [row["key"] for row in json.loads(path.read_text())["keys"]]
    said = repr(listed(path))
    assert not [one for one in secrets if one in said]
    assert [key.id for key in listed(path) if key.purpose == "wrap" and key.current] == [fresh]
    assert {key.made.isoformat() for key in listed(path)} == {"2026-11-24"}


def test_a_former_key_can_be_dropped_and_the_current_one_never(path: Path, now: datetime) -> None:
    former = keyring.load(path, ("wrap",)).current("wrap").id
    fresh = add_key(path, "wrap", now)
    with pytest.raises(KeyringError, match="is current"):
        drop_keys(path, "wrap", [former, fresh])
    drop_keys(path, "wrap", [former])
    assert [key.id for key in listed(path) if key.purpose == "wrap"] == [fresh]
    assert len(listed(path)) == len(PURPOSES)


def test_an_unknown_purpose_is_refused(path: Path, now: datetime) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyringError, match="no purpose"):
        add_key(path, "wrapping", now)
    assert path.read_bytes() == before


def test_a_link_to_the_keyring_keeps_leading_there(path: Path, tmp_path: Path, now: datetime) -> None:
    link = tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(path)
    fresh = add_key(link, "wrap", now)
    assert link.is_symlink()
    assert keyring.load(path, ("wrap",)).current("wrap").id == fresh


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_keyring_of_another_user_is_left_to_that_user(path: Path, now: datetime) -> None:
    os.chown(path, 65534, 65534)
    with pytest.raises(KeyringError, match="belongs to another user"):
        add_key(path, "wrap", now)


def test_a_damaged_keyring_is_not_made_worse(path: Path, now: datetime) -> None:
    path.write_text("{")
    with pytest.raises(KeyringError, match="damaged"):
        add_key(path, "wrap", now)
    assert path.read_text() == "{"


def test_a_keyring_that_cannot_be_written_says_so_and_is_as_it_was(
    path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(KeyringError, match="No space left"):
            add_key(path, "wrap", now)
    assert path.read_bytes() == before
    assert add_key(path, "wrap", now)


ADDING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from madoguchi.lib.keyring_editing import add_key
while True:
    add_key(Path(sys.argv[1]), "sessions", datetime.now(UTC))
"""


def test_two_that_add_keys_until_they_are_killed_lose_none_and_damage_nothing(path: Path) -> None:
    began = [key.id for key in listed(path)]
    for after in (0.2, 0.31, 0.43):
        adding = [subprocess.Popen([sys.executable, "-c", ADDING, str(path)]) for _ in range(2)]
        time.sleep(after)
        for one in adding:
            one.send_signal(signal.SIGKILL)
            one.wait()
        there = [key.id for key in listed(path)]
        assert there[: len(began)] == began
        began = there
    assert len(began) > len(PURPOSES)
