"""The keyring: one file for nobody else, each purpose by itself, and a sentence for everything that can be wrong."""

import json
import os
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from madoguchi.lib import keyring
from madoguchi.lib.keyring import KeyringError, KeyringMissingError


@pytest.fixture
def path(tmp_path: Path, now: datetime) -> Path:
    keyring.make(tmp_path / "a" / "home.keyring", now)
    return tmp_path / "a" / "home.keyring"


def test_a_new_keyring_has_one_key_for_each_purpose_and_none_twice(path: Path) -> None:
    held = keyring.load(path, keyring.PURPOSES)
    keys = [held.current(purpose) for purpose in keyring.PURPOSES]
    assert len({key.secret for key in keys}) == len({key.id for key in keys}) == len(keyring.PURPOSES)
    assert {len(key.secret) for key in keys} == {32}
    assert {row["made"] for row in json.loads(path.read_text())["keys"]} == {"2026-11-24"}


def test_only_its_owner_may_read_it(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_never_written_over(path: Path, now: datetime) -> None:
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        keyring.make(path, now)
    assert path.read_bytes() == before


def test_file_and_folder_are_synced_before_it_counts_as_made(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noting(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").resolve().name)
        real(handle)

    monkeypatch.setattr(os, "fsync", noting)
    keyring.make(tmp_path / "home.keyring", now)
    assert synced == ["home.keyring", tmp_path.name]


def test_who_asked_for_one_purpose_holds_no_other(path: Path) -> None:
    held = keyring.load(path, ("wrap",))
    assert held.current("wrap").purpose == "wrap"
    for other in set(keyring.PURPOSES) - {"wrap"}:
        with pytest.raises(KeyringError, match=other):
            held.current(other)
        with pytest.raises(KeyringError):
            held.named(other, keyring.load(path, (other,)).current(other).id)


def test_the_last_key_seals_and_earlier_ones_are_found_by_their_ids(path: Path) -> None:
    whole = json.loads(path.read_text())
    first = next(row for row in whole["keys"] if row["purpose"] == "wrap")
    whole["keys"].append(first | {"id": "newer", "key": "A" * 42 + "E="})
    path.write_text(json.dumps(whole))
    held = keyring.load(path, ("wrap",))
    assert held.current("wrap").id == "newer"
    assert held.named("wrap", first["id"]).id == first["id"]
    with pytest.raises(KeyringError, match="lacks the key unknown"):
        held.named("wrap", "unknown")


def test_a_key_is_never_part_of_what_is_printed(path: Path) -> None:
    held = keyring.load(path, ("wrap",))
    assert repr(held.current("wrap").secret) not in repr(held)


def test_a_missing_keyring_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyringMissingError, match="madoguchi init"):
        keyring.load(tmp_path / "nowhere", ("wrap",))


def test_a_folder_in_its_place_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match="can't be read"):
        keyring.load(tmp_path, ("wrap",))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o660])
def test_a_keyring_open_to_others_says_how_to_close_it(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyringError, match="chmod 600"):
        keyring.load(path, ("wrap",))


DAMAGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a list": lambda whole: whole["keys"],
    "a number": lambda _: 5,
    "no keys": lambda _: {"version": 1},
    "no version": lambda whole: {"keys": whole["keys"]},
    "keys that are none": lambda _: {"version": 1, "keys": 5},
    "rows that are none": lambda _: {"version": 1, "keys": ["wrap"]},
    "a purpose that is none": lambda whole: {
        "version": 1,
        "keys": [whole["keys"][0] | {"purpose": ["wrap"]}],
    },
    "a key without an id": lambda whole: {"version": 1, "keys": [whole["keys"][0] | {"id": ""}]},
    "an id that is a number": lambda whole: {"version": 1, "keys": [whole["keys"][0] | {"id": 7}]},
    "a key that is no base64": lambda whole: {"version": 1, "keys": [whole["keys"][0] | {"key": "(secret)"}]},
    "a key that is null": lambda whole: {"version": 1, "keys": [whole["keys"][0] | {"key": None}]},
    "a key that is short": lambda whole: {"version": 1, "keys": [whole["keys"][0] | {"key": "AAAA"}]},
    "two keys of one id": lambda whole: {"version": 1, "keys": [whole["keys"][0], whole["keys"][0]]},
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_keyring_says_so_and_shows_nothing_of_its_keys(
    path: Path, damage: Callable[[dict[str, Any]], object]
) -> None:
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    with pytest.raises(KeyringError, match="damaged") as raised:
        keyring.load(path, ("wrap",))
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None or raised.value.__suppress_context__
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nonsense"])
def test_what_is_no_json_is_damaged(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(KeyringError, match="damaged"):
        keyring.load(path, ("wrap",))


def test_bytes_that_are_no_text_can_not_be_read(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(KeyringError, match="can't be read"):
        keyring.load(path, ("wrap",))


def test_a_keyring_of_a_later_format_is_not_guessed_at(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))
    with pytest.raises(KeyringError, match="another release"):
        keyring.load(path, ("wrap",))
