"""Transfer encodings undone, tolerantly (RFC 2045, 6): what is broken is read as far as it goes and named."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BLOCKS = 1000
"""Runs of base64 with padding between them that are put together; what follows is kept as it stands."""

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BEYOND_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s\0]")
_AFTER_PADDING = re.compile(rb"=[=\s]*")
_BROKEN_QP = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*(?:\r|\n|\Z))")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)


def decode(raw: bytes, encoding: bytes, defects: list[str]) -> bytes:
    """The octets behind a Content-Transfer-Encoding, which is given as it stands in the field."""
    name = encoding.split(b";")[0].split(b"(")[0].strip(b" \t\r\n\"'").lower().decode("ascii", "replace")
    if name in {"", "7bit", "8bit", "binary", "7-bit", "8-bit"}:
        return raw
    decoder = _DECODERS.get(name)
    if decoder is None:
        defects.append("An unknown Content-Transfer-Encoding was read as none")
        return raw
    return decoder(raw, defects)


def base64(raw: bytes, defects: list[str] | None = None) -> bytes:
    """Base64 with what may be wrong about it: strangers between, padding missing or early, text after it."""
    notes: list[str] = [] if defects is None else defects
    pieces: list[bytes] = []
    at = 0
    while at < len(raw):
        padding = _AFTER_PADDING.search(raw, at)
        block = raw[at : padding.start()] if padding else raw[at:]
        if pieces and (len(pieces) >= MAX_BLOCKS or _BEYOND_BASE64.search(block)):
            notes.append("Text after the end of base64 was kept as it stands")
            pieces.append(raw[at:])
            break
        pieces.append(_base64_block(block, notes))
        if pieces[1:]:
            notes.append("Base64 that goes on after its padding")
        at = padding.end() if padding else len(raw)
    return b"".join(pieces)


def _base64_block(block: bytes, notes: list[str]) -> bytes:
    if _BEYOND_BASE64.search(block):
        notes.append("Base64 with characters that do not belong to it")
    letters = block.translate(None, _NOT_BASE64)
    if len(letters) % 4 == 1:
        notes.append("Base64 that breaks off")
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def quoted_printable(raw: bytes, defects: list[str]) -> bytes:
    if _BROKEN_QP.search(raw):
        defects.append("Quoted-printable with escapes that are none")
    return binascii.a2b_qp(raw)


def uuencode(raw: bytes, defects: list[str]) -> bytes:
    begin = _UU_BEGIN.search(raw)
    if not begin:
        defects.append("Uuencoding without its first line was left as it is")
        return raw
    pieces: list[bytes] = []
    for line in raw[begin.end() :].splitlines():
        if line.strip() in {b"end", b"`", b""}:
            break
        try:
            pieces.append(binascii.a2b_uu(line))
        except binascii.Error:
            defects.append("Uuencoding with broken lines")
    return b"".join(pieces)


_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)
_DECODERS: dict[str, Callable[[bytes, list[str]], bytes]] = {
    "base64": base64,
    "quoted-printable": quoted_printable,
    "quoted-printible": quoted_printable,
    "x-uuencode": uuencode,
    "x-uue": uuencode,
    "uuencode": uuencode,
}
