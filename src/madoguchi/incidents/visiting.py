"""The private page of a report: who may open it, what it shows, and what its reporter does there.

It never opens what was reported: the page of somebody's browser, or of who stole the link, shows how the report
stands and our own letters, no word of the reporter's (docs/decisions/0014).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from django.db.models import F, QuerySet

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.disclosure.actions import revoke
from madoguchi.incidents.codes import plain_receipt
from madoguchi.incidents.errors import PageEndedError, ThreadNotReadyError
from madoguchi.incidents.filing import MESSAGE_ID, TOKEN
from madoguchi.incidents.models import IN_ORDER, Correspondence, Handle, Item, Message, Report, Step
from madoguchi.incidents.opening import CONFIRM, LINK, RECEIPT, Code, code_key, issue
from madoguchi.incidents.outgoing import page_of_thread
from madoguchi.incidents.standing import (
    CLOSED,
    COPY,
    ERASURE,
    RENEWED,
    UNSAFE,
    WITHDRAWN,
    Standing,
    standing_of,
    steps_of,
)
from madoguchi.lib.clock import whole_hour
from madoguchi.lib.verbs import verb
from madoguchi.mail.queries import SentLetter, letters_on_page, waiting_clearances

Wish = Literal["copy", "erasure"]
_WISHES: Final[Mapping[Wish, tuple[str, str]]] = {
    "copy": (COPY, "asked for a copy"),
    "erasure": (ERASURE, "asked for erasure"),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who holds a live code of a thread: `handle` is the code's stored form."""

    handle: bytes = field(repr=False)
    kind: Code
    thread: Correspondence

    @property
    def correspondence(self) -> UUID:
        """The thread."""
        return self.thread.id


@dataclass(frozen=True, slots=True)
class PrivatePage:
    """What the page shows. `report` is None until what was handed in is understood, seconds as a rule."""

    reference: str
    opened_at: datetime
    report: Report | None
    standing: Standing | None
    letters: Sequence[SentLetter]
    additions: Sequence[datetime]
    answered_at: datetime | None


def visit_by_receipt(typed: str) -> Visit | None:
    """The visit that a typed receipt opens; unknown, ended and misspelt ones cost the same and give None."""
    return visit_of(code_key(RECEIPT, plain_receipt(typed)))


def visit_by_link(token: str) -> Visit | None:
    """The visit that the token of a private link opens, as `visit_by_receipt`."""
    return visit_of(code_key(LINK, token.lower()))


def visit_of(handle: bytes) -> Visit | None:
    """The visit of a code by its stored form; None where it has ended. One query whatever the answer."""
    row = Handle.objects.select_related("correspondence").filter(pk=handle, kind__in=(RECEIPT, LINK)).first()
    if row is None or row.ended_at is not None:
        return None
    return Visit(bytes(row.key), RECEIPT if row.kind == RECEIPT else LINK, row.correspondence)


def private_page(visit: Visit) -> PrivatePage:
    """The page of a visit. A fixed number of queries."""
    report = _report(visit).first()
    steps = steps_of(report) if report else ()
    messages = list(Message.objects.filter(correspondence=visit.correspondence).order_by(*IN_ORDER))
    ends = [step.at for step in steps if step.kind == "answered"]
    return PrivatePage(
        reference=visit.thread.reference,
        opened_at=visit.thread.opened_at,
        report=report,
        standing=standing_of(report, steps, has_address=_has_address(report)) if report else None,
        letters=letters_on_page(
            [one.letter for one in messages if one.letter], page_of_thread(visit.correspondence)
        ),
        additions=[one.at for one in messages if one.kind == "addition"],
        answered_at=ends[-1] if ends else None,
    )


def _has_address(report: Report) -> bool:
    """Whether an address was given, without opening it."""
    return Item.objects.filter(report=report, kind="contact-address").exists()


def _report(visit: Visit) -> "QuerySet[Report]":
    return Report.objects.filter(correspondence=visit.correspondence).select_related(
        "correspondence", "provider"
    )


