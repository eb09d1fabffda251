"""The terms of docs/glossary.md, and where a pair of texts does not keep to them."""

import re
from collections.abc import Iterable
from pathlib import Path

GLOSSARY = Path(__file__).parents[1] / "docs/glossary.md"
ROW = re.compile(r"^\| (.+?) \| (.+?) \| .+ \|$", re.MULTILINE)


def glossary() -> list[tuple[str, str]]:
    """Each English term and its Japanese one."""
    rows = ROW.findall(GLOSSARY.read_text(encoding="utf-8"))
    return [(english, japanese) for english, japanese in rows if english != "English"]


def astray(english: str, japanese: str, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs of an English and a Japanese text of which the first uses the term and the second another word.

    A longer term is a term of its own: "private link" is no "link".
    """
    longer = [one for one, _ in glossary() if english in one and one != english]
    term = re.compile(rf"\b{english}s?\b", re.IGNORECASE)
    others = re.compile("|".join(rf"\b{one}s?\b" for one in longer) or r"(?!)", re.IGNORECASE)
    return [
        (text, said) for text, said in pairs if term.search(others.sub("", text)) and japanese not in said
    ]
