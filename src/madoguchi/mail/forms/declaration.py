"""What a form is made of: sections, fields and choices, each with its words in both languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Language = Literal["ja", "en"]
Look = Literal["line", "text", "one", "several"]
"""One line, lines of text, one choice, any number of choices."""

Role = Literal["", "description", "observable", "contact", "name", "address", "consent"]
"""What a field's answer is to us: the reporter's own words, addresses of machines, whether and where we may write."""

Answer = str | Sequence[str]
Answers = Mapping[str, Answer]
"""By field id: text, a choice's id, or for fields of several choices their ids. What was not answered is absent."""

LINE, TEXT = 500, 100_000
"""Most characters of one line, and of lines of text."""


@dataclass(frozen=True, slots=True)
class Words:
    """The same sentence in both languages, each written first-hand."""

    ja: str
    en: str

    def of(self, language: Language) -> str:
        """The sentence in this language."""
        return self.ja if language == "ja" else self.en


NONE = Words("", "")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be chosen; `id` is what is kept and never changes."""

    id: str
    label: Words
    hint: Words = NONE


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `default` is the choice taken beforehand; a choice about consent has none."""

    id: str
    look: Look
    label: Words
    hint: Words = NONE
    choices: tuple[Choice, ...] = ()
    required: bool = False
    role: Role = ""
    default: str = ""
    empty: Words = NONE
    """What an empty answer means, where that has to be said."""

    @property
    def most(self) -> int:
        """Most characters of an answer."""
        return TEXT if self.look == "text" else LINE

    def label_of(self, answer: str, language: Language) -> str:
        """What a kept choice is called; an id that is none of ours is shown as it is."""
        named = {choice.id: choice.label.of(language) for choice in self.choices}
        return named.get(answer, answer)


@dataclass(frozen=True, slots=True)
class Section:
    """What one page asks, and why."""

    id: str
    title: Words
    why: Words
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A form a centre declares. `version` grows whenever a field or a choice changes its meaning."""

    id: str
    version: int
    title: Words
    sections: tuple[Section, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields in their order."""
        return tuple(field for section in self.sections for field in section.fields)

    def with_role(self, role: Role) -> tuple[Field, ...]:
        """The fields of one role, in their order."""
        return tuple(field for field in self.fields if field.role == role)


def text_of(answers: Answers, field: str) -> str:
    """The text or choice that was given; empty where none was."""
    given = answers.get(field, "")
    return given if isinstance(given, str) else (given[0] if given else "")


def all_of(answers: Answers, field: str) -> tuple[str, ...]:
    """The choices that were given."""
    given = answers.get(field, ())
    return ((given,) if given else ()) if isinstance(given, str) else tuple(given)
