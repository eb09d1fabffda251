"""What is wrong with answers, in words for who gave them, and answers brought into the form that is kept."""

import re
from dataclasses import dataclass

from madoguchi.mail.composition import can_be_written_to
from madoguchi.mail.forms.declaration import Answer, Answers, Field, Form, Words, all_of, text_of

_NEWLINE = re.compile(r"\r\n|\r")

MISSING = {
    "kind": Words("いちばん近いものを1つ選んでください。", "Choose what comes closest."),
    "what": Words("何が起きたかを、短くてもお書きください。", "Write what happened; a few words are enough."),
    "contact": Words(
        "匿名か、メールで連絡を受けるかを選んでください。",
        "Choose whether you report without a name or want to hear from us.",
    ),
    "address": Words(
        "メールアドレスをご記入ください。匿名を選ぶこともできます。",
        "Enter an e-mail address, or choose to report without a name.",
    ),
}
UNANSWERED = Words("お答えください。", "Please answer this.")
UNKNOWN = Words("表示されている中から選んでください。", "Choose from what is shown.")
NO_ADDRESS = Words(
    "メールアドレスの形になっていません。例：name@example.jp",
    "This is not an e-mail address that we can write to. For example: name@example.jp",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field's answer, and what to do."""

    field: str
    words: Words


def tidy(form: Form, given: Answers) -> dict[str, Answer]:
    """The answers that are kept: known fields, lines ended by LF as a text area counts them, nothing empty.

    Nothing else of a text is changed. Who reports without a name leaves no name and no address behind.
    """
    kept: dict[str, Answer] = {}
    for field in form.fields:
        if field.look == "several":
            answer: Answer = tuple(dict.fromkeys(all_of(given, field.id)))
        else:
            answer = _NEWLINE.sub("\n", text_of(given, field.id))
        if answer:
            kept[field.id] = answer
    if is_anonymous(form, kept):
        for field in (*form.with_role("name"), *form.with_role("address")):
            kept.pop(field.id, None)
    return kept


def problems(form: Form, answers: Answers, *, only: frozenset[str] | None = None) -> tuple[Problem, ...]:
    """What is wrong with tidied answers, in the order of the fields; `only`: the ids of the fields that are asked."""
    wants_mail = "contact" in {text_of(answers, field.id) for field in form.with_role("contact")}
    found = [
        Problem(field.id, words)
        for field in form.fields
        if (only is None or field.id in only)
        and (
            words := _wrong(
                field, answers, required=field.required or (field.role == "address" and wants_mail)
            )
        )
    ]
    return tuple(found)


def is_anonymous(form: Form, answers: Answers) -> bool:
    """Whether the reporter chose to give no name."""
    return any(text_of(answers, field.id) == "anonymous" for field in form.with_role("contact"))


def _wrong(field: Field, answers: Answers, *, required: bool) -> Words | None:
    given = all_of(answers, field.id)
    if not any(answer.strip() for answer in given):
        return MISSING.get(field.id, UNANSWERED) if required else None
    if field.choices:
        return None if {choice.id for choice in field.choices}.issuperset(given) else UNKNOWN
    if len(given[0]) > field.most:
        return _too_long(len(given[0]), field.most)
    if field.role == "address" and not can_be_written_to(given[0]):
        return NO_ADDRESS
    return None


def _too_long(length: int, most: int) -> Words:
    return Words(
        f"{length:,}文字あります。{most:,}文字までにするか、残りをファイルで添付してください。",
        f"This has {length:,} characters. Shorten it to {most:,}, or attach the rest as a file.",
    )
