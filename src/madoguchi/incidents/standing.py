"""Where a report stands with who reported it, read from its steps: contact, mailbox, wishes, and an answer's way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from madoguchi.incidents.confirming import CONFIRMED
from madoguchi.incidents.models import Handle, Report, Step
from madoguchi.incidents.opening import LINK, RECEIPT
from madoguchi.incidents.submission import WEB
from madoguchi.incidents.ways import WayDecision, WayFacts, way_of_answer

UNSAFE, WITHDRAWN, CLOSED = "mailbox-unsafe", "withdrawn", "page-closed"
COPY, ERASURE, RENEWED = "copy-asked", "erasure-asked", "link-renewed"
MARKS: Final = (WITHDRAWN, UNSAFE, COPY, ERASURE)
"""The steps that lists show beside a report."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the reporter said of contact and report; each moment is None where they did not."""

    by_form: bool
    has_address: bool
    anonymous: bool
    confirmed: Step | None
    unsafe_at: datetime | None
    withdrawn_at: datetime | None
    copy_asked_at: datetime | None
    erasure_asked_at: datetime | None
    closed_at: datetime | None
    page_open: bool
    way: WayDecision


def page_open(correspondence: UUID) -> bool:
    """Whether a live receipt or link opens the thread's private page."""
    return Handle.objects.filter(
        correspondence=correspondence, kind__in=(RECEIPT, LINK), ended_at__isnull=True
    ).exists()


def standing_of(report: Report, steps: Iterable[Step], *, has_address: bool) -> Standing:
    """The standing of one report; one query more, whether its page is open."""
    first: dict[str, Step] = {}
    for step in steps:
        first.setdefault(step.kind, step)
    confirmed = next((first[kind] for kind in sorted(CONFIRMED) if kind in first), None)
    can_open = page_open(report.correspondence_id)

    def at(kind: str) -> datetime | None:
        return first[kind].at if kind in first else None

    facts = WayFacts(
        has_address=has_address,
        by_form=report.door == WEB,
        confirmed=confirmed is not None,
        unsafe=UNSAFE in first,
        page_open=can_open,
    )
    return Standing(
        by_form=facts.by_form,
        has_address=facts.has_address,
        anonymous=report.correspondence.anonymous,
        confirmed=confirmed,
        unsafe_at=at(UNSAFE),
        withdrawn_at=at(WITHDRAWN),
        copy_asked_at=at(COPY),
        erasure_asked_at=at(ERASURE),
        closed_at=at(CLOSED),
        page_open=can_open,
        way=way_of_answer(facts),
    )


def steps_of(report: Report) -> Sequence[Step]:
    """The steps of a report, oldest first."""
    return list(Step.objects.filter(report=report).order_by("id"))


def marks_of(reports: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """What lists show beside these reports. One query."""
    found: dict[UUID, set[str]] = {}
    rows = Step.objects.filter(report__in=list(reports), kind__in=MARKS)
    for report, kind in rows.values_list("report_id", "kind"):
        found.setdefault(report, set()).add(kind)
    return {report: frozenset(kinds) for report, kinds in found.items()}
