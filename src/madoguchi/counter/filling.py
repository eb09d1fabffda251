"""A section of the report form as a form on a page: made from its declaration, in the reader's language."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from madoguchi.mail.forms import INCIDENT_REPORT, Answer, Answers, Field, Language, Section, problems, tidy

ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    # Not type="email": browsers alter what is typed there.
    "address": {
        "autocomplete": "email",
        "inputmode": "email",
        "autocapitalize": "none",
        "spellcheck": "false",
    },
    "name": {"autocomplete": "name"},
}


class AnswerField(forms.Field):
    """Takes any text as it is; what is wrong with an answer is said by the declaration."""

    def __init__(self, declared: Field, language: Language) -> None:
        self.hints = {choice.id: choice.hint.of(language) for choice in declared.choices}
        super().__init__(
            label=declared.label.of(language),
            help_text=declared.hint.of(language),
            widget=_widget(declared, language),
            required=declared.required or declared.role == "address",
        )
        self.is_choice = bool(declared.choices)

    def validate(self, value: Any) -> None:
        """Left to the declaration."""


class SectionForm(forms.Form):
    """What one page asks. `answers`, once it was checked: what is kept, whether it is right or not."""

    use_required_attribute = False

    def __init__(
        self,
        section: Section,
        language: Language,
        data: MultiValueDict[str, str] | None = None,
        initial: Answers | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.section, self.language = section, language
        self.fields = {field.id: AnswerField(field, language) for field in section.fields}
        self.answers: dict[str, Answer] = {}

    @property
    def asked(self) -> frozenset[str]:
        """The ids of the fields on this page."""
        return frozenset(self.fields)

    def clean(self) -> None:
        """Says what is wrong in the declaration's words."""
        # The answers of other pages stay out: only this page's are replaced.
        self.answers = tidy(INCIDENT_REPORT, {name: value or "" for name, value in self.cleaned_data.items()})
        for problem in problems(INCIDENT_REPORT, self.answers, only=self.asked):
            self.add_error(problem.field, problem.words.of(self.language))


def form_of(section: Section, language: Language, answers: Answers, *, judged: bool) -> SectionForm:
    """The page's form with the answers that are kept; `judged`: with what is wrong with them."""
    if judged:
        given = ((field.id, answers.get(field.id, "")) for field in section.fields)
        data = MultiValueDict(
            {name: [value] if isinstance(value, str) else list(value) for name, value in given}
        )
        return SectionForm(section, language, data)
    return SectionForm(
        section,
        language,
        initial={field.id: answers.get(field.id, field.default) for field in section.fields},
    )


def _widget(declared: Field, language: Language) -> forms.Widget:
    choices = [(choice.id, choice.label.of(language)) for choice in declared.choices]
    attributes = dict(ATTRIBUTES.get(declared.id, {}))
    match declared.look:
        case "one":
            return forms.RadioSelect(choices=choices)
        case "several":
            return forms.CheckboxSelectMultiple(choices=choices)
        case "text":
            return forms.Textarea({"rows": "8" if declared.role == "description" else "4", "dir": "auto"})
        case _:
            return forms.TextInput(attributes | {"dir": "auto"})


def answer_rows(answers: Answers, language: Language) -> Iterable[dict[str, Any]]:
    """Every question with its answer in words and the way back to it, for the page where answers are checked."""
    for section in INCIDENT_REPORT.sections:
        for field in section.fields:
            if field.role in {"name", "address"} and answers.get("contact") == "anonymous":
                continue
            yield {
                "id": field.id,
                "label": field.label.of(language),
                "values": _in_words(field, answers, language),
                "href": _way_back(section),
            }


def problem_rows(answers: Answers, language: Language) -> list[dict[str, str]]:
    """What is still wrong, each with the way back to it."""
    sections = {
        field.id: (section, field) for section in INCIDENT_REPORT.sections for field in section.fields
    }
    return [
        {
            "label": sections[one.field][1].label.of(language),
            "words": one.words.of(language),
            "href": _way_back(sections[one.field][0]),
        }
        for one in problems(INCIDENT_REPORT, answers)
    ]


def _way_back(section: Section) -> str:
    return reverse("counter:report-step", args=[section.id]) + "?from=check"


def _in_words(field: Field, answers: Answers, language: Language) -> list[str]:
    given = answers.get(field.id, ())
    texts = [given] if isinstance(given, str) else list(given)
    said = [field.label_of(text, language) for text in texts if text]
    return said or [empty for empty in (field.empty.of(language),) if empty]
