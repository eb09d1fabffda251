"""Which charset a text is really in: a contest of candidates with a score.

The label of a mail is one witness among several: mailers write `Shift_JIS` for CP932, `ISO-2022-JP` for
anything Japanese, `us-ascii` and `iso-8859-1` for whatever they hold, or nothing at all. Every candidate
reads a sample and gets

    share of everyday characters - penalty for what does not fit + a bonus where the label names it + its prior

and the best one reads the whole. All work is linear in the size of the input; nothing here raises.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from madoguchi.mail.reading import everyday, iso2022

SAMPLE = 4 * 1024
"""Octets of the lines with something to decide that the contest looks at."""

LABEL_BONUS = 0.45
"""What a label weighs: about as much as half of the text being everyday characters."""

DEFAULT_BONUS = 0.08
"""The same for labels that mailers give without knowing (us-ascii, iso-8859-1)."""

NEAR = 0.15
"""A candidate that reads every byte is preferred to one that doesn't, if it is this near."""

CHANCE = 6
"""Octets beyond one a character from which well-formed UTF-8 is taken for UTF-8 against its label."""

ERROR_COST = 8.0
"""A misfit counts as eight characters that are wrong."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the charset it was read with, and whether every byte fitted."""

    text: str
    used: str
    clean: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A charset in the contest: Python's codec, the labels that mean it, what its texts are made of."""

    name: str
    codec: str
    labels: tuple[str, ...]
    writing: everyday.Writing
    prior: float
    reason: str


# The order breaks ties. Labels are compared without case, spaces, `_`, `-`, and a leading `x-`.
CANDIDATES = (
    Candidate("utf-8", "utf-8", ("utf8", "unicode11utf8", "uft8", "utf8mb4"), everyday.ANY, 0.25,
              "well-formed multi-byte sequences hardly happen by chance"),
    Candidate("cp932", "cp932", ("shiftjis", "sjis", "cp932", "windows31j", "ms932", "mskanji", "csshiftjis",
              "sjiswin", "ms_kanji"), everyday.JAPANESE, 0.12,
              "what Windows writes, whatever the label says: Shift_JIS with NEC and IBM rows"),
    Candidate("euc-jp", "euc_jp", ("eucjp", "ujis", "cseucpkdfmtjapanese", "eucjpms", "cp51932", "eucjpwin"),
              everyday.JAPANESE, 0.12, "Unix mail of the nineties, and some mailing list archives"),
    Candidate("gb18030", "gb18030", ("gb2312", "gbk", "gb18030", "cp936", "ms936", "windows936", "euccn", "csgb2312",
              "gb231280"), everyday.SIMPLIFIED, 0.0, "the superset of every GB label"),
    Candidate("big5", "cp950", ("big5", "cp950", "big5tw", "csbig5", "ms950", "windows950"), everyday.TRADITIONAL, 0.0,
              "Taiwan and Hong Kong, with Microsoft's additions"),
    Candidate("big5-hkscs", "big5hkscs", ("big5hkscs",), everyday.TRADITIONAL, -0.05, "Hong Kong's additions"),
    Candidate("euc-kr", "cp949", ("euckr", "ksc56011987", "ksc5601", "cp949", "uhc", "windows949", "cseuckr",
              "ksx1001"), everyday.KOREAN, 0.0, "KS X 1001 with Microsoft's remaining syllables"),
    Candidate("koi8-r", "koi8_r", ("koi8r", "koi8", "cskoi8r"), everyday.CYRILLIC, 0.0, "Russian Unix mail"),
    Candidate("koi8-u", "koi8_u", ("koi8u", "koi8ru"), everyday.CYRILLIC, -0.02, "the same with Ukrainian letters"),
    Candidate("windows-1251", "cp1251", ("windows1251", "cp1251", "win1251"), everyday.CYRILLIC, 0.0,
              "Cyrillic on Windows"),
    Candidate("iso-8859-5", "iso8859_5", ("iso88595", "cyrillic"), everyday.CYRILLIC, -0.03, "Cyrillic, rare"),
    Candidate("windows-1252", "cp1252", ("windows1252", "cp1252", "iso88591", "latin1", "l1", "ansi", "usascii",
              "ascii", "ansix341968", "iso646us"), everyday.WESTERN, 0.05,
              "Western Europe; latin-1 labels mean it, its C1 controls being unused"),
    Candidate("iso-8859-15", "iso8859_15", ("iso885915", "latin9"), everyday.WESTERN, -0.02, "the same with €"),
    Candidate("windows-1250", "cp1250", ("windows1250", "cp1250", "iso88592", "latin2"), everyday.CENTRAL, 0.0,
              "Central Europe"),
    Candidate("windows-1253", "cp1253", ("windows1253", "cp1253", "iso88597", "greek"), everyday.GREEK, 0.0, "Greek"),
    Candidate("windows-1254", "cp1254", ("windows1254", "cp1254", "iso88599", "latin5"), everyday.TURKISH, -0.02,
              "Turkish"),
    Candidate("windows-1255", "cp1255", ("windows1255", "cp1255", "iso88598", "iso88598i", "hebrew"), everyday.HEBREW,
              0.0, "Hebrew"),
    Candidate("windows-1256", "cp1256", ("windows1256", "cp1256"), everyday.ARABIC, 0.0, "Arabic on Windows"),
    Candidate("iso-8859-6", "iso8859_6", ("iso88596", "arabic"), everyday.ARABIC, -0.02, "Arabic"),
    Candidate("windows-1257", "cp1257", ("windows1257", "cp1257", "iso88594", "iso885913"), everyday.BALTIC, -0.03,
              "Baltic"),
    Candidate("windows-1258", "cp1258", ("windows1258", "cp1258"), everyday.VIETNAMESE, -0.05, "Vietnamese"),
)  # fmt: skip

