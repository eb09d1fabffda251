"""What the report page says of a report: its thread, acknowledgement and items, in words for a person."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madoguchi.console.standing import form_text
from madoguchi.disclosure.links import without_tokens
from madoguchi.incidents.queries import GivenItem, Message, OpenedReport
from madoguchi.mail.queries import SentLetter
from madoguchi.mail.reading import is_forward, new_text

Words = str | Promise

MESSAGE_KINDS: Mapping[str, Words] = {
    "report": gettext_lazy("Report"),
    "reply": gettext_lazy("Reply"),
    "addition": gettext_lazy("Added on the private page"),
    "bounce": gettext_lazy("Returned mail"),
    "auto-reply": gettext_lazy("Automatic reply"),
    "acknowledgement": gettext_lazy("Acknowledgement"),
    "answer": gettext_lazy("Our answer"),
}
LETTER_STATES: Mapping[str, Words] = {
    "queued": gettext_lazy("about to be sent"),
    "sending": gettext_lazy("being sent"),
    "sent": gettext_lazy("sent"),
    "deferred": gettext_lazy("not taken yet, will be tried again"),
    "failed": gettext_lazy("could not be delivered"),
    "unknown": gettext_lazy("perhaps sent, perhaps not: a person decides"),
    "cancelled": gettext_lazy("withdrawn before it left"),
    "published": gettext_lazy("on the private page"),
}
ITEM_KINDS: Mapping[str, Words] = {
    "contact-address": gettext_lazy("Address"),
    "contact-name": gettext_lazy("Name"),
    "subject": gettext_lazy("Subject"),
    "message-id": gettext_lazy("Message-ID"),
}
ACKNOWLEDGEMENTS: Mapping[str, Words] = {
    "sent": gettext_lazy("Acknowledged"),
    "queued": gettext_lazy("Acknowledgement on its way"),
    "capped": gettext_lazy("Acknowledgement held back"),
    "none": gettext_lazy("Not acknowledged"),
}
REASONS: Mapping[str, Words] = {
    "no-contact": gettext_lazy("The reporter gave no address."),
    "null-sender": gettext_lazy("The mail names no sender that an answer could go to."),
    "unusable-sender": gettext_lazy("The sender's address can't be written to."),
    "ourselves": gettext_lazy("The mail came from one of our own addresses."),
    "our-message-id": gettext_lazy("This is a letter of ours that came back."),
    "loop": gettext_lazy("The mail passed too many servers; it goes in a circle."),
    "automatic-kind": gettext_lazy("Returned mail and automatic replies are not answered."),
    "auto-submitted": gettext_lazy("A program sent this mail."),
    "list": gettext_lazy("The mail came over a mailing list."),
    "precedence": gettext_lazy("The mail is marked as bulk mail."),
    "role-address": gettext_lazy("The sender's address belongs to a program."),
    "tray": gettext_lazy("It is sent when a person says that this is a report."),
    "address-cap-authenticated": gettext_lazy("This address had its acknowledgements for today."),
    "address-cap": gettext_lazy("Nothing vouches for the sender, who had an acknowledgement today."),
    "domain-cap": gettext_lazy(
        "Nothing vouches for the sender, and its domain had its acknowledgements for today."
    ),
    "total-cap": gettext_lazy(
        "Nothing vouches for the sender, and today's acknowledgements to such are used up."
    ),
    "by-a-person": gettext_lazy("Sent by a person."),
}
POSSIBLE: Mapping[str, Words] = {
    "conflict": gettext_lazy("The mail replies to letters of two correspondences."),
    "several-references": gettext_lazy("The subject names several references."),
    "unauthenticated": gettext_lazy("The subject names it, but nothing vouches for the sender."),
    "not-a-party": gettext_lazy("The subject names it, but the sender takes no part in it."),
}


# What a list says nothing of, because it is the ordinary case there.
ORDINARY = frozenset({("sent", False), ("none", True)})


def acknowledged(verdict: str, letter_state: str) -> str:
    """The state of an acknowledgement as lists show it."""
    if verdict == "send":
        return "sent" if letter_state == "sent" else "queued"
    return "capped" if verdict == "capped" else "none"


def subject(opened: OpenedReport) -> str:
    """The subject of the mail that the report came with."""
    return _first(opened.items_of(opened.messages[0].id), "subject")


def thread(
    opened: OpenedReport, letters: Mapping[UUID, SentLetter], staff: Mapping[UUID, str]
) -> list[dict[str, Any]]:
    """The entries of the correspondence, oldest first."""
    return [_entry(opened, message, letters, staff) for message in opened.messages]


def _entry(
    opened: OpenedReport, message: Message, letters: Mapping[UUID, SentLetter], staff: Mapping[UUID, str]
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": message.id.hex,
        "at": message.at,
        "kind_label": MESSAGE_KINDS.get(message.kind, message.kind),
    }
    if message.letter is not None:
        return entry | _outgoing(
            letters.get(message.letter), staff.get(message.staff) if message.staff else None
        )
    return entry | _incoming(message, opened.items_of(message.id)) | _by_page(opened, message)


def _outgoing(letter: SentLetter | None, writer: str | None) -> dict[str, Any]:
    return {
        "direction": "out",
        "who": writer or _("Sent automatically"),
        "subject": letter.subject if letter else "",
        # The link in an acknowledgement is the reporter's key, not ours.
        "text": lines(without_tokens(letter.text)) if letter else "",
        # Its text is the same for everybody: it stands folded, so that what was written by people is seen.
        "folded": bool(letter and letter.kind == "acknowledgement"),
        "state_label": LETTER_STATES[letter.state] if letter else "",
    }


def _by_page(opened: OpenedReport, message: Message) -> dict[str, Any]:
    """What is otherwise said of an entry that a page of ours took in: no sender to vouch for, a filled form's text."""
    items = opened.items_of(message.id)
    if not any(item.place.startswith("form ") for item in items):
        return {}
    by_page: dict[str, Any] = {
        "who": opened.provider_name or opened.provider_address or _("Anonymous"),
        "coarse": opened.standing.anonymous,
        "authenticated": None,
        "folded": False,
    }
    return by_page | ({"text": form_text(items)} if message.kind == "report" else {})


