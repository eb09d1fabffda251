"""`madoguchi read`: mails in, one object a line out, with nothing else needed."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from madoguchi.mail import commands

MAIL = b"From: a@example.jp\r\nSubject: one\r\n\r\nwords\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.eml").write_bytes(MAIL.replace(b"one", b"two"))
    (tmp_path / "a.eml").write_bytes(MAIL)
    return tmp_path


def printed(capsysbinary: pytest.CaptureFixture[bytes]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]


def test_a_folder_is_every_file_below_it_in_order(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert commands.read(["--json", str(folder / "b" / "2.eml"), str(folder)]) == 0
    shown = printed(capsysbinary)
    assert [one["subject"] for one in shown] == ["two", "one", "two"]
    assert shown[1]["file"] == str(folder / "a.eml")


def test_a_missing_file_is_told_and_the_others_are_read(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert commands.read(["--json", str(folder / "none"), str(folder / "a.eml")]) == 66
    out, err = capsysbinary.readouterr()
    assert json.loads(out)["subject"] == "one"
    assert b"none" in err


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MAIL)))
    assert commands.read(["--json", "-"]) == 0
    assert printed(capsysbinary)[0]["file"] == "-"


def test_a_person_sees_what_came_escaped(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "x.eml").write_bytes("Subject: \x1b[2J\u202eevil\r\n\r\nbell \x07 \u200b\r\n".encode())
    assert commands.read([str(tmp_path / "x.eml")]) == 0
    out = capsysbinary.readouterr().out.decode()
    assert "\\x1b[2J\\u202eevil" in out
    assert not {"\x1b", "\x07", "\u202e", "\u200b"} & set(out)


def test_usage_and_help(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert commands.read([]) == 64
    assert commands.read(["--nonsense", "x"]) == 64
    assert commands.read(["--help"]) == 0
    assert b"example:" in capsysbinary.readouterr().out


def test_a_keyring_is_taken_and_said_to_have_no_effect(
    folder: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert commands.read(["--json", "--keyring", str(folder), str(folder / "a.eml")]) == 0
    assert b"OpenPGP is not read yet" in capsysbinary.readouterr().err


def test_reading_needs_no_django() -> None:
    code = "import sys, madoguchi.mail.commands; sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