# Charsets that bytes alone don't suggest: only a label brings them in, and only if every byte fits.
ON_REQUEST = {
    "shiftjis": ("shift_jis", "shift_jis"), "sjis": ("shift_jis", "shift_jis"),
    "iso88592": ("iso-8859-2", "iso8859_2"), "iso88593": ("iso-8859-3", "iso8859_3"),
    "iso88594": ("iso-8859-4", "iso8859_4"), "iso88597": ("iso-8859-7", "iso8859_7"),
    "iso88599": ("iso-8859-9", "iso8859_9"), "iso885910": ("iso-8859-10", "iso8859_10"),
    "iso885911": ("iso-8859-11", "iso8859_11"), "iso885913": ("iso-8859-13", "iso8859_13"),
    "iso885914": ("iso-8859-14", "iso8859_14"), "iso885916": ("iso-8859-16", "iso8859_16"),
    "tis620": ("tis-620", "tis_620"), "windows874": ("windows-874", "cp874"), "cp874": ("windows-874", "cp874"),
    "ibm437": ("cp437", "cp437"), "cp437": ("cp437", "cp437"), "cp850": ("cp850", "cp850"),
    "ibm850": ("cp850", "cp850"), "cp852": ("cp852", "cp852"), "cp866": ("cp866", "cp866"),
    "ibm866": ("cp866", "cp866"), "macintosh": ("macintosh", "mac_roman"), "macroman": ("macintosh", "mac_roman"),
    "eucjis2004": ("euc-jis-2004", "euc_jis_2004"), "shiftjis2004": ("shift_jis-2004", "shift_jis_2004"),
    "johab": ("johab", "johab"),
}  # fmt: skip

# Seven-bit forms that only a label tells from ASCII.
SEVEN_BIT = {
    "utf7": ("utf-7", "utf_7"), "unicode11utf7": ("utf-7", "utf_7"), "csunicode11utf7": ("utf-7", "utf_7"),
    "hz": ("hz-gb-2312", "hz"), "hzgb2312": ("hz-gb-2312", "hz"),
    "iso2022kr": ("iso-2022-kr", "iso2022_kr"), "csiso2022kr": ("iso-2022-kr", "iso2022_kr"),
}  # fmt: skip

