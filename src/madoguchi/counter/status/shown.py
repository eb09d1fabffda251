"""What the private page says, in plain words for somebody who may be frightened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madoguchi.disclosure.letters import without_signature
from madoguchi.incidents.queries import PrivatePage

WRONG_RECEIPT: Final = _(
    "This receipt opens no page. Compare it with what you wrote down, character by character. "
    "Nothing happens to your report if you try again."
)


@dataclass(frozen=True, slots=True)
class Status:
    """Where the report stands: a title, what it means, and where our answers go."""

    reference: str
    opened_at: datetime
    kind: str
    title: str | Promise
    text: str | Promise
    way: str | Promise
    asked: tuple[str | Promise, ...]


WAYS: Final[Mapping[str, Promise]] = {
    "usable": _("We write to you by e-mail. Our answers stand here as well."),
    "no-address": _("Our answers stand on this page. Please look in from time to time."),
    "unsafe-mailbox": _(
        "You told us that your mailbox is not safe. Our answers stand on this page and nowhere else."
    ),
    "unconfirmed": _(
        "The address that you gave us is not confirmed yet. When our acknowledgement reaches you, open the link in it. "
        "Until then our answers stand on this page only."
    ),
}
STATES: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "arriving": (
        _("Your report has arrived"),
        _("It is safe with us and is just being taken in. Look again in a minute."),
    ),
    "withdrawn": (
        _("You withdrew this report"),
        _("We begin nothing more on it. If you change your mind, write to us below."),
    ),
    "received": (
        _("We have your report"),
        _("A person will read it. You need not do anything now."),
    ),
    "added": (
        _("We have what you sent"),
        _("A person will read it. You need not do anything now."),
    ),
    "answered": (
        _("We have answered you"),
        _("Our answer stands below. If something is unclear, write to us."),
    ),
    "read": (
        _("We have read your report"),
        _("Nothing is open between us at the moment. You can write to us at any time."),
    ),
}


def state_of(page: PrivatePage) -> str:
    """One word of STATES."""
    if page.report is None or page.standing is None:
        return "arriving"
    if page.standing.withdrawn_at:
        return "withdrawn"
    if page.report.waiting_since is not None:
        return "added" if page.report.version > 1 else "received"
    return "answered" if page.letters else "read"


def status(page: PrivatePage) -> Status:
    """What stands at the top of the page."""
    state = state_of(page)
    title, text = STATES[state]
    standing = page.standing
    asked = []
    if standing and standing.copy_asked_at:
        asked.append(_("You asked for a copy of everything that we keep about you. A person will answer."))
    if standing and standing.erasure_asked_at:
        asked.append(_("You asked us to erase everything that we keep about you. A person will answer."))
    return Status(
        reference=page.reference,
        opened_at=page.opened_at,
        kind="done" if state == "answered" else "info",
        title=title,
        text=text,
        way=WAYS[standing.way.reason] if standing else "",
        asked=tuple(asked),
    )


def letters(page: PrivatePage) -> list[dict[str, Any]]:
    """Our answers, as the component of threads wants them: the page says itself who writes and about what."""
    return [
        {"ours": True, "at": letter.at, "subject": "", "text": without_signature(letter.text)}
        for letter in page.letters
    ]
