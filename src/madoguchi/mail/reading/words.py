"""The text of header fields: encoded words (RFC 2047) and raw eight-bit or ISO-2022-JP octets."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from madoguchi.mail.reading import charsets, transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_OCTETS = 256 * 1024
"""What is read of one value."""

# Broken mailers put spaces and question marks into the text, and a language after the charset (RFC 2231, 5).
_WORD = re.compile(
    rb"=\?([^?\s*]{1,64})(?:\*[^?\s]{0,64})?\?([bBqQ])\?([^?\r\n]{0,10000}(?:\?(?!=)[^?\r\n]{0,2000}){0,3})\?="
)
_UNDERSCORE = re.compile(rb"_")


def decode(value: bytes) -> str:
    """A field's text. Characters split across neighbouring encoded words are put together again."""
    return "".join(_pieces(value[:MAX_OCTETS]))


def read(raw: bytes, label: str | None = None) -> str:
    """Octets without encoded words, by the contest of charsets."""
    return charsets.decode(raw, label).text


def _pieces(value: bytes) -> Iterator[str]:
    at = 0
    label, held = "", b""
    for match in _WORD.finditer(value):
        between = value[at : match.start()]
        name = match[1].decode("ascii", "replace").lower()
        if held and (between.strip(b" \t\r\n") or name != label):
            yield read(held, label)
            held = b""
        if between.strip(b" \t\r\n") or not at:
            yield read(between)
        label, held = name, held + _octets(match[2], match[3])
        at = match.end()
    if held:
        yield read(held, label)
    yield read(value[at:])


def _octets(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"bB":
        return transfer.base64(text)
    return binascii.a2b_qp(_UNDERSCORE.sub(b" ", text))
