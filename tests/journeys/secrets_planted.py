"""Secrets that are planted, one per field, and sought in every form in which a careless program could leave them."""

import base64
import hashlib
import json
import quopri
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from urllib.parse import quote_from_bytes

KANJI = "窓口秘密件名報告攻撃侵入漏洩添付氏名住所電話番号暗号鍵盤夜間接続不審端末遮断復旧連絡担当組織"
CHARSETS = ("utf-8", "iso2022_jp", "cp932", "euc_jp")
HASHES = ("md5", "sha1", "sha256")
LEAST = 8
"""Bytes that a form must have, so that none is found by chance."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What is planted in one field: a word in ASCII, and one in Japanese where the field may carry it."""

    field: str
    ascii: str
    japanese: str = ""

    @property
    def value(self) -> str:
        """The field's whole value."""
        return self.ascii + self.japanese

    def forms(self) -> set[bytes]:
        """Every form that is sought."""
        words = filter(None, (self.ascii, self.japanese))
        found = set(chain.from_iterable(_forms(word) for word in words)) | set(_hashes(self.value))
        return {form for form in found if len(form) >= LEAST}


def secret(field: str, chance: Random, *, japanese: bool = False) -> Secret:
    """A new secret for this field."""
    word = "".join(chance.choices("abcdefghjkmnpqrstuvwxyz", k=18))
    return Secret(field, word, "".join(chance.choices(KANJI, k=8)) if japanese else "")


def _forms(word: str) -> Iterator[bytes]:
    yield word.encode("utf-16-le")
    yield word.encode("utf-16-be")
    yield json.dumps(word)[1:-1].encode()
    yield json.dumps(word)[1:-1].upper().encode()
    for charset in CHARSETS:
        raw = word.encode(charset).removeprefix(b"\x1b$B").removesuffix(b"\x1b(B")
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        yield quopri.encodestring(raw).replace(b"=\n", b"")
        yield "".join(f"={byte:02X}" for byte in raw).encode()
        yield quote_from_bytes(raw, safe="").encode()
        yield quote_from_bytes(raw, safe="").lower().encode()
        yield from _base64(raw)
        yield "".join(f"\\x{byte:02x}" for byte in raw).encode()


def _base64(raw: bytes) -> Iterator[bytes]:
    """The characters that stand for whole bytes of `raw`, wherever it begins among the threes."""
    for before in range(3):
        whole = raw[(3 - before) % 3 :]
        yield base64.b64encode(whole[: len(whole) // 3 * 3])


def _hashes(value: str) -> Iterator[bytes]:
    for name, text in ((name, text) for name in HASHES for text in (value, value + "\n", value + "\r\n")):
        digest = hashlib.new(name, text.encode(), usedforsecurity=False).digest()
        yield digest
        yield digest.hex().encode()
        yield base64.b64encode(digest).rstrip(b"=")


def found(secrets: Iterable[Secret], places: Iterable[Path], *, since: float = 0) -> dict[str, set[str]]:
    """The fields whose secret stands in a file below `places`, with the files' names; `since`: files changed then or later."""
    told: dict[str, set[str]] = {}
    forms = {one: one.forms() for one in secrets}
    for file in _files(places):
        try:
            if file.stat().st_mtime < since:
                continue
            content = file.read_bytes().rstrip(b"\0")
        except FileNotFoundError:  # the database removes its own files as it goes
            continue
        for one, sought in forms.items():
            if any(form in content for form in sought):
                told.setdefault(one.field, set()).add(str(file))
    return told


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        yield from (path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
