"""`madoguchi audit`: sentences and exit codes for a log that holds, one that was changed, and files that are none."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from audit.faults import put, rebuild, undone
from audit.tree import filled, ids
from madoguchi.audit.commands import audit
from madoguchi.audit.models import Entry

pytestmark = [pytest.mark.store, pytest.mark.django_db]

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def exported(now: datetime, tmp_path: Path, capsys: Captured) -> Path:
    filled(now, 10)
    assert audit(["export", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.startswith("11 entries as hashes and opaque ids")
    return tmp_path / "out" / "checkpoint"


def test_a_log_that_holds_is_said_to_and_what_is_not_proven_too(exported: Path, capsys: Captured) -> None:
    assert audit(["verify"]) == 0
    said = capsys.readouterr().out
    assert "11 entries fit their tree" in said
    assert "does not prove that nobody rebuilt the whole" in said
    filled(Entry.objects.latest("id").at, 3)
    assert audit(["verify", "--checkpoint", str(exported)]) == 0
    said = capsys.readouterr().out
    assert "14 entries fit their tree; the first 11 are those of the checkpoint outside." in said
    assert "the later 3 were not rebuilt is not proven" in said


def test_a_log_that_was_changed_is_exit_code_65_and_the_entry_by_name(
    exported: Path, capsys: Captured
) -> None:
    with undone():
        put("entry", "at", ids()[3], Entry.objects.get(pk=ids()[3]).at + timedelta(seconds=1))
        rebuild()
        assert audit(["verify"]) == 0
        capsys.readouterr()
        assert audit(["verify", "--checkpoint", str(exported)]) == 65
        said = capsys.readouterr().out
        assert said.startswith(f"Entry {ids()[3]} was altered")
        assert said.endswith("The log was tampered with or damaged: 11 entries checked.\n")


def test_of_very_many_findings_the_first_are_told(exported: Path, now: datetime, capsys: Captured) -> None:
    filled(now, 60)
    with undone():
        for one in ids():
            put("entry", "verb", one, "nothing")
        assert audit(["verify"]) == 65
    assert "And 21 more of the same kinds." in capsys.readouterr().out


FILES = {"empty": b"", "other words": b"checkpoint\n", "no text": b"\xff\xfe\n\n\n"}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_that_is_no_checkpoint_is_refused_with_a_sentence(
    tmp_path: Path, capsys: Captured, content: bytes
) -> None:
    (tmp_path / "file").write_bytes(content)
    assert audit(["verify", "--checkpoint", str(tmp_path / "file")]) == 65
    assert capsys.readouterr().err.startswith("madoguchi audit: ")


def test_a_file_that_is_not_there_is_refused_with_a_sentence(tmp_path: Path, capsys: Captured) -> None:
    assert audit(["verify", "--checkpoint", str(tmp_path / "none")]) == 65
    assert "No such file" in capsys.readouterr().err


def test_without_its_keyring_nothing_is_checked(tmp_path: Path, capsys: Captured, settings: object) -> None:
    settings.KEYRING = tmp_path / "none"  # type: ignore[attr-defined]
    assert audit(["verify"]) == 78
    assert "There is no keyring" in capsys.readouterr().err


def test_help_shows_an_example(capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        audit(["--help"])
    assert "madoguchi audit verify --checkpoint" in capsys.readouterr().out
