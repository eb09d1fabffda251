"""ISO-2022-JP as it is found in mail (RFC 1468 and its vendors' additions).

Python's five codecs refuse NEC's row 13 (①, ㈱) and the half-width kana that Japanese mailers send under
this label, so the escapes are followed here and each stretch is given to the codec that knows its rows.
"""

from __future__ import annotations

import codecs
import re

_STRETCH = re.compile(rb"\x1b(\$\([@BDOPQ]|\$[@B]|\([BJI]|&@)|([\x0e\x0f])|(\x1b|[^\x1b\x0e\x0f]+)")
_TWO_BYTE = {b"$@": "208", b"$B": "208", b"$(@": "208", b"$(B": "208", b"$(D": "212"}
_TWO_BYTE |= {b"$(O": "213", b"$(Q": "213", b"$(P": "213-2"}
_HIGH = bytes(byte | 0x80 for byte in range(256))
_PAIR = re.compile(rb"[\xa1-\xfe]{2}")
_GRAPHIC = re.compile(rb"[\x21-\x7e]+")


def _row_of_cp932(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: a pair that JIS X 0208 lacks is read from Microsoft's table (NEC and IBM rows)."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    if len(pair) < 2 or pair[0] < 0xA1 or pair[1] < 0xA1:
        return "\ufffd", error.start + max(1, len(pair))
    return _shifted(pair).decode("cp932", "replace")[:1], error.start + 2


def _shifted(pair: bytes) -> bytes:
    """One EUC-JP pair as Shift_JIS: the arithmetic of JIS X 0208, annex 1."""
    row, cell = pair[0] - 0xA0, pair[1] - 0xA0
    lead = (row - 1) // 2 + (0x81 if row <= 62 else 0xC1)
    if row % 2:
        return bytes((lead, cell + (0x3F if cell <= 63 else 0x40)))
    return bytes((lead, cell + 0x9E))


codecs.register_error("madoguchi.cp932-row", _row_of_cp932)


def decode_euc_ms(raw: bytes) -> str:
    """EUC-JP with Microsoft's rows (CP51932); U+FFFD where neither table has the character."""
    return raw.decode("euc_jp", "madoguchi.cp932-row")


def decode(raw: bytes) -> tuple[str, bool]:
    """Follows the escapes of ISO-2022-JP; every line begins in ASCII (RFC 1468).

    Returns the text and whether it needed more than RFC 1468 (vendor rows, half-width kana). Bytes that fit
    nothing become U+FFFD; never raises.
    """
    lines: list[str] = []
    beyond = False
    for line in raw.split(b"\n"):
        if line.isascii() and b"\x1b" not in line and b"\x0e" not in line:
            lines.append(line.decode("ascii"))
            continue
        text, plain = _line(line)
        beyond = beyond or not plain
        lines.append(text)
    return "\n".join(lines), beyond


def _line(line: bytes) -> tuple[str, bool]:
    """The text of one line, and whether RFC 1468 alone would do."""
    charset, shifted, all_plain = "ascii", False, True
    pieces: list[str] = []
    for match in _STRETCH.finditer(line):
        escape, shift, stretch = match.groups()
        if escape is not None:
            charset = _designated(escape)
        elif shift is not None:
            shifted = shift == b"\x0e"
        else:
            text, plain = _stretch(stretch, "kana" if shifted else charset)
            all_plain = all_plain and plain
            pieces.append(text)
    return "".join(pieces), all_plain


def _designated(escape: bytes) -> str:
    if escape == b"(I":
        return "kana"
    return _TWO_BYTE.get(escape, "ascii")


def _stretch(stretch: bytes, charset: str) -> tuple[str, bool]:
    """One run without escapes: its text, and whether RFC 1468 alone would do."""
    if charset == "ascii":
        return stretch.decode("cp932", "replace"), stretch.isascii()
    euc = _GRAPHIC.sub(lambda m: m[0].translate(_HIGH), stretch)
    if charset == "kana":
        return euc.decode("cp932", "replace"), False
    if charset != "208":
        if charset in {"212", "213-2"}:
            euc = _PAIR.sub(lambda m: b"\x8f" + m[0], euc)
        return euc.decode("euc_jp" if charset == "212" else "euc_jis_2004", "replace"), False
    try:
        return euc.decode("euc_jp"), True
    except UnicodeDecodeError:
        return decode_euc_ms(euc), False
