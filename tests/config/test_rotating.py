"""`madoguchi keys`: what it says, what it refuses, and that a former key goes only once nothing needs it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from madoguchi.config import rotating
from madoguchi.config.keys import keys
from madoguchi.intake import spool
from madoguchi.intake.incoming import Envelope
from madoguchi.lib import keyring
from madoguchi.lib.keyring_editing import add_key, listed
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import keep, new_unit
from madoguchi.vault.models import DataKey
from madoguchi.vault.queries import open_units

pytestmark = [pytest.mark.store, pytest.mark.django_db]

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ring(tmp_path: Path, settings: Any, fresh_keys: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    keyring.make(tmp_path / "home.keyring", LONG_AGO)
    settings.KEYRING, settings.HOME = tmp_path / "home.keyring", tmp_path / "home"
    settings.HOME.mkdir()
    monkeypatch.setattr(rotating, "NOTICED_WITHIN", 0.0)
    return settings.KEYRING


@verb
def kept(*, now: datetime, count: int) -> list[Any]:
    units = [new_unit("note", now) for _ in range(count)]
    keep(units)
    return [unit.key.id for unit in units]


def of(ring: Path, purpose: str) -> list[str]:
    return [key.id for key in listed(ring) if key.purpose == purpose]


def test_status_counts_what_needs_each_key_and_shows_no_secret(
    ring: Path, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(now=now, count=3)
    assert keys(["status"]) == os.EX_OK
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()] == list(keyring.PURPOSES)
    assert f"wrap      {of(ring, 'wrap')[0]}  2026-01-01  current  3 data keys, 0 spooled mails" in said
    assert not [one for one in ring.read_text().split('"') if len(one) == 44 and one in said]


def test_a_rotation_of_wrap_from_its_beginning_to_its_end(
    ring: Path, now: datetime, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    units = kept(now=now, count=3)
    assert keys(["rotate", "wrap"]) == os.EX_OK
    assert "3 data keys were wrapped anew." in capsys.readouterr().out
    former, fresh = of(ring, "wrap")
    assert set(DataKey.objects.values_list("kek", flat=True)) == {fresh}
    assert keys(["rotate", "wrap", "--finish"]) == os.EX_DATAERR
    assert "may go from" in capsys.readouterr().err
    assert of(ring, "wrap") == [former, fresh]
    monkeypatch.setattr(rotating, "KEPT_FOR", timedelta(0))
    assert keys(["rotate", "wrap", "--finish"]) == os.EX_OK
    assert of(ring, "wrap") == [fresh]
    assert set(open_units(units)) == set(units)


def test_a_rotation_that_was_cut_off_goes_on_and_makes_no_third_key(
    ring: Path, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(now=now, count=3)
    fresh = add_key(ring, "wrap", now)  # and then the process was killed
    assert keys(["rotate", "wrap"]) == os.EX_OK
    assert "goes on" in capsys.readouterr().out
    assert of(ring, "wrap")[1:] == [fresh]
    assert set(DataKey.objects.values_list("kek", flat=True)) == {fresh}


def test_a_key_that_a_spooled_mail_needs_stays(
    ring: Path, now: datetime, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = settings.HOME / spool.FOLDER
    spool.leave(folder, keyring.load(ring, ("wrap",)), Envelope(door="pipe"), b"Subject: x\r\n\r\n", now)
    (folder / "damaged").mkdir()
    next(iter(spool.waiting(folder))).rename(folder / "damaged" / "put-aside")
    former = of(ring, "wrap")
    add_key(ring, "wrap", LONG_AGO)
    assert keys(["rotate", "wrap", "--finish"]) == os.EX_DATAERR
    assert "0 data keys and 1 spooled mails" in capsys.readouterr().err
    assert of(ring, "wrap")[:1] == former


def test_a_key_that_does_not_open_stays_with_the_key_that_it_names(
    ring: Path, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(now=now, count=2)

    @verb
    def damage() -> None:
        DataKey.objects.filter(pk=DataKey.objects.values_list("pk", flat=True)[0]).update(wrapped=b"x" * 60)

    damage()
    add_key(ring, "wrap", LONG_AGO)
    assert keys(["rotate", "wrap", "--finish"]) == os.EX_DATAERR
    told = capsys.readouterr()
    assert "1 data keys do not open" in told.out
    assert "still needed by 1 data keys" in told.err


def test_sessions_turn_without_waiting_and_can_be_ended_at_once(
    ring: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys(["rotate", "sessions"]) == os.EX_OK
    assert keys(["rotate", "sessions", "--finish"]) == os.EX_DATAERR
    assert len(of(ring, "sessions")) == 2
    assert keys(["rotate", "sessions", "--finish", "--at-once"]) == os.EX_OK
    assert len(of(ring, "sessions")) == 1
    assert keys(["rotate", "sessions", "--finish"]) == os.EX_DATAERR
    assert "no key to drop" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rotate", "index"], "second index"),
        (["rotate", "links"], "not rotated by this release"),
        (["rotate", "audit", "--finish"], "not rotated by this release"),
        (["rotate", "wrap", "--finish"], "no key to drop"),
    ],
)
def test_what_cannot_be_rotated_is_refused_with_a_sentence_and_changes_nothing(
    ring: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    before = ring.read_bytes()
    assert keys(words) == os.EX_DATAERR
    assert said in capsys.readouterr().err
    assert ring.read_bytes() == before


def test_wrap_is_never_dropped_at_once(ring: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_key(ring, "wrap", LONG_AGO)
    assert keys(["rotate", "wrap", "--finish", "--at-once"]) == os.EX_DATAERR
    assert "what was sealed is lost" in capsys.readouterr().err


def test_rows_whose_key_is_not_in_the_keyring_are_told(
    ring: Path, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(now=now, count=2)

    @verb
    def forget() -> None:
        DataKey.objects.update(kek="deadbeef")

    forget()
    assert keys(["status"]) == os.EX_OK
    assert "LACKING   deadbeef: 2 data keys" in capsys.readouterr().out