_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)
_WIDE = {
    "utf16": ("utf-16", ("utf-16-be", "utf-16-le")), "utf16le": ("utf-16", ("utf-16-le",)),
    "utf16be": ("utf-16", ("utf-16-be",)), "ucs2": ("utf-16", ("utf-16-be", "utf-16-le")),
    "utf32": ("utf-32", ("utf-32-be", "utf-32-le")), "utf32le": ("utf-32", ("utf-32-le",)),
    "utf32be": ("utf-32", ("utf-32-be",)),
}  # fmt: skip
_BY_LABEL = {label: candidate for candidate in CANDIDATES for label in candidate.labels}
_GUESSED_LABELS = frozenset(("usascii", "ascii", "ansix341968", "iso646us", "iso88591", "latin1", "ansi"))
_UNLABELLED_WIDE = ("utf-16-le", "utf-16-be")


def decode(raw: bytes, label: str | None = None) -> Decoded:
    """The text of these octets. `label` is the charset that the mail names, as it stands there."""
    key = _key(label)
    return (
        _by_bom(raw)
        or _wide(raw, key)
        or _seven_bit(raw, key)
        or _escaped(raw, key)
        or _on_request(raw, key)
        or _contest(raw, key)
    )


@lru_cache(maxsize=512)
def _key(label: str | None) -> str:
    if not label or len(label) > 64:
        return ""
    return re.sub(r"[\s\"'_.:=-]|^\s*x-|^3d", "", label.lower())


def _by_bom(raw: bytes) -> Decoded | None:
    for bom, name, codec in _BOMS:
        if raw.startswith(bom):
            return _strict(raw[len(bom) :], name, codec)
    return None


def _strict(raw: bytes, name: str, codec: str) -> Decoded | None:
    try:
        return Decoded(raw.decode(codec), name, clean=True)
    except UnicodeError:
        return None


def _wide(raw: bytes, key: str) -> Decoded | None:
    """UTF-16 and UTF-32 without a byte order mark: by label, or where every second octet is NUL."""
    name, codecs_ = _WIDE.get(key, ("utf-16", ()))
    if not codecs_ and raw[:SAMPLE].count(0) * 4 > len(raw[:SAMPLE]) > 3:
        codecs_ = _UNLABELLED_WIDE
    readings = [
        read for read in (_strict(raw, name, codec) for codec in codecs_) if read and _has_no_nul(read)
    ]
    return max(readings, key=lambda read: _share(read.text[:2048], everyday.ANY_WIDE), default=None)


def _has_no_nul(read: Decoded) -> bool:
    return "\0" not in read.text


def _seven_bit(raw: bytes, key: str) -> Decoded | None:
    """ASCII, and what a label says is dressed as ASCII."""
    if key in SEVEN_BIT:
        read = _strict(raw, *SEVEN_BIT[key])
        if read and not _SURROGATE.search(read.text):  # Python's UTF-7 lets halves of pairs through
            return read
    if not raw.isascii() or b"\x1b" in raw or b"\x0e" in raw:
        return None
    named = None if key in _GUESSED_LABELS else _BY_LABEL.get(key)
    name = "iso-2022-jp" if key == "iso2022jp" else (named.name if named else "us-ascii")
    return Decoded(raw.decode("ascii"), name, clean=True)


