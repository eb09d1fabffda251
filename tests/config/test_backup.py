"""Backups: consistent while running, without keys, shown to restore; and what was shredded stays so."""

import json
import os
import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from incidents.mails import mail
from madoguchi.config import backup as commands
from madoguchi.config import backup_files as files
from madoguchi.config import backup_stores as stores
from madoguchi.config.backup import backup
from madoguchi.config.backup_files import BackupError
from madoguchi.config.programs import ProgramError, run_program
from madoguchi.intake import actions as intake
from madoguchi.intake.models import Arrival
from madoguchi.lib import keyring
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import shred
from madoguchi.vault.models import DataKey
from madoguchi.vault.shredded_list import list_file

pytestmark = pytest.mark.store

LARGE = mail("x" * 400_000)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any, committed: None, fresh_keys: None) -> Path:
    """A home of its own, with three small mails and a large one."""
    keyring.make(tmp_path / "home.keyring", datetime.now(UTC))
    settings.KEYRING, settings.HOME = tmp_path / "home.keyring", tmp_path / "home"
    settings.HOME.mkdir()
    for raw in (mail("1"), mail("2"), mail("3"), LARGE):
        took(raw)
    return settings.HOME


def took(raw: bytes) -> None:
    intake.accept(now=datetime.now(UTC), envelope=intake.Envelope(door="smtp"), raw=raw)


@pytest.fixture
def root(tmp_path: Path, now: datetime) -> Path:
    """A folder with one backup."""
    commands.make(tmp_path / "backups", now)
    return tmp_path / "backups"


@verb
def destroy(*, now: datetime, arrival: Arrival) -> None:
    shred([arrival.data_key], now=now)


def restored(folder: Path, room: Path) -> list[tuple[Any, Any]]:
    """The data keys that a restored copy of this backup holds: id, wrapped."""
    room.mkdir(exist_ok=True)
    _, manifest = commands._checked(folder)
    with stores.fresh_place(room) as place:
        blobs = {name for name, _ in files.blobs_of(commands._checked(folder)[0])}
        commands._fill(place, commands._checked(folder)[0], manifest, blobs)
        with place.cursor() as cursor:
            cursor.execute("SELECT id, wrapped FROM vault_datakey")
            return [(str(key).replace("-", ""), wrapped) for key, wrapped in cursor.fetchall()]


def test_a_backup_is_made_and_shown_to_restore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "backups"
    assert backup([str(root)]) == os.EX_OK
    assert "1 blobs" in capsys.readouterr().out
    assert backup(["verify", str(root)]) == os.EX_OK
    assert "1 blobs, 4 mails opened." in capsys.readouterr().out
    assert not list((tmp_path / "home").glob(".verify-*"))


def test_it_is_for_nobody_else_and_holds_no_key(root: Path, settings: Any) -> None:
    written = [one for one in root.rglob("*") if one.is_file()]
    assert {stat.S_IMODE(one.stat().st_mode) for one in written} == {0o600}
    long_lived = [row["key"] for row in json.loads(settings.KEYRING.read_text())["keys"]]
    wrapped = [bytes(one) for one in DataKey.objects.values_list("wrapped", flat=True) if one]
    assert len(wrapped) == 4
    for one in written:
        bytes_of = one.read_bytes()
        assert not [key for key in long_lived if key.encode() in bytes_of]
        if files.KEYS not in one.parts:
            assert not [key for key in wrapped if key in bytes_of or key.hex().encode() in bytes_of]


def test_the_next_backup_copies_no_blob_again(root: Path, now: datetime) -> None:
    [blob] = [one for one in (root / "blobs").rglob("*") if one.is_file()]
    before = blob.stat().st_ino
    took(LARGE)
    commands.make(root, now + timedelta(hours=1))
    assert blob.stat().st_ino == before
    assert len([one for one in (root / "blobs").rglob("*") if one.is_file()]) == 2
    assert "2 blobs" in commands.verify(root)


def test_a_backup_older_than_a_shredding_opens_nothing_of_it(
    root: Path, now: datetime, tmp_path: Path
) -> None:
    gone = Arrival.objects.order_by("pk").first()
    assert gone is not None
    destroy(now=now, arrival=gone)
    keys = dict(restored(root, tmp_path / "room"))
    assert keys[gone.data_key.hex] is None
    assert sum(wrapped is not None for wrapped in keys.values()) == 3
    assert "3 mails opened" in commands.verify(root)


