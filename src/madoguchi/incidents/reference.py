"""Reference numbers, which everybody may know, and reply tokens, which only the addressee does.

A reference such as `EXAMPLE#12345678` is drawn at random, so that it tells nothing about how many reports
there are. It is never a secret and opens nothing. A reply token stands in the address that our letters give
for the answer, `report+TOKEN@csirt.example`; who writes there holds the letter.
"""

import base64
import random as _random
import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

FULL_ENOUGH: Final = 0.2  # the share of the eight-digit numbers in use from which nine digits are drawn
TOKEN_BYTES: Final = 15  # 120 random bits: 24 letters of base32 without padding
MOST_REFERENCES: Final = 50  # a text with more is no letter; the rest is not read

_TOKEN: Final = re.compile(r"[a-z2-7]{24}")


def draw(prefix: str, random: _random.Random, used_share: float) -> str:
    """Draw a reference: the prefix, "#", and eight digits, or nine where a fifth of the eight is used.

    The first digit is never 0, so that nobody loses it in a spreadsheet. `used_share` is from 0 to 1. The
    caller makes sure that the number is new, by a unique constraint, and draws again where it is not.
    """
    digits = 8 if used_share < FULL_ENOUGH else 9
    return f"{prefix}#{random.randrange(10 ** (digits - 1), 10**digits)}"


def references_in(text: str, prefixes: Sequence[str]) -> list[str]:
    """Read the references in a text, each once, in the order of their first appearance.

    `prefixes` are today's and the former ones; the answer spells a prefix as given there. Any case,
    full-width letters, digits and ＃, and a few spaces around the sign are understood; numbers have 8 to 12
    digits. Takes linear time and gives at most `MOST_REFERENCES`.
    """
    spelling = {_plain(prefix): prefix for prefix in prefixes}
    if not spelling:
        return []
    found: dict[str, None] = {}
    for match in _pattern(spelling).finditer(_plain(text)):
        found[f"{spelling[match[1]]}#{match[2]}"] = None
        if len(found) == MOST_REFERENCES:
            break
    return list(found)


def _plain(text: str) -> str:
    """Text with full-width forms made ordinary and in lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def _pattern(prefixes: Iterable[str]) -> re.Pattern[str]:
    # Only ASCII letters and digits may not touch the reference: Japanese is written without spaces.
    # A folded Subject can break at the sign, hence \s; at most four of them, which keeps the search linear.
    names = "|".join(re.escape(name) for name in sorted(prefixes, key=len, reverse=True))
    return re.compile(rf"(?<![0-9a-z])({names})\s{{0,4}}#\s{{0,4}}([0-9]{{8,12}})(?![0-9])")


def reply_token() -> str:
    """Make a token of 120 random bits, as 24 lower-case letters of base32 (RFC 4648, section 6)."""
    return base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode("ascii").rstrip("=").lower()


def plus_address(address: str, token: str) -> str:
    """Put a token into an address: `report@csirt.example` becomes `report+TOKEN@csirt.example`."""
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def token_of(address: str, base_address: str) -> str | None:
    """Read the token out of an address made by `plus_address` from this base; None where there is none.

    Mail systems on the way change the case of addresses, so it does not matter. That the token has the right
    form says nothing about whether it is one of ours.
    """
    local, _, domain = address.strip().lower().rpartition("@")
    base_local, _, base_domain = base_address.lower().rpartition("@")
    start, plus, token = local.rpartition("+")
    if (start, domain) != (base_local, base_domain) or not plus:
        return None
    return token if _TOKEN.fullmatch(token) else None
