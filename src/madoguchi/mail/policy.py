"""What becomes of a letter in the outbox: its states, its next try, its turn.

Pure: the time, the counts and the server's answers come in as values. The three ends of a try to hand a
letter over, `Sent`, `Refused` and `Unsure`, stand here as well, because the decision is made from them.
"""

import random as _random
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar

from madoguchi.lib.backoff import next_after

_ADDRESS: Final = re.compile(r"[^\x00-\x20\x7f<>\ud800-\udfff]+@[^\x00-\x20\x7f<>@\ud800-\udfff]+")

State = Literal["queued", "sending", "sent", "deferred", "failed", "unknown", "cancelled", "published"]

# From each state to those that may follow it. `sent`, `cancelled` and `published` are ends; a letter on a page
# begins and ends as `published`.
MOVES: Final[Mapping[State, frozenset[State]]] = {
    "queued": frozenset({"sending", "cancelled"}),
    "sending": frozenset(
        {"sent", "deferred", "failed", "unknown", "queued"}
    ),  # queued: its turn did not come
    "deferred": frozenset(
        {"sending", "queued", "cancelled"}
    ),  # queued: an operator does not wait for its next try
    "failed": frozenset({"queued", "cancelled"}),  # an operator runs it again, or gives it up
    "unknown": frozenset({"queued", "sent", "cancelled"}),  # sent: a person found out that it arrived
    "sent": frozenset(),
    "cancelled": frozenset(),
    "published": frozenset(),
}


def may_move(current: State, following: State) -> bool:
    """Whether a letter may go from one state straight to the other."""
    return following in MOVES[current]


def after_lease(state: State, lease_until: datetime | None, now: datetime) -> State:
    """Give the state of a letter whose worker may have died.

    `sending` beyond its lease is `unknown`: the server may have taken the letter without our noting it.
    """
    if state == "sending" and (lease_until is None or lease_until <= now):
        return "unknown"
    return state


def after_unknown(*, automatic: bool) -> State:
    """Give what follows `unknown`: an automatic letter goes out again with the same Message-ID.

    One that a person wrote stays: twice the same words from a person look careless, and whoever wrote it can
    find out.
    """
    return "queued" if automatic else "unknown"


# --- The end of a try --------------------------------------------------------------------------------------


class DeliveryError(Exception):
    """A letter could not be handed over. The page of waiting letters says what becomes of it."""


class Refused(DeliveryError):  # noqa: N818 — the word of RFC 5321 for it
    """The letter was not taken, with certainty: it may be tried again where the refusal is temporary.

    `code` is the SMTP reply code, None where no answer came. `recipients` holds each refused recipient's own
    refusal where recipients were refused one by one. `text` is the server's and may quote an address: it is
    for the page of waiting letters, never for a log.
    """

    def __init__(
        self,
        text: str,
        *,
        temporary: bool,
        code: int | None = None,
        recipients: Mapping[str, "Refused"] | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.temporary = temporary
        self.code = code
        self.recipients: Mapping[str, Refused] = dict(recipients or {})


class Unsure(DeliveryError):  # noqa: N818 — it is not known whether there was an error
    """The whole letter was handed over, then no answer came: look before you send it again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The letter was taken for every recipient but those in `refused`. `answer` is the server's last line."""

    answer: str
    refused: Mapping[str, Refused] = field(default_factory=dict)


def check_addresses(envelope_from: str, recipients: Sequence[str]) -> None:
    """Raise `Refused` for what could not stand in a command: a line end in an address would end it."""
    if not recipients:
        raise Refused("a letter without recipients", temporary=False)
    for address in (*([envelope_from] if envelope_from else []), *recipients):
        if not _ADDRESS.fullmatch(address):
            raise Refused("an address that is none", temporary=False, code=553)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state that a try ended in, and why, in words for the operator's page."""

    state: State
    reason: str


def outcome(answer: int | BaseException) -> Outcome:
    """Decide what a try ended in, from the SMTP reply code or from what was raised.

    A refusal that says itself whether it is temporary is believed. Of codes, 2yz is success, 4yz temporary,
    5yz permanent (RFC 5321, section 4.2.1); what is none of them breaks the protocol and is tried again.
    Of other errors only those of network and disk pass by themselves; the rest would come back every time.
    """
    if isinstance(answer, Unsure):
        return Outcome("unknown", str(answer))
    if isinstance(answer, Refused):
        return Outcome("deferred" if answer.temporary else "failed", answer.text)
    if isinstance(answer, OSError):
        return Outcome("deferred", f"no connection ({type(answer).__name__})")
    if isinstance(answer, BaseException):
        return Outcome("failed", f"the letter could not be prepared ({type(answer).__name__})")
    return Outcome(*_BY_CLASS.get(answer // 100, ("deferred", f"an answer that is none ({answer})")))


_BY_CLASS: Final[Mapping[int, tuple[State, str]]] = {
    2: ("sent", "taken by the server"),
    4: ("deferred", "refused for the time being"),
    5: ("failed", "refused for good"),
}


# --- The next try ------------------------------------------------------------------------------------------

# 1, 5, 15 and 60 minutes, then 2 and 4 hours, then every 6 hours: five days, which is where RFC 5321,
# section 4.5.4.1, lets a client give up ("at least 4-5 days").
WAITS: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240)) + (timedelta(hours=6),) * 19


def next_try(tries: int, now: datetime, random: _random.Random) -> datetime | None:
    """Give the time of the next try after `tries` failed ones; None after about five days: give up."""
    return next_after(WAITS, tries=tries, now=now, random=random)


# --- Pace --------------------------------------------------------------------------------------------------

DOMAIN_PER_MINUTE: Final = 60

_Letter = TypeVar("_Letter")


def pace(
    due: Iterable[_Letter],
    domains_of: Callable[[_Letter], Collection[str]],
    sent_last_minute: Mapping[str, int],
    *,
    most: int = DOMAIN_PER_MINUTE,
) -> list[_Letter]:
    """Pick the letters that may go now, in their order: at most `most` a minute to any one domain.

    `sent_last_minute` counts by domain in lower case. A letter to several domains goes when each has room;
    one that waits takes no room from those behind it.
    """
    counts = Counter(dict(sent_last_minute))
    going: list[_Letter] = []
    for letter in due:
        domains = {domain.lower() for domain in domains_of(letter)}
        if all(counts[domain] < most for domain in domains):
            counts.update(domains)
            going.append(letter)
    return going
