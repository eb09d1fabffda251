"""What a reporter can do on the private page, each with what it means, said before it is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madoguchi.audit.actions import PUBLIC
from madoguchi.incidents import actions
from madoguchi.incidents.queries import PrivatePage, Visit

After = Literal["page", "link", "end"]


@dataclass(frozen=True, slots=True)
class Deed:
    """One deed: `name` in its address, the words before it, whether it can be done now, and what does it.

    `do` gives the token of a new private link, or nothing. `after`: where the reporter goes from there.
    """

    name: str
    title: Promise
    hint: Promise
    points: tuple[Promise, ...]
    button: Promise
    possible: Callable[[PrivatePage], bool]
    do: Callable[[Visit, datetime], str | None]
    after: After = "page"
    grave: bool = False


def _unsafe_can_be_said(page: PrivatePage) -> bool:
    standing = page.standing
    return bool(standing and standing.has_address and not standing.unsafe_at)


DEEDS: Final = (
    Deed(
        "mailbox",
        _("My mailbox is not safe"),
        _("The attacker may be able to read the mailbox that you gave us."),
        (
            _("We stop writing to that mailbox at once. Letters that have not left yet do not leave."),
            _("Our answers stand on this page instead."),
            _(
                "The private link that you have ends, since it may lie in that mailbox. "
                "You get a new one now; write it down."
            ),
        ),
        _("Stop writing to this mailbox"),
        _unsafe_can_be_said,
        lambda visit, now: actions.mark_unsafe(actor=PUBLIC, now=now, visit=visit),
        after="link",
    ),
    Deed(
        "link",
        _("Renew the private link"),
        _("Somebody else may have seen the link."),
        (
            _("The old link ends at once, also where it is open now. You get a new one; write it down."),
            _("Your receipt, if you have one, stays as it is."),
        ),
        _("Renew the link"),
        lambda page: page.standing is not None,
        lambda visit, now: actions.renew_link(actor=PUBLIC, now=now, visit=visit),
        after="link",
    ),
    Deed(
        "withdrawal",
        _("Withdraw the report"),
        _("You no longer want us to act on it."),
        (
            _("A person sees at once that you withdrew it, and we begin nothing more on it."),
            _("What was already told to others with your consent cannot be taken back."),
            _("We still keep the report. If you want it to be erased, ask for that as well."),
        ),
        _("Withdraw the report"),
        lambda page: bool(page.standing and not page.standing.withdrawn_at),
        lambda visit, now: actions.withdraw(actor=PUBLIC, now=now, visit=visit),
        grave=True,
    ),
    Deed(
        "copy",
        _("Ask for a copy"),
        _("You want to see everything that we keep about you."),
        (
            _("A person looks at what you ask and answers you here or by e-mail."),
            _("We may first have to ask how we can be sure that it is you."),
        ),
        _("Ask for a copy"),
        lambda page: bool(page.standing and not page.standing.copy_asked_at),
        lambda visit, now: actions.ask_for(actor=PUBLIC, now=now, visit=visit, wish="copy"),
    ),
    Deed(
        "erasure",
        _("Ask for erasure"),
        _("You want us to erase everything that we keep about you."),
        (
            _("A person looks at what you ask and answers you here or by e-mail."),
            _("Where a law makes us keep something, we tell you what and why."),
        ),
        _("Ask for erasure"),
        lambda page: bool(page.standing and not page.standing.erasure_asked_at),
        lambda visit, now: actions.ask_for(actor=PUBLIC, now=now, visit=visit, wish="erasure"),
        grave=True,
    ),
    Deed(
        "closing",
        _("Close this page for good"),
        _("Nobody shall be able to open it any more, not even you."),
        (
            _("The receipt and the private link end. Nobody can open this page again; we cannot either."),
            _(
                "Your report stays with us. If you gave no address that we may write to, we can no longer reach you."
            ),
        ),
        _("Close the page for good"),
        lambda page: page.standing is not None,
        lambda visit, now: actions.close_page(actor=PUBLIC, now=now, visit=visit),
        after="end",
        grave=True,
    ),
)


def deed_of(name: str) -> Deed | None:
    """The deed of that name."""
    return next((deed for deed in DEEDS if deed.name == name), None)
