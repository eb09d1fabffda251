"""What to do right now, by kind of incident: plain steps, as data, in both languages.

The ids are those of the report form's kinds. A text says what helps whoever reads it in the next hour, and nothing that
would help an attacker.
"""

from collections.abc import Sequence
from typing import Final

from madoguchi.counter.guidance import english, japanese
from madoguchi.counter.guidance.guide import Guide

__all__ = ["KINDS", "Guide", "guide", "guides"]

_BY_LANGUAGE: Final = {"ja": japanese.GUIDES, "en": english.GUIDES}
KINDS: Final = tuple(one.id for one in english.GUIDES)
"""In the order in which they are shown."""


def guides(language: str) -> Sequence[Guide]:
    """All of them in "ja" or "en"."""
    return _BY_LANGUAGE[language]


def guide(language: str, kind: str) -> Guide:
    """One of KINDS. Raises KeyError on another."""
    return {one.id: one for one in guides(language)}[kind]
