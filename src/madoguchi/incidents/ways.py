"""Which way an answer goes to who reported: by mail, or onto the private page. Facts in, decision with its reason out.

Pure, and one of three answers for every case; "none" says that nobody could read it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Way = Literal["mail", "page", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayFacts:
    """What is known of a report when somebody wants to answer it."""

    has_address: bool  # an address is known at all
    by_form: bool  # it was typed into our form, so it may be somebody else's
    confirmed: bool  # its owner confirmed it, by the link or by replying
    unsafe: bool  # the reporter said that the attacker may read this mailbox
    page_open: bool  # a receipt or private link opens the page


@dataclass(frozen=True, slots=True)
class WayDecision:
    """The way, and the name of what decided: "usable", "no-address", "unsafe-mailbox" or "unconfirmed"."""

    way: Way
    reason: str


RULES: Final[tuple[tuple[str, Callable[[WayFacts], bool]], ...]] = (
    ("no-address", lambda facts: not facts.has_address),
    ("unsafe-mailbox", lambda facts: facts.unsafe),
    ("unconfirmed", lambda facts: facts.by_form and not facts.confirmed),
)
"""What keeps a letter from the mailbox; the first that applies is the reason."""


def way_of_answer(facts: WayFacts) -> WayDecision:
    """By mail where nothing stands against it, else onto the page where one can be opened, else no way."""
    for reason, applies in RULES:
        if applies(facts):
            return WayDecision("page" if facts.page_open else "none", reason)
    return WayDecision("mail", "usable")
