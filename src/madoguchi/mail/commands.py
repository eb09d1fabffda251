"""The command `madoguchi read`: shows what would be understood of mails, and stores nothing.

Needs no database, no settings and no home, and imports no Django: a thousand files in one call cost one
start.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from madoguchi.lib import hostile
from madoguchi.mail import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from madoguchi.mail.letter import Letter, Mailbox

_EXAMPLE = """\
example:
  madoguchi read --json mails/ forwarded.eml
  madoguchi read - < forwarded.eml
"""


def read(argv: list[str]) -> int:
    """Reads each mail named and prints it, in the order given; folders file by file, sorted.

    Returns an exit code of sysexits: 0, 64 for a wrong call, 66 (EX_NOINPUT) where a file could not be read;
    the others are read all the same.
    """
    try:
        options = _parser().parse_args(argv)
    except SystemExit as leaving:
        return os.EX_OK if leaving.code in {0, None} else os.EX_USAGE
    if options.keyring is not None:
        print("OpenPGP is not read yet: --keyring has no effect.", file=sys.stderr)  # noqa: T201 - a command's voice
    try:
        return _read_all(options.files, as_json=options.json)
    except BrokenPipeError:  # whoever reads our output has seen enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return os.EX_OK


def _read_all(names: Sequence[str], *, as_json: bool) -> int:
    status = os.EX_OK
    for name, path in _files(names):
        try:
            raw = sys.stdin.buffer.read() if path is None else path.read_bytes()
        except OSError as error:
            print(f"{hostile.escaped(name)}: {error.strerror}", file=sys.stderr)  # noqa: T201 - a command's voice
            status = os.EX_NOINPUT
            continue
        letter = reading.read(raw)
        _write(_as_line(name, letter) if as_json else _as_page(name, letter))
    sys.stdout.flush()
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="madoguchi read",
        description="Shows what would be understood of these mails; stores nothing.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, in the order given")
    parser.add_argument("--keyring", metavar="DIR", help="folder of OpenPGP keys (accepted, not used yet)")
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="a mail, a folder of mails, or - for standard input"
    )
    return parser


def _files(names: Sequence[str]) -> Iterator[tuple[str, Path | None]]:
    """Each mail's name and path; no path for standard input."""
    for name in names:
        path = Path(name)
        if name == "-":
            yield name, None
        elif path.is_dir():
            yield from ((str(file), file) for file in sorted(path.rglob("*")) if file.is_file())
        else:
            yield name, path


def _write(text: str) -> None:
    """UTF-8 whatever the locale says; what no encoding can hold (half a surrogate pair) as an escape."""
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")


def _as_line(name: str, letter: Letter) -> str:
    return json.dumps({"file": name, **letter.as_json()})


def _as_page(name: str, letter: Letter) -> str:
    """What a person reads in a terminal: all that came from outside is escaped."""
    rows = [
        ("File", name),
        ("Kind", letter.kind),
        ("Date", letter.date.isoformat() if letter.date else ""),
        ("From", _boxes(letter.from_)),
        ("To", _boxes(letter.to)),
        ("Cc", _boxes(letter.cc)),
        ("Reply-To", _boxes(letter.reply_to)),
        ("Subject", letter.subject),
        ("Message-ID", letter.message_id or ""),
    ]
    lines = [f"{label + ':':<12}{hostile.escaped(value, one_line=True)}" for label, value in rows if value]
    for part in letter.parts:
        facts = [part.type, part.charset_used, part.disposition, part.name, f"{part.size} octets"]
        lines.append(
            "Part:       " + hostile.escaped(", ".join(fact for fact in facts if fact), one_line=True)
        )
    lines.extend("Defect:     " + hostile.escaped(defect) for defect in letter.defects)
    return "\n".join((*lines, "", hostile.escaped(letter.text), ""))


def _boxes(boxes: Sequence[Mailbox]) -> str:
    return ", ".join(f"{box.name} <{box.address}>" if box.name else box.address for box in boxes)
