"""The receipt number that a reporter writes down, and the tokens of links. Pure; stored nowhere but as keyed hashes.

A receipt is 20 random characters of Crockford's base32 (100 bits) and 2 check characters, so that a slip of the pen
is found before anybody is told that there is no such receipt. The 22 characters are a codeword of a Reed-Solomon
code of distance 3 over GF(32) (Reed, Solomon 1960): every single wrong character, every two wrong ones, and so every
swap of two characters is found.
"""

import base64
import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O, U, which are misread
RANDOM_CHARACTERS: Final = 20
CHECK_CHARACTERS: Final = 2
LENGTH: Final = RANDOM_CHARACTERS + CHECK_CHARACTERS
GROUP: Final = 4
TOKEN_BYTES: Final = 20  # 160 random bits: 32 letters of base32 without padding
MOST_TYPED: Final = 200  # whoever sends more did not copy a receipt

_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Spaces, and all that people and their input methods write for a hyphen; NFKC has made the full-width ones plain.
_BETWEEN: Final = re.compile(r"[\s\-‐‑‒–—―−ーｰ_.·・~〜]+")
_TOKEN: Final = re.compile(r"[a-z2-7]{32}")


def _powers() -> tuple[tuple[int, ...], dict[int, int]]:
    """The powers of the generator 2 of GF(32) by x^5 + x^2 + 1, and their logarithms."""
    powers, value = [], 1
    for _ in range(31):
        powers.append(value)
        value <<= 1
        if value & 32:
            value ^= 0b100101
    return tuple(powers), {power: exponent for exponent, power in enumerate(powers)}


_POWERS, _LOGARITHMS = _powers()


def _times(left: int, right: int) -> int:
    return _POWERS[(_LOGARITHMS[left] + _LOGARITHMS[right]) % 31] if left and right else 0


def _checks(values: Sequence[int]) -> tuple[int, int]:
    """The check characters: the remainder of the values as a polynomial by (x + 2)(x + 4) = x² + 6x + 8."""
    first = second = 0
    for value in values:
        lead = first ^ value
        first, second = second ^ _times(lead, 6), _times(lead, 8)
    return first, second


def fresh_receipt() -> str:
    """A new receipt in its plain form: 22 characters without groups."""
    return receipt_of([secrets.randbelow(32) for _ in range(RANDOM_CHARACTERS)])


def receipt_of(values: Sequence[int]) -> str:
    """The receipt of 20 values below 32, with its check characters."""
    return _letters((*values, *_checks(values)))


def _letters(values: Iterable[int]) -> str:
    return "".join(ALPHABET[value] for value in values)


def in_groups(receipt: str) -> str:
    """A plain receipt as it is shown: `7K3M-9XQ2-…-WD`."""
    return "-".join(receipt[start : start + GROUP] for start in range(0, len(receipt), GROUP))


def plain_receipt(typed: str) -> str:
    """What was typed, brought to the plain form, whether it is a receipt or not.

    Case, spaces, hyphens of all kinds, full-width characters, and O for 0, I and L for 1 make no difference.
    """
    folded = unicodedata.normalize("NFKC", typed[:MOST_TYPED]).upper()
    return _BETWEEN.sub("", folded).translate(_MISREAD)


def is_receipt(plain: str) -> bool:
    """Whether this plain form can be a receipt at all; false says that something was misread or left out."""
    if len(plain) != LENGTH or not set(plain) <= _VALUES.keys():
        return False
    values = [_VALUES[letter] for letter in plain]
    return _checks(values[:RANDOM_CHARACTERS]) == tuple(values[RANDOM_CHARACTERS:])


def fresh_token() -> str:
    """A new token for a link: 32 lower-case letters of base32 (RFC 4648, section 6)."""
    return base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode("ascii").lower()


def is_token(text: str) -> bool:
    """Whether this can be the token of a link at all."""
    return _TOKEN.fullmatch(text) is not None