_SURROGATE = re.compile(r"[\ud800-\udfff]")
_JAPANESE_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\$\([@BDOPQ]|\([IJ])|\x0e")


def _escaped(raw: bytes, key: str) -> Decoded | None:
    """ISO-2022-JP: the escapes decide, not the label; eight-bit octets beside them weaken it."""
    if not _JAPANESE_ESCAPE.search(raw):
        return None
    if not raw.isascii() and not key.startswith("iso2022jp"):
        return None
    text, beyond = iso2022.decode(raw)
    clean = "\ufffd" not in text
    if not clean and not raw.isascii():
        return None
    return Decoded(text, "iso-2022-jp-ms" if beyond else "iso-2022-jp", clean)


def _on_request(raw: bytes, key: str) -> Decoded | None:
    """A label that names a table of its own and whose every byte fits it, with a text that makes sense."""
    if key not in ON_REQUEST:
        return None
    read = _strict(raw, *ON_REQUEST[key])
    if read is None or key not in _BY_LABEL:
        return read
    best = _ranking(_sample(raw), key)[0][1]
    return read if best is _BY_LABEL[key] else None


def _contest(raw: bytes, key: str) -> Decoded:
    sure = _well_formed(raw, key)
    if sure:
        return sure
    ranking = _ranking(_sample(raw), key)
    best = ranking[0][0]
    for score, candidate in ranking:
        if score < best - NEAR:
            break
        read = _read(raw, candidate)
        if read.clean:
            return read
    return _read(raw, ranking[0][1])


def _well_formed(raw: bytes, key: str) -> Decoded | None:
    """UTF-8 by its form alone, where the label says so or enough sequences can't be chance."""
    read = _strict(raw, "utf-8", "utf-8")
    if read is None:
        return None
    named = _BY_LABEL.get(key)
    enough = len(raw) - len(read.text) >= CHANCE
    return read if enough or named is None or named.name == "utf-8" or key in _GUESSED_LABELS else None


def _read(raw: bytes, candidate: Candidate) -> Decoded:
    read = _strict(raw, candidate.name, candidate.codec)
    if read:
        return read
    if candidate.name == "euc-jp":
        text = iso2022.decode_euc_ms(raw)
        return Decoded(text, "cp51932", "\ufffd" not in text)
    return Decoded(raw.decode(candidate.codec, "replace"), candidate.name, clean=False)


def _sample(raw: bytes) -> bytes:
    """The lines that hold something to decide, about SAMPLE octets of them."""
    if len(raw) <= SAMPLE:
        return raw
    taken: list[bytes] = []
    size = 0
    for line in raw.split(b"\n"):
        if not line.isascii():
            taken.append(line[:SAMPLE])
            size += len(line)
            if size > SAMPLE:
                break
    return b"\n".join(taken)


def _ranking(sample: bytes, key: str) -> list[tuple[float, Candidate]]:
    """Candidates with their scores, best first; ties go by the table's order."""
    named = _BY_LABEL.get(key)
    if named is None and key.startswith("iso2022jp"):
        named = _BY_LABEL["cp932"]
    bonus = DEFAULT_BONUS if key in _GUESSED_LABELS else LABEL_BONUS
    scored = [(_score(sample, one) + (bonus if one is named else 0.0), one) for one in CANDIDATES]
    return sorted(scored, key=lambda pair: -pair[0])


def _score(sample: bytes, candidate: Candidate) -> float:
    text = _read(sample, candidate).text
    if len(sample) >= SAMPLE:  # a cut may have split the last character
        text = text.removesuffix("\ufffd")
    return _share(text, candidate.writing) + candidate.prior


def _share(text: str, writing: everyday.Writing) -> float:
    """How much of what is beyond ASCII is everyday in this writing; misfits weigh heavier than strangers."""
    counts = Counter(text)
    beyond = {char: count for char, count in counts.items() if char > "\x7f"}
    total = sum(beyond.values())
    if not total:
        return 0.0
    wrong = sum(count for char, count in beyond.items() if char in everyday.NEVER)
    if writing is everyday.ANY:
        good = float(total - wrong)
    else:
        main = sum(count for char, count in beyond.items() if char in writing.main)
        good = main + sum(count for char, count in beyond.items() if char in writing.minor) / 2
    misplaced = len((everyday.MISPLACED if writing.alphabet else everyday.SWALLOWED).findall(text))
    return (good - misplaced - ERROR_COST * wrong) / total
