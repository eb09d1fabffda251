"""The recovery copy: opens for its recipient alone, restores the keyring, and counts once its code was given back."""

import json
import os
import stat
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyrage
import pytest

from madoguchi.config import recovery
from madoguchi.config.command import run
from madoguchi.config.keys import keys
from madoguchi.config.recovery import CODE_FIELD, RecoveryError
from madoguchi.lib import keyring
from madoguchi.lib.keyring import PURPOSES, KeyringError
from madoguchi.lib.keyring_editing import add_key

DAY = date(2026, 11, 24)
KEEPER, OTHER = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
TO = str(KEEPER.to_public())


@pytest.fixture
def ring(tmp_path: Path, now: datetime, settings: Any) -> Path:
    keyring.make(tmp_path / "home.keyring", now)
    settings.KEYRING = tmp_path / "home.keyring"
    return tmp_path / "home.keyring"


def opened(copy: bytes) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(pyrage.decrypt(copy, [KEEPER]))
    return whole


def test_a_copy_holds_every_key_and_opens_for_its_recipient_alone(ring: Path) -> None:
    copy = recovery.recovery_copy(ring, [TO], DAY)
    assert copy.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----")
    assert opened(copy)["keys"] == json.loads(ring.read_text())["keys"]
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(copy, [OTHER])


def test_what_a_copy_decrypts_to_is_itself_a_keyring(ring: Path, tmp_path: Path) -> None:
    by_hand = tmp_path / "restored.keyring"
    by_hand.touch(mode=0o600)
    by_hand.write_bytes(pyrage.decrypt(recovery.recovery_copy(ring, [TO], DAY), [KEEPER]))
    assert keyring.load(by_hand, PURPOSES) == keyring.load(ring, PURPOSES)


def test_the_keyring_is_restored_where_there_is_none(ring: Path) -> None:
    before, copy = keyring.load(ring, PURPOSES), recovery.recovery_copy(ring, [TO], DAY)
    with pytest.raises(RecoveryError, match="already; it stays"):
        recovery.restore(ring, copy, str(KEEPER))
    ring.unlink()
    code = recovery.restore(ring, copy, f"# made for the keeper\n{KEEPER}\n")
    assert keyring.load(ring, PURPOSES) == before
    assert stat.S_IMODE(ring.stat().st_mode) == 0o600
    assert code == opened(copy)[CODE_FIELD]
    assert code not in ring.read_text()
    assert not [one.name for one in ring.parent.iterdir() if one.name.startswith(".")]


@pytest.mark.parametrize(
    ("identity", "plain", "said"),
    [
        (str(OTHER), None, "does not open the copy"),
        ("nonsense", None, "no line that begins"),
        ("AGE-SECRET-KEY-1NONSENSE", None, "does not open the copy"),
        (str(KEEPER), b"{}", "no keyring of Madoguchi"),
        (str(KEEPER), b"\xff", "no keyring of Madoguchi"),
    ],
    ids=["another's identity", "no identity", "a wrong identity", "no keyring", "no text"],
)
def test_what_cannot_be_restored_leaves_nothing(
    ring: Path, identity: str, plain: bytes | None, said: str
) -> None:
    copy = recovery.recovery_copy(ring, [TO], DAY)
    if plain is not None:
        copy = pyrage.encrypt(plain, [KEEPER.to_public()])
    ring.unlink()
    with pytest.raises(RecoveryError, match=said):
        recovery.restore(ring, copy, identity)
    assert not ring.exists()


def test_a_damaged_keyring_in_a_copy_is_not_put_in_place(ring: Path) -> None:
    bad = json.dumps({"version": 1, "keys": [{"purpose": "wrap", "id": ""}], CODE_FIELD: "x"}).encode()
    ring.unlink()
    with pytest.raises(KeyringError, match="damaged"):
        recovery.restore(ring, pyrage.encrypt(bad, [KEEPER.to_public()]), str(KEEPER))
    assert list(ring.parent.iterdir()) == []