# --- Deeds -------------------------------------------------------------------------------------------------


@verb
def withdraw(*, actor: Actor, now: datetime, visit: Visit) -> None:
    """Notes that the reporter takes the report back; staff see it at once. Twice is the same as once."""
    _step(actor, now, visit, WITHDRAWN, "withdrew")


@verb
def ask_for(*, actor: Actor, now: datetime, visit: Visit, wish: Wish) -> None:
    """Notes that the reporter wants a copy of everything kept about them, or its erasure; a person does it."""
    _step(actor, now, visit, *_WISHES[wish])


@verb
def mark_unsafe(*, actor: Actor, now: datetime, visit: Visit) -> str:
    """Stops every letter of this thread to the reporter's mailbox, and gives a fresh token of the private link.

    Letters not yet being sent are withdrawn. The links and reply addresses that lie in that mailbox end.
    """
    report = _step(actor, now, visit, UNSAFE, "called mailbox unsafe")
    ours = Message.objects.filter(correspondence=report.correspondence_id, letter__isnull=False)
    if clearances := waiting_clearances([one.letter for one in ours if one.letter]):
        revoke(actor=actor, now=_moment(visit, now), clearance_ids=clearances)
    return _fresh_link(actor, now, visit, (LINK, CONFIRM, TOKEN, MESSAGE_ID))


@verb
def renew_link(*, actor: Actor, now: datetime, visit: Visit) -> str:
    """Ends the private link and gives the token of a new one; the receipt stays as it is."""
    report = _live(visit)
    moment = _moment(visit, now)
    Step.objects.bulk_create([Step(report=report, kind=RENEWED, at=moment)])
    return _fresh_link(actor, now, visit, (LINK,))


@verb
def close_page(*, actor: Actor, now: datetime, visit: Visit) -> None:
    """Ends the receipt and every link for good; the report itself stays with us."""
    report = _live(visit)
    moment = _moment(visit, now)
    _end(moment, visit, (RECEIPT, LINK))
    Report.objects.filter(pk=report.id).update(version=F("version") + 1)
    Step.objects.bulk_create([Step(report=report, kind=CLOSED, at=moment)])
    record(actor=actor, now=moment, deeds=[Deed("closed page", "report", report.id)])


def _step(actor: Actor, now: datetime, visit: Visit, kind: str, said: str) -> Report:
    """Notes what the reporter said, once, and lets the report wait for a person."""
    report = _live(visit)
    if Step.objects.filter(report=report, kind=kind).exists():
        return report
    moment = _moment(visit, now)
    Report.objects.filter(pk=report.id).update(waiting_since=moment, version=F("version") + 1)
    Step.objects.bulk_create([Step(report=report, kind=kind, at=moment)])
    record(actor=actor, now=moment, deeds=[Deed(said, "report", report.id)])
    return report


def _live(visit: Visit) -> Report:
    """The report, while the code still opens its page: asked again within the deed, and held until it is done."""
    held = Handle.objects.filter(pk=visit.handle, ended_at__isnull=True).select_for_update()
    if not list(held.values_list("pk")):
        raise PageEndedError(PageEndedError.__doc__)
    report = _report(visit).first()
    if report is None:
        raise ThreadNotReadyError(ThreadNotReadyError.__doc__)
    return report


def _moment(visit: Visit, now: datetime) -> datetime:
    return whole_hour(now) if visit.thread.anonymous else now


def _fresh_link(actor: Actor, now: datetime, visit: Visit, ended: Sequence[str]) -> str:
    moment = _moment(visit, now)
    record(actor=actor, now=moment, deeds=[Deed("renewed link", "correspondence", visit.correspondence)])
    _end(moment, visit, ended)
    return issue(moment, visit.correspondence, (LINK,))[LINK]


def _end(now: datetime, visit: Visit, kinds: Sequence[str]) -> None:
    live = Handle.objects.filter(correspondence=visit.correspondence, kind__in=kinds, ended_at__isnull=True)
    live.update(ended_at=now)
