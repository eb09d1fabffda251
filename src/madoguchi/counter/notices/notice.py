"""The shape of a privacy notice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from madoguchi.counter.prose import Section


@dataclass(frozen=True, slots=True)
class Notice:
    """One version: its name in addresses and records, the day it began to hold, its sections by language."""

    version: str
    since: date
    sections: Mapping[str, tuple[Section, ...]]
