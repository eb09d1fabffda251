"""Incoming text made safe to show: what can't be seen becomes a visible mark, links are defanged.

Nothing is removed and nothing is normalised; a template writes the segments out as text and needs no other
filter.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of incoming text: `text` as it is, a `mark` for what can't be seen, or a `link`.

    `title` is the character's Unicode name for a mark, a link's address as it was for a link, else empty.
    """

    kind: Literal["text", "mark", "link"]
    text: str
    title: str = ""


# All of Cc, Cf and Cs (a test holds this against the running Unicode), and what is seen as nothing though its
# category is another: fillers, blanks of no or odd width, the grapheme joiner, line and paragraph separators.
_UNSEEN_CLASS = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    r"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
)
# A variation selector is at home behind an emoji, a keycap or an ideograph, one at a time;
# elsewhere it hides data.
_LOST_SELECTOR = (
    r"(?<![#*0-9\xa9\xae\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]|[\ufe00-\ufe0d]"
    r"|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)
_UNSEEN = re.compile(f"[{_UNSEEN_CLASS}]|{_LOST_SELECTOR}")

_END_OF_LINK = r"\s<>\"'`|\\^{}「」『』【】（）〈〉《》、。，；：！？“”‘’" + _UNSEEN_CLASS
_LINK = re.compile(
    rf"(?<![A-Za-z0-9])(?:[A-Za-z][A-Za-z0-9+.-]{{1,30}}://|(?:mailto|javascript|vbscript|data|tel|file|blob):|www\.)"
    rf"[^{_END_OF_LINK}]+"
    r"|(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,10}[A-Za-z0-9-]{2,63}",
    re.IGNORECASE,
)
_NO_PART_OF_A_LINK = ".,;:!?)]*_~"

_CONTROLS = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI"),
    *("DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB"),
    *("CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"),
)
_PIECE = re.compile(f"(?P<unseen>{_UNSEEN.pattern})|(?P<link>{_LINK.pattern})", re.IGNORECASE)

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30})(://|:)(.*)", re.DOTALL)
_DEFANGED_SCHEMES = {"http": "hxxp", "https": "hxxps", "ftp": "fxp", "ftps": "fxps"}
_AUTHORITY = re.compile(r"[^/?#]*")
_DOT = re.compile(r"(?<!\[)[.。．｡](?!\])")
_AT = re.compile(r"(?<!\[)[@＠](?!\])")


def segments(text: str) -> list[Segment]:
    """The text cut into text, marks and defanged links, in order. Linear time; never raises.

    A run of the same unseen character is one mark, `U+200B×12`.
    """
    found: list[Segment] = []
    at = 0
    for match in _PIECE.finditer(text):
        if match.start() < at:
            continue
        link = match["link"].rstrip(_NO_PART_OF_A_LINK) if match["link"] else ""
        if match["link"] and not link:
            continue
        if match.start() > at:
            found.append(Segment("text", text[at : match.start()]))
        if link:
            found.append(Segment("link", defang(link), link))
            at = match.start() + len(link)
        else:
            found.append(_mark(match[0]))
            at = match.end()
    if at < len(text):
        found.append(Segment("text", text[at:]))
    return _gathered(found)


def _mark(char: str) -> Segment:
    return Segment("mark", f"U+{ord(char):04X}", name_of(char))


def _gathered(found: list[Segment]) -> list[Segment]:
    """Runs of the same mark made one."""
    gathered: list[Segment] = []
    for same, run in itertools.groupby(found):
        count = sum(1 for _ in run)
        if same.kind == "mark" and count > 1:
            gathered.append(Segment("mark", f"{same.text}×{count}", same.title))
        else:
            gathered.extend([same] * count)
    return gathered


def name_of(char: str) -> str:
    """A character's Unicode name; for controls, which have none, the short name of ASCII or `CONTROL`."""
    code = ord(char)
    if code < len(_CONTROLS):
        return f"CONTROL {_CONTROLS[code]}"
    return unicodedata.name(char, "TAG" if 0xE0000 <= code <= 0xE0FFF else "CONTROL")


def escaped(text: str, *, one_line: bool = False) -> str:
    r"""The text for a terminal or a log: what can't be seen as `\x1b` or `\u202e`.

    Line feed and tab stay unless `one_line` asks for them as `\n` and `\t`.
    """
    text = _UNSEEN.sub(lambda match: _escape(match[0]), text)
    return text.replace("\n", r"\n").replace("\t", r"\t") if one_line else text


def _escape(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def defang(url: str) -> str:
    """An address that no program takes for a link: `hxxps[:]//host[.]example/path`, `who[@]host[.]example`.

    What is defanged already stays as it is.
    """
    match = _SCHEME.fullmatch(url)
    if not match:
        return _blunt(url)
    scheme, colon, rest = match.groups()
    scheme = _DEFANGED_SCHEMES.get(scheme.lower(), scheme)
    return f"{scheme}[:]{colon[1:]}{_blunt(rest)}"


def _blunt(rest: str) -> str:
    authority = _AUTHORITY.match(rest)
    host = authority[0] if authority else ""
    return _AT.sub("[@]", _DOT.sub("[.]", host)) + rest[len(host) :]
