"""The performance table: its lines, choosing rows by name, and its record. Nothing is measured here."""

import importlib
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
NAMES = {
    "intake-smtp-sqlite",
    "intake-smtp-postgres",
    "arrival-sqlite",
    "arrival-postgres",
    "queue-page-sqlite",
    "report-page-sqlite",
    "queue-page-postgres",
    "report-page-postgres",
    "idle-memory",
    "public-pages",
    "audit-sequence-sqlite",
    "audit-sequence-postgres",
    "audit-append-sqlite",
    "audit-append-postgres",
}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmarks' table; they stand beside the product, not in it."""
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("bench.table")


@pytest.fixture
def command(bench: ModuleType) -> ModuleType:
    return importlib.import_module("bench.__main__")


def row(bench: ModuleType, name: str, figure: object = None) -> object:
    def measure() -> object:
        if figure is None:
            raise TimeoutError
        return figure

    return bench.Row(name, f"what {name} is", "10 ms", measure)


def test_a_row_is_one_line_that_says_what_was_measured_what_was_aimed_at_and_whether_it_holds(
    bench: ModuleType,
) -> None:
    fast, slow = bench.Figure("8 ms", holds=True), bench.Figure("12 ms", holds=False)
    assert bench.line(row(bench, "queue"), fast) == "queue | what queue is | 8 ms | 10 ms | holds"
    assert bench.line(row(bench, "queue"), slow) == "queue | what queue is | 12 ms | 10 ms | falls short"


@pytest.mark.parametrize(
    ("globs", "names"),
    [
        ([], ["intake-a", "intake-b", "queue-a"]),
        (["intake-*"], ["intake-a", "intake-b"]),
        (["queue-a", "*-a"], ["intake-a", "queue-a"]),
        (["intake-b"], ["intake-b"]),
    ],
)
def test_rows_are_chosen_by_name_in_the_order_of_the_table(
    bench: ModuleType, globs: list[str], names: list[str]
) -> None:
    rows = [row(bench, name) for name in ("intake-a", "intake-b", "queue-a")]
    assert [one.id for one in bench.chosen(rows, globs)] == names


def test_a_wrong_name_gives_a_sentence_with_the_right_ones(
    command: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["intake-*", "quue-*"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("No row is named “quue-*”. There are: intake-smtp-sqlite, ")


def test_the_table_has_the_rows_that_stay_for_ever_each_once(command: ModuleType) -> None:
    names = [one.id for one in command.ROWS]
    assert len(names) == len(set(names))
    assert set(names) >= NAMES
    for one in command.ROWS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.id)
        assert " | " not in one.what + one.aim


def test_a_run_prints_its_lines_and_keeps_machine_versions_times_and_numbers(
    bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row(bench, "queue", bench.Figure("8 ms", holds=True, numbers={"ms": 8.1}))]
    assert bench.run(rows, tmp_path / "results.json")
    assert capsys.readouterr().out == "queue | what queue is | 8 ms | 10 ms | holds\n"
    record = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert record["rows"][0]["numbers"] == {"ms": 8.1}
    assert record["rows"][0]["seconds"] >= 0
    assert record["began"] <= record["ended"]
    assert record["machine"]["cores"] > 0
    assert record["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))


def test_a_row_that_cannot_be_measured_falls_short_and_the_rest_goes_on(
    bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row(bench, "broken"), row(bench, "queue", bench.Figure("8 ms", holds=True))]
    assert not bench.run(rows, tmp_path / "results.json")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "broken | what broken is | not measured (TimeoutError) | 10 ms | falls short"
    assert second.endswith("| holds")
