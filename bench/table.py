"""The performance table: rows, choosing among them, one line for each, and the record of the last run."""

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import Any

LIBRARIES = ("madoguchi", "Django", "aiosmtpd", "granian", "cryptography", "psycopg")


class UnknownRowError(Exception):
    """No row has this name."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a measurement gave: words for the table, whether the aim holds, the numbers for the record."""

    says: str
    holds: bool
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table. Rows stay for ever: later work keeps them holding."""

    id: str
    what: str
    aim: str
    measure: Callable[[], Figure]


def chosen(rows: Sequence[Row], globs: Sequence[str]) -> list[Row]:
    """The rows that a glob names, in the table's order; all without globs. Raises UnknownRowError."""
    for glob in globs:
        if not any(fnmatchcase(row.id, glob) for row in rows):
            names = ", ".join(row.id for row in rows)
            raise UnknownRowError(f"No row is named “{glob}”. There are: {names}.")
    return [row for row in rows if not globs or any(fnmatchcase(row.id, glob) for glob in globs)]


def line(row: Row, figure: Figure) -> str:
    """The row as the table shows it."""
    return " | ".join((row.id, row.what, figure.says, row.aim, "holds" if figure.holds else "falls short"))


def run(rows: Iterable[Row], record: Path) -> bool:
    """Measures row by row, prints each when it is known, writes the record; false where one broke off.

    One that breaks off falls short, with the error's name; the rest goes on.
    """
    begin = datetime.now(UTC)
    done: list[dict[str, Any]] = []
    whole = True
    for row in rows:
        started = time.monotonic()
        try:
            figure = row.measure()
        except Exception as error:  # noqa: BLE001 -- said in the table and on stderr; the other rows can still be measured
            sys.stderr.write(f"{row.id}: {error!r}\n")
            figure, whole = Figure(f"not measured ({type(error).__name__})", holds=False), False
        print(line(row, figure), flush=True)
        seconds = round(time.monotonic() - started, 1)
        done.append(_entry(row, figure) | {"seconds": seconds})
        record.write_text(
            json.dumps(_record(begin, done), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    return whole


def _entry(row: Row, figure: Figure) -> dict[str, Any]:
    return {
        "id": row.id,
        "what": row.what,
        "figure": figure.says,
        "aim": row.aim,
        "holds": figure.holds,
        "numbers": figure.numbers,
    }


def _record(begin: datetime, done: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "began": begin.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        "rows": list(done),
    }


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was: on a busy machine only ratios can be compared."""
    processors = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [text.partition(":")[2].strip() for text in processors if text.startswith("model name")]
    return {
        "system": platform.platform(),
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "load": [round(one, 1) for one in os.getloadavg()],
    }
