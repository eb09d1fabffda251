"""Conditions on a mail that a centre writes as one line each: `from ends @bulk.example`, `header X-Spam-Flag is yes`.

A line is `WHAT TEST WORDS`. WHAT: `from` (an address of From), `subject`, or `header NAME`. TEST: `is`, `contains`,
`begins`, `ends`, or of a header `over`, which compares the first number in it. Upper and lower case, full and half
width, and runs of white space make no difference. No Django: facts in, yes or no out.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 100
"""Characters of a line: it is kept, word for word, with what it decided."""

_LINE: Final = re.compile(
    r"(?:(from|subject)|header\s+([!-9;-~]+))\s+(is|contains|begins|ends|over)\s+(\S.*)", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"[-+]?\d{1,9}(?:\.\d{1,9})?")


def _is_over(value: str, words: str) -> bool:
    number = _NUMBER.search(value)
    return number is not None and float(number[0]) > float(words)


_TESTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "is": lambda value, words: value == words,
    "contains": lambda value, words: words in value,
    "begins": lambda value, words: value.startswith(words),
    "ends": lambda value, words: value.endswith(words),
    "over": _is_over,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One line, read: `what` is "from", "subject" or the header field's name in lower case."""

    line: str
    what: str
    test: str
    words: str

    def holds(self, values: Iterable[str]) -> bool:
        """Whether it is true of any of these values."""
        return any(_TESTS[self.test](plain(value), self.words) for value in values)


@dataclass(frozen=True, slots=True)
class Fields:
    """What conditions look at: From's addresses, the subject, and the other fields by name in lower case, as text."""

    senders: Sequence[str]
    subject: str
    header: Callable[[str], Sequence[str]]

    def of(self, what: str) -> Sequence[str]:
        """The values that a condition on `what` is asked of."""
        match what:
            case "from":
                return self.senders
            case "subject":
                return (self.subject,)
        return self.header(what)


def condition(line: str) -> Condition:
    """The condition that a line says. Raises ValueError with the sentence that its writer needs."""
    found = _LINE.fullmatch(line.strip())
    if not found or len(line) > LONGEST:
        raise ValueError(
            "write it as “from ends @bulk.example”, “subject contains words” or “header X-Name is words”, "
            f"with at most {LONGEST} characters"
        )
    test, words = found[3].lower(), plain(found[4])
    if test == "over" and not (found[2] and _NUMBER.fullmatch(words)):
        raise ValueError("“over” compares a header with a number, as in “header X-Spam-Score over 8”")
    return Condition(line.strip(), found[1].lower() if found[1] else found[2].lower(), test, words)


def conditions(lines: Sequence[str]) -> tuple[Condition, ...]:
    """All lines, read. Raises ValueError that names the first wrong one by its number."""
    read = []
    for number, line in enumerate(lines, 1):
        try:
            read.append(condition(line))
        except ValueError as wrong:
            raise ValueError(f"line {number} is no condition; {wrong}") from wrong
    return tuple(read)


def first_of(given: Iterable[Condition], fields: Fields) -> str:
    """The line of the first condition that is true of a mail; "" where none is."""
    return next((one.line for one in given if one.holds(fields.of(one.what))), "")


def plain(text: str) -> str:
    """Text as conditions compare it."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