def test_a_copy_counts_once_its_code_was_given_back_and_until_a_newer_key_comes(
    ring: Path, now: datetime
) -> None:
    assert "There is no recovery copy" in recovery.what_lacks(ring)
    code = opened(recovery.recovery_copy(ring, [TO], DAY))[CODE_FIELD]
    assert "was not confirmed" in recovery.what_lacks(ring)
    with pytest.raises(RecoveryError, match="not the code"):
        recovery.confirm(ring, "0000-0000-0000-0000", DAY)
    recovery.confirm(ring, f" {code.upper()}\n", DAY)
    assert recovery.what_lacks(ring) == ""
    add_key(ring, "wrap", now)
    assert "lacks newer keys" in recovery.what_lacks(ring)
    newer = opened(recovery.recovery_copy(ring, [TO], DAY))[CODE_FIELD]
    with pytest.raises(RecoveryError):
        recovery.confirm(ring, code, DAY)
    assert "lacks newer keys" in recovery.what_lacks(ring)
    recovery.confirm(ring, newer, DAY)
    assert recovery.what_lacks(ring) == ""


def test_the_note_beside_the_keyring_opens_nothing_and_is_nobody_else_s(ring: Path) -> None:
    copy = recovery.recovery_copy(ring, [TO], DAY)
    note = ring.with_name("home.keyring.recovery")
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert opened(copy)[CODE_FIELD] not in note.read_text()
    assert not [row for row in opened(copy)["keys"] if row["key"] in note.read_text()]


@pytest.mark.parametrize("text", ["{", "[]", '{"copies": [{}]}', '{"copies": 5}'])
def test_a_damaged_note_is_said(ring: Path, text: str) -> None:
    ring.with_name("home.keyring.recovery").write_text(text)
    with pytest.raises(KeyringError, match="Delete it"):
        recovery.copies(ring)


def test_several_keepers_each_open_the_copy(ring: Path) -> None:
    copy = recovery.recovery_copy(ring, [TO, str(OTHER.to_public())], DAY)
    assert pyrage.decrypt(copy, [OTHER]) == pyrage.decrypt(copy, [KEEPER])


# --- The commands ------------------------------------------------------------------------------------------


def test_from_export_to_confirmation_by_command(
    ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys.age"
    assert keys(["export-recovery", "--to", TO, str(file)]) == os.EX_OK
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    code = opened(file.read_bytes())[CODE_FIELD]
    assert code not in capsys.readouterr().out
    assert keys(["confirm-recovery", "wrong"]) == os.EX_DATAERR
    assert keys(["confirm-recovery", code]) == os.EX_OK
    identity = tmp_path / "identity"
    identity.write_text(str(KEEPER))
    ring.unlink()
    assert keys(["import-recovery", "--identity", str(identity), str(file)]) == os.EX_OK
    assert ring.exists()


def test_a_file_that_is_there_is_not_written_over_and_a_failed_export_leaves_none(
    ring: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there, fresh = tmp_path / "there", tmp_path / "fresh"
    there.write_text("kept")
    assert keys(["export-recovery", "--to", TO, str(there)]) == os.EX_CANTCREAT
    assert there.read_text() == "kept"
    assert keys(["export-recovery", "--to", "somebody@x.example", str(fresh)]) == os.EX_DATAERR
    assert "no age recipient" in capsys.readouterr().err
    assert not fresh.exists()


def test_a_wrong_recipient_stops_init_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MADOGUCHI_HOME", str(tmp_path / "new"))
    with pytest.raises(SystemExit) as ended:
        run(["init", "--staff", "hanako", "--recovery-to", "age1nonsense"])
    assert ended.value.code == os.EX_USAGE
    assert "no age recipient" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_confirmation_has_its_day(ring: Path) -> None:
    recovery.confirm(ring, opened(recovery.recovery_copy(ring, [TO], DAY))[CODE_FIELD], DAY)
    [copy] = recovery.copies(ring)
    assert (copy.made, copy.confirmed) == (DAY, DAY)