def test_an_old_backup_needs_keys_of_its_time_or_later(root: Path, now: datetime, tmp_path: Path) -> None:
    commands.make(root, now + timedelta(days=1))
    old, new = sorted((root / files.KEYS).iterdir())
    old.unlink()
    first = root / files.stamp_of(now)
    assert len(restored(first, tmp_path / "room")) == 4
    new.unlink()
    with pytest.raises(BackupError, match="no keys of"):
        commands.verify(first)


# --- What is refused ---------------------------------------------------------------------------------------


def altered(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(bytes(whole))


@pytest.mark.parametrize(
    ("what", "how"),
    [
        *(
            (what, how)
            for what in ("database", "blobs.txt", "keys", "blob")
            for how in ("altered", "missing", "cut")
        ),
        ("manifest", "missing"),
        ("manifest", "cut"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_with_a_sentence(root: Path, what: str, how: str) -> None:
    [folder] = [one for one in root.iterdir() if files.STAMP.fullmatch(one.name)]
    places = {
        "database": folder / "database",
        "blobs.txt": folder / "blobs.txt",
        "keys": next((root / files.KEYS).iterdir()),
        "blob": next(one for one in (root / "blobs").rglob("*") if one.is_file()),
        "manifest": folder / files.MANIFEST,
    }
    match how:
        case "altered":
            altered(places[what])
        case "missing":
            places[what].unlink()
        case _:
            places[what].write_bytes(places[what].read_bytes()[:-20])
    with pytest.raises(BackupError):
        commands.verify(root)


def test_a_newer_release_s_backup_is_refused(root: Path) -> None:
    rewritten(root, migrations=["intake.9999_of_the_future"])
    with pytest.raises(BackupError, match="newer release"):
        commands.verify(root)


def test_another_store_s_backup_is_refused(root: Path) -> None:
    rewritten(root, store="oracle")
    with pytest.raises(BackupError, match="made on oracle"):
        commands.verify(root)


def test_rows_that_lack_are_counted(root: Path) -> None:
    [folder] = [one for one in root.iterdir() if files.STAMP.fullmatch(one.name)]
    counts = json.loads((folder / files.MANIFEST).read_text())["counts"]
    rewritten(root, counts=counts | {"intake_arrival": 5})
    with pytest.raises(BackupError, match="4 rows of intake_arrival instead of 5"):
        commands.verify(root)


def rewritten(root: Path, **changes: object) -> None:
    [file] = root.glob(f"*/{files.MANIFEST}")
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_another_keyring_opens_nothing_and_says_so(root: Path, settings: Any) -> None:
    settings.KEYRING.unlink()
    keyring.make(settings.KEYRING, datetime.now(UTC))
    with pytest.raises(keyring.KeyringError, match="lacks the key"):
        commands.verify(root)


def test_a_folder_in_the_home_or_around_the_keyring_is_refused(home: Path, now: datetime) -> None:
    for root in (home / "backups", home.parent):
        with pytest.raises(BackupError, match="apart"):
            commands.make(root, now)


def test_a_folder_without_a_backup_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert backup(["verify", str(tmp_path / "nowhere")]) == os.EX_DATAERR
    assert "no whole backup" in capsys.readouterr().err


def test_a_restore_into_a_home_with_data_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.restore([str(root)]) == os.EX_DATAERR
    assert "holds data already" in capsys.readouterr().err


def test_a_program_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ProgramError, match="pg_dump is not on the PATH"):
        run_program("pg_dump", [], {})


def test_the_list_of_what_was_shredded_is_in_no_backup(root: Path, now: datetime, settings: Any) -> None:
    gone = Arrival.objects.first()
    assert gone is not None
    destroy(now=now, arrival=gone)
    commands.make(root, now + timedelta(hours=1))
    assert list_file(settings.KEYRING).exists()
    assert not list(root.rglob("*.shredded"))


def test_sqlite_s_copy_is_one_sound_file(root: Path, store: str) -> None:
    if store == "sqlite":
        [file] = root.glob("*/database")
        with sqlite3.connect(file) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert copy.execute("SELECT count(*) FROM vault_datakey").fetchone() == (0,)
        copy.close()
    assert connection.vendor.startswith(store)
