"""Reading our own form back from a message that came by the web door; elsewhere such a part is only an attachment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from madoguchi.mail.forms.declaration import Answer, Language, all_of, text_of
from madoguchi.mail.letter import Letter
from madoguchi.mail.reading import read

FORM_TYPE = "application/vnd.madoguchi.form+json"


@dataclass(frozen=True, slots=True)
class Submitted:
    """A filled form: which one, in which language, which privacy notice was seen, and the answers by field id.

    The answers are hostile text; `files` are the attachments' names exactly as they were given.
    """

    form: str
    version: int
    language: Language
    notice: str
    answers: Mapping[str, Answer] = field(repr=False)
    files: tuple[str, ...] = field(default=(), repr=False)

    @property
    def anonymous(self) -> bool:
        """Whether the reporter gave no contact: only "contact" says that one was given."""
        return text_of(self.answers, "contact") != "contact"

    @property
    def address(self) -> str:
        """The contact address, not yet confirmed by anybody; empty for an anonymous report."""
        return "" if self.anonymous else text_of(self.answers, "address")

    @property
    def name(self) -> str:
        """The name that was given with the address."""
        return "" if self.anonymous else text_of(self.answers, "name")

    def text(self, field_id: str) -> str:
        """The text or choice of one field; empty where none was given."""
        return text_of(self.answers, field_id)

    def chosen(self, field_id: str) -> tuple[str, ...]:
        """The choices of one field."""
        return all_of(self.answers, field_id)


def submitted(message: Letter | bytes) -> Submitted | None:
    """The form in the message's first part; None where that is none. Never raises.

    The caller knows the door: only what came by the web was written by us.
    """
    letter = read(message) if isinstance(message, bytes) else message
    if not letter.parts or letter.parts[0].type != FORM_TYPE:
        return None
    try:
        told = json.loads(letter.parts[0].content)
        return _checked(told)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _checked(told: dict[str, Any]) -> Submitted:
    answers = {str(name): _answer(answer) for name, answer in dict(told["answers"]).items()}
    language = told["language"]
    if language not in {"ja", "en"} or not isinstance(told["version"], int):
        raise ValueError("no form of ours")
    return Submitted(
        form=str(told["form"]),
        version=told["version"],
        language=cast("Language", language),
        notice=str(told["notice"]),
        answers=answers,
        files=tuple(str(name) for name in told.get("files", ())),
    )


def _answer(given: object) -> Answer:
    if isinstance(given, str):
        return given
    if isinstance(given, list) and all(isinstance(one, str) for one in given):
        return tuple(given)
    raise TypeError("no answer of ours")
