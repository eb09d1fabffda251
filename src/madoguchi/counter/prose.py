"""Longer texts of public pages as data, written first-hand in each language: sections of paragraphs and points.

Words in braces are filled in from what pages say of the centre: {centre}, {address}, {answer_within}, {responsible},
{kept_for}. They are shown as text only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Points = tuple[str, ...]
"""A list of points; a bare string is a paragraph."""


@dataclass(frozen=True, slots=True)
class Where:
    """A paragraph that depends on a setting: `said` where the centre gives its words, `silent` where it does not.

    An empty string is no paragraph.
    """

    word: str
    said: str
    silent: str = ""


Part = str | Points | Where


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it; `id` names it in addresses, alike in all languages."""

    id: str
    title: str
    body: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A part ready to be shown: a paragraph, or points."""

    text: str = ""
    points: Points = ()


def filled(parts: Sequence[Part], centre: Mapping[str, Any]) -> list[Shown]:
    """The parts with the centre's words in them. Raises KeyError where a text names a word that does not exist."""
    facts = {**centre, "centre": centre["name"], "address": centre["report_address"]}
    shown: list[Shown] = []
    for part in parts:
        if isinstance(part, tuple):
            shown.append(Shown(points=tuple(point.format_map(facts) for point in part)))
            continue
        text = part if isinstance(part, str) else (part.said if facts[part.word] else part.silent)
        if text:
            shown.append(Shown(text=text.format_map(facts)))
    return shown
