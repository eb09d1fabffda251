"""Addresses of a field (RFC 5322, 3.4), read in one pass.

The standard library's reader recurses into nested comments, and whether it is strict differs between patch
releases of Python; a public door needs one that takes any text, in linear time, with the same result
everywhere.
"""

from __future__ import annotations

import re

from madoguchi.mail.letter import Mailbox
from madoguchi.mail.reading import charsets, words

MAX_MAILBOXES = 1000
MAX_OCTETS = 64 * 1024


_TOKEN = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.){0,200})"|(?P<angle><[^<>]*>)|(?P<mark>[(),;:])|(?P<escaped>\\.)|(?P<word>[^"<>(),;:\s]+|["<>])|(?P<space>\s+)',
    re.DOTALL,
)
_COMMENT = re.compile(r"\([^()]*\)")
_SPACES = re.compile(r"\s+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class _Collector:
    """Words until a comma makes them a mailbox."""

    def __init__(self) -> None:
        self.found: list[Mailbox] = []
        self._name: list[str] = []
        self._comment: list[str] = []
        self._address: str | None = None

    def word(self, text: str) -> None:
        self._name.append(text)

    def comment(self, text: str) -> None:
        self._comment.append(text)

    def address(self, text: str) -> None:
        self._address = _COMMENT.sub("", text)

    def group(self) -> None:
        """A group's name (RFC 5322, 3.4: `team: a@b, c@d;`) is no mailbox."""
        self._name.clear()

    def end(self) -> None:
        name = _clean("".join(self._name))
        comment = _clean("".join(self._comment))
        address = self._address
        if address is None and "@" in name:
            *before, address = name.split(" ")
            while before and "@" in before[0] and len(self.found) < MAX_MAILBOXES:  # blanks instead of commas
                self.found.append(Mailbox("", before.pop(0)))
            name = " ".join(before)
        if address or name:
            self.found.append(Mailbox(name or comment, "".join((address or "").split())))
        self._name, self._comment, self._address = [], [], None


def parse(value: bytes) -> tuple[Mailbox, ...]:
    """The mailboxes of a field's raw value; names decoded. Never raises."""
    text = charsets.decode(value[:MAX_OCTETS]).text
    collector = _Collector()
    depth = 0
    for match in _TOKEN.finditer(text):
        if len(collector.found) >= MAX_MAILBOXES:
            break
        mark = match["mark"]
        if depth or mark in {"(", ")"}:
            depth = max(0, depth + (mark == "(") - (mark == ")"))
            if mark not in {"(", ")"}:
                collector.comment(match[0])
        else:
            _take(collector, match)
    collector.end()
    return tuple(collector.found)


def _take(collector: _Collector, match: re.Match[str]) -> None:
    mark = match["mark"]
    if match["quoted"] is not None:
        collector.word(_ESCAPED.sub(r"\1", match["quoted"]))
    elif match["angle"] is not None:
        collector.address(match["angle"][1:-1])
    elif mark == ":":
        collector.group()
    elif mark is not None:
        collector.end()
    else:
        collector.word(match[0])


def _clean(text: str) -> str:
    """A name with its encoded words read and its blanks made single."""
    if "=?" in text:
        text = words.decode(text.encode("utf-8", "surrogateescape"))
    return _SPACES.sub(" ", text).strip()
