"""A field's value and its parameters (RFC 2045, 5.1), with continuations and charsets (RFC 2231)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from madoguchi.mail.reading import words

MAX_OCTETS = 64 * 1024
_PARAMETER = re.compile(
    rb';[ \t\r\n]*([^\s=;*"]+)(?:\*(\d{1,3}))?(\*)?[ \t]*=[ \t]*("(?:[^"\\]|\\.){0,2000}"|[^;]*)', re.DOTALL
)
_NO_SEMICOLON = re.compile(rb"\A([^;\s]{1,200})\s+(?=[\w-]{1,40}\s*=)")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_COMMENT = re.compile(rb"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its octets after unquoting, and its text."""

    raw: bytes
    text: str


@dataclass(frozen=True, slots=True)
class _Piece:
    number: int
    extended: bool
    value: bytes


def parse(value: bytes) -> tuple[str, dict[str, Parameter]]:
    """The value before the first semicolon, lower case, and its parameters by lower-case name."""
    value = _NO_SEMICOLON.sub(rb"\1; ", value[:MAX_OCTETS])
    head = _COMMENT.sub(b"", value.partition(b";")[0]).strip(b" \t\r\n\"'")
    pieces: dict[str, list[_Piece]] = {}
    for match in _PARAMETER.finditer(value):
        name = match[1].decode("ascii", "replace").lower()
        piece = _Piece(int(match[2] or 0), match[3] is not None, _unquoted(match[4]))
        pieces.setdefault(name, []).append(piece)
    return head.decode("ascii", "replace").lower(), {name: _joined(found) for name, found in pieces.items()}


def _unquoted(value: bytes) -> bytes:
    if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"'):
        return _ESCAPED.sub(rb"\1", value[1:-1])
    return value.strip(b" \t\r\n").lstrip(b'"')


def _joined(found: list[_Piece]) -> Parameter:
    """Continuations in the order of their numbers; the first of two with the same number counts."""
    by_number: dict[int, _Piece] = {}
    for piece in found:
        known = by_number.get(piece.number)
        if known is None or (piece.extended and not known.extended):  # RFC 6266, 4.3: the extended one wins
            by_number[piece.number] = piece
    ordered = [by_number[number] for number in sorted(by_number)]
    if not any(piece.extended for piece in ordered):
        raw = b"".join(piece.value for piece in ordered)
        return Parameter(raw, words.decode(raw))
    label: str | None = None
    first = ordered[0]
    if first.extended and first.value.count(b"'") >= 2:
        charset, _, rest = first.value.split(b"'", 2)
        label = charset.decode("ascii", "replace") or None
        ordered[0] = _Piece(first.number, extended=True, value=rest)
    raw = b"".join(unquote_to_bytes(piece.value) if piece.extended else piece.value for piece in ordered)
    return Parameter(raw, words.read(raw, label))
