"""`madoguchi doctor`: one line for each check, and exit 1 where one of them is wrong."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyrage
import pytest

from incidents.mails import mail
from madoguchi.config import doctor, recovery
from madoguchi.intake import actions as intake
from madoguchi.lib import keyring
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import keep, new_unit

pytestmark = [pytest.mark.store, pytest.mark.django_db]

KEEPER = pyrage.x25519.Identity.generate()


@pytest.fixture(autouse=True)
def ring(tmp_path: Path, settings: Any, fresh_keys: None) -> Path:
    """A home and a keyring with nothing to be said against them."""
    keyring.make(tmp_path / "home.keyring", datetime.now(UTC))
    settings.KEYRING, settings.HOME = tmp_path / "home.keyring", tmp_path / "home"
    settings.HOME.mkdir(mode=0o700)
    copy = recovery.recovery_copy(settings.KEYRING, [str(KEEPER.to_public())], datetime.now(UTC).date())
    code = json.loads(pyrage.decrypt(copy, [KEEPER]))[recovery.CODE_FIELD]
    recovery.confirm(settings.KEYRING, code, datetime.now(UTC).date())
    return tmp_path / "home.keyring"


@pytest.fixture(autouse=True)
def room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough of it, whatever the machine has."""
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(1 << 40, 0, 1 << 40))


class Usage(NamedTuple):
    """As shutil says it, in bytes."""

    total: int
    used: int
    free: int


def wrong() -> dict[str, str]:
    return {one.what: one.wrong for one in doctor.findings(datetime.now(UTC)) if one.wrong}


def test_a_sound_home_gets_a_line_for_each_check_and_exit_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.doctor([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    assert all(line.startswith("ok ") for line in lines), lines


def test_a_wrong_thing_is_said_with_what_to_do_and_exit_1(
    ring: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ring.chmod(0o644)
    assert doctor.doctor([]) == 1
    assert f"WRONG  keyring: The keyring at {ring} may be read by others. Run: chmod 600" in (
        capsys.readouterr().out
    )


def test_a_home_open_to_others_is_wrong(settings: Any) -> None:
    settings.HOME.chmod(0o750)
    assert set(wrong()) == {"home"}


def test_a_recovery_copy_that_nobody_confirmed_is_wrong(ring: Path) -> None:
    ring.with_name("home.keyring.recovery").unlink()
    assert set(wrong()) == {"recovery copy"}


def test_a_list_of_the_shredded_that_cannot_be_written_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert set(wrong()) == {"list of the shredded"}


def test_a_full_disk_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(1 << 40, 1 << 40, 1 << 20))
    assert wrong() == {"disk": "only 1 MiB free for the home. Make room before mail is put off."}


def test_mail_that_waits_too_long_is_wrong() -> None:
    intake.accept(
        now=datetime.now(UTC) - timedelta(minutes=20), envelope=intake.Envelope(door="smtp"), raw=mail()
    )
    assert wrong()["arrivals"].startswith("1 wait, 0 in trouble, the oldest since")


def test_mail_that_just_came_is_not() -> None:
    intake.accept(now=datetime.now(UTC), envelope=intake.Envelope(door="smtp"), raw=mail())
    assert wrong() == {}


@verb
def kept(*, now: datetime) -> None:
    keep([new_unit("note", now)])


def test_rows_from_the_future_show_a_clock_that_went_back(store: str) -> None:
    kept(now=datetime.now(UTC) + timedelta(hours=3))
    assert set(wrong()) == ({"clock"} if store == "sqlite" else set())


def test_data_keys_whose_wrap_key_is_away_are_wrong(ring: Path, now: datetime) -> None:
    kept(now=now)
    ring.unlink()
    keyring.make(ring, now)
    assert {"wrap keys", "recovery copy"} == set(wrong())