def lines(text: str) -> str:
    """A letter's text as a page shows it: it travels with CRLF, whose CR would be shown as a mark."""
    return text.replace("\r\n", "\n").rstrip("\n")


def _incoming(message: Message, items: Sequence[GivenItem]) -> dict[str, Any]:
    subject = _first(items, "subject")
    # Who replies quotes our acknowledgement, and with it the link that is the reporter's key.
    text = without_tokens(_first(items, "description"), settings.OPTIONS.base_url)
    # A report is shown whole: what looks like a quote or a signature there is often the evidence.
    new, quoted = _split(text, subject) if message.kind == "reply" else (text, "")
    return {
        "direction": "in",
        "who": _first(items, "contact-name") or _first(items, "contact-address"),
        "subject": subject,
        "text": new,
        "quoted": quoted,
        "attachments": [_attachment(message, item) for item in items if item.kind == "attachment"],
        "authenticated": bool(message.authenticated_by),
        "defects": [line for line in _first(items, "defects").split("\n") if line],
        "original_url": reverse("console:original", args=[message.id]),
    }


def _split(text: str, subject: str) -> tuple[str, str]:
    """What the writer wrote, and what is quoted below; where the quote stands between, the text stays whole."""
    new = new_text(text, is_reply=True, is_forward=is_forward(subject))
    if new and text.startswith(new) and len(new) < len(text):
        return new, text[len(new) :].strip("\n")
    return text, ""


def _first(items: Sequence[GivenItem], kind: str) -> str:
    return next((item.value for item in items if item.kind == kind), "")


def _attachment(message: Message, item: GivenItem) -> dict[str, Any]:
    fields = item.attachment()
    return fields | {"url": reverse("console:attachment", args=[message.id, fields["part"]])}


def items(opened: OpenedReport) -> list[dict[str, Any]]:
    """The short values that a reporter gave, for the side list."""
    return [
        {"kind": ITEM_KINDS[item.kind], "value": item.value, "place": _place(item.place)}
        for item in opened.items
        if item.kind in ITEM_KINDS and item.value and not item.place.startswith("form")
    ]


def _place(place: str) -> str:
    """Where in the mail a short value was found: "header From" or "envelope" of `Item.place`."""
    if place == "envelope":
        return _("SMTP envelope")
    return _("%(field)s field") % {"field": place.removeprefix("header ")}
