"""The header block of a message or part, as octets: names and raw values in order (RFC 5322, 2.2).

Tolerant like the mail it reads: lone CR or LF end a line, a line that is no field ends the block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_OCTETS = 256 * 1024
"""What is read of one header block; the rest up to the empty line is skipped and named as a defect."""

MAX_FIELDS = 2000

_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_EMPTY_LINE = re.compile(rb"(?:\r\n|\r|\n)(?:\r\n|\r|\n)")
_FOLD = re.compile(rb"(?:\r\n|\r|\n)(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Fields:
    """A header block. Names are lower case, values unfolded octets without the line's end."""

    items: tuple[tuple[str, bytes], ...] = ()

    def first(self, name: str) -> bytes | None:
        return next((value for key, value in self.items if key == name), None)

    def all(self, name: str) -> list[bytes]:
        return [value for key, value in self.items if key == name]

    def names(self) -> list[str]:
        return [name for name, _ in self.items]


def split(raw: bytes, start: int, end: int, defects: list[str]) -> tuple[Fields, int]:
    """The fields that begin at `start`, and where the body begins. Appends to `defects`."""
    lines: list[list[bytes]] = []
    names: list[str] = []
    at = start
    while at < end:
        if at - start > MAX_OCTETS or len(names) > MAX_FIELDS:
            defects.append("The header is too large; its rest was not read")
            at = _after_empty_line(raw, at, end)
            break
        match = _LINE.match(raw, at, end)
        line = match[0] if match else b""
        if not line.strip(b"\r\n"):
            at += len(line)
            break
        if line[:1] in b" \t" and names:
            lines[-1].append(line)
        elif field := _FIELD.match(line):
            names.append(field[1].decode("ascii").lower())
            lines.append([line[field.end() :]])
        elif not (line.startswith((b"From ", b">From ")) and not names):
            defects.append("No empty line between header and text")
            break
        at += len(line)
    values = (_FOLD.sub(b"", b"".join(pieces)).strip(b"\r\n").strip(b" \t") for pieces in lines)
    return Fields(tuple(zip(names, values, strict=True))), at


def _after_empty_line(raw: bytes, at: int, end: int) -> int:
    match = _EMPTY_LINE.search(raw, max(at - 2, 0), end)
    return match.end() if match else end
