"""What staff see of who reported: which way an answer goes and why, contact, mailbox, wishes, what is asked of us."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from madoguchi.incidents.queries import GivenItem, OpenedReport
from madoguchi.mail.forms import INCIDENT_REPORT, Answer, Field, Language, readable

Words = str | Promise

WAYS: Final[Mapping[tuple[str, str], Words]] = {
    ("mail", "usable"): _("By e-mail. It also stands on the reporter's private page."),
    ("page", "no-address"): _("On the reporter's private page only: no address was given."),
    ("page", "unsafe-mailbox"): _(
        "On the reporter's private page only: the attacker may be reading the mailbox."
    ),
    ("page", "unconfirmed"): _(
        "On the reporter's private page only: the address came with the form, and its owner has not confirmed it."
    ),
    ("none", "no-address"): _(
        "No address was given, and no private page can be opened. Nobody could read an answer."
    ),
    ("none", "unsafe-mailbox"): _(
        "The mailbox may be read by the attacker, and the private page is closed. Write to the reporter by another way."
    ),
    ("none", "unconfirmed"): _(
        "The address is not confirmed, and the private page is closed. Nobody could read an answer."
    ),
}
CONFIRMATIONS: Final[Mapping[str, Words]] = {
    "confirmed-by-link": _("Confirmed by the link in the acknowledgement"),
    "confirmed-by-reply": _("Confirmed by a reply to the acknowledgement"),
}
MARKS: Final[Mapping[str, Words]] = {
    "withdrawn": _("Withdrawn"),
    "mailbox-unsafe": _("Mailbox not safe"),
    "copy-asked": _("Asks for a copy"),
    "erasure-asked": _("Asks for erasure"),
}


def standing(opened: OpenedReport) -> dict[str, Any]:
    """The standing of a report, in words."""
    found = opened.standing
    return {
        "by_form": found.by_form,
        "anonymous": found.anonymous,
        "way": found.way.way,
        "way_words": WAYS[found.way.way, found.way.reason],
        "confirmed": found.confirmed and CONFIRMATIONS[found.confirmed.kind],
        "confirmed_at": found.confirmed and found.confirmed.at,
        "unconfirmed": found.by_form and found.has_address and not found.confirmed,
        "unsafe_at": found.unsafe_at,
        "closed_at": found.closed_at,
        "notices": _notices(opened),
    }


def _notices(opened: OpenedReport) -> list[dict[str, Any]]:
    """What has to be seen before anything else is done."""
    found = opened.standing
    every = (
        (
            found.withdrawn_at,
            "danger",
            _("The reporter withdrew this report"),
            _("Begin nothing more on it, and stop what is under way."),
        ),
        (
            found.unsafe_at,
            "danger",
            _("The reporter's mailbox is not safe"),
            _(
                "The attacker may be reading it. Do not write to it by any way. "
                "Letters that had not left yet were withdrawn."
            ),
        ),
        (
            found.erasure_asked_at,
            "",
            _("The reporter asks for the erasure of everything that we keep about them"),
            _("Answer what you will do. First make sure that it is the reporter who asks."),
        ),
        (
            found.copy_asked_at,
            "",
            _("The reporter asks for a copy of everything that we keep about them"),
            _("Answer what you will do. First make sure that it is the reporter who asks."),
        ),
    )
    return [
        {"at": at, "kind": kind, "title": title, "text": text}
        for at, kind, title, text in every
        if at is not None
    ]


def marks(kinds: frozenset[str]) -> list[Words]:
    """What the queue shows beside a report, in the order of MARKS."""
    return [words for kind, words in MARKS.items() if kind in kinds]


# --- The filled form -----------------------------------------------------------------------------------------


def form_text(items: Sequence[GivenItem]) -> str:
    """A filled form as text, its questions in the reader's language; empty where the items came with no form."""
    answers = _answers(items)
    names = [str(item.attachment()["name"]) for item in items if item.kind == "attachment"]
    return readable(INCIDENT_REPORT, answers, names, _language()) if answers else ""


def wishes(opened: OpenedReport) -> list[dict[str, Any]]:
    """What is wished and who may learn what, as the reporter ticked it; nothing for mail."""
    answers = _answers(opened.items_of(opened.messages[0].id))
    if not answers:
        return []
    return [_ticked(field, answers) for field in INCIDENT_REPORT.fields if field.id in {"wish", "share"}]


def _ticked(field: Field, answers: Mapping[str, Answer]) -> dict[str, Any]:
    language = _language()
    return {
        "title": field.label.of(language),
        "ticked": [field.label_of(one, language) for one in answers.get(field.id, ())],
        "nothing": field.empty.of(language),
    }


def _answers(items: Sequence[GivenItem]) -> dict[str, Answer]:
    """The answers again, by field, out of their rows."""
    given: dict[str, list[str]] = {}
    for item in items:
        if item.place.startswith("form "):
            given.setdefault(item.place.removeprefix("form "), []).append(item.value)
    several = {field.id for field in INCIDENT_REPORT.fields if field.look == "several"}
    return {name: tuple(values) if name in several else values[0] for name, values in given.items()}


def _language() -> Language:
    return "ja" if get_language() == "ja" else "en"
