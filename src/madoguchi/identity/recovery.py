"""Recovery codes: eighty random bits each, in groups that a person can type. Pure functions; no Django here."""

import base64
import hashlib
import secrets
import unicodedata
from uuid import UUID

HOW_MANY = 10
_BYTES = 10
# What base32 (RFC 4648) leaves out because it looks like something else.
_LOOKS_LIKE = str.maketrans("018", "OIB")
_BETWEEN = str.maketrans("", "", "- ")


def new_codes() -> list[str]:
    """Ten fresh codes, as ABCD-EFGH-IJKL-MNOP."""
    return [_grouped(base64.b32encode(secrets.token_bytes(_BYTES)).decode()) for _ in range(HOW_MANY)]


def plain(typed: str) -> str:
    """What was typed, with full-width letters and digits as plain ones and without what parts groups."""
    return unicodedata.normalize("NFKC", typed).translate(_BETWEEN)


def hashed(staff: UUID, code: str) -> bytes:
    """How a code is stored: eighty random bits can't be guessed back from a plain hash, and the id binds it to one."""
    same = plain(code).upper().translate(_LOOKS_LIKE)
    return hashlib.sha256(staff.bytes + same.encode("utf-8", "surrogatepass")).digest()


def _grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))
