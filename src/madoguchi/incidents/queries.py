"""Questions about reports; each starts from what the view may list, and no number of queries grows with rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from madoguchi.incidents.codes import in_groups
from madoguchi.incidents.confirming import report_to_confirm
from madoguchi.incidents.models import Message, Report
from madoguchi.incidents.reading import GivenItem, OpenedReport, QueueRow
from madoguchi.incidents.tray import TrayReason, reasons_of
from madoguchi.incidents.visiting import (
    PrivatePage,
    Visit,
    link_handle,
    private_page,
    visit_by_link,
    visit_by_receipt,
    visit_of,
)

__all__ = [
    "PAGE",
    "GivenItem",
    "Message",
    "OpenedReport",
    "Page",
    "PrivatePage",
    "QueueRow",
    "Report",
    "TrayReason",
    "Visit",
    "count_up_to",
    "in_groups",
    "link_handle",
    "message_of",
    "page_of",
    "private_page",
    "reasons_of",
    "report_to_confirm",
    "visit_by_link",
    "visit_by_receipt",
    "visit_of",
]

PAGE = 25
"""What a screen shows: whoever lists reports opens no more of them than they look at."""
_ORDER = {
    "waiting": "waiting_since",
    "done": "received_at",
    "all": "received_at",
    "automatic": "received_at",
    "tray": "tray_since",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, newest first, with the positions of its neighbours (None where there is none)."""

    reports: Sequence[Report]
    older: tuple[datetime, UUID] | None
    newer: tuple[datetime, UUID] | None


def _view(name: str) -> "QuerySet[Report]":
    rows = Report.objects.all()
    match name:
        case "waiting":
            return rows.filter(waiting_since__isnull=False)
        case "done":
            return rows.filter(
                waiting_since__isnull=True,
                automatic=False,
                tray_since__isnull=True,
                no_report_at__isnull=True,
            )
        case "tray":
            return rows.filter(tray_since__isnull=False)
        case "automatic":
            return rows.filter(automatic=True)
    return rows


def page_of(
    view: str, *, before: tuple[datetime, UUID] | None = None, after: tuple[datetime, UUID] | None = None
) -> Page:
    """The newest page of a view, or the one before or after a position. Keyset paging: page 2,000 costs as page 1."""
    column = _ORDER[view]
    rows = _view(view).select_related("correspondence", "provider")
    if after is not None:
        beyond = Q(**{f"{column}__gt": after[0]}) | Q(**{column: after[0], "id__gt": after[1]})
        # Said once more in a form that an index can begin at: PostgreSQL walks to a place that only an OR names.
        from_here = rows.filter(beyond, **{f"{column}__gte": after[0]})
        found = list(from_here.order_by(column, "id")[: PAGE + 1])
        more, shown = len(found) > PAGE, found[:PAGE][::-1]
        return Page(
            shown,
            _position(shown[-1], column) if shown else None,
            _position(shown[0], column) if more else None,
        )
    if before is not None:
        beyond = Q(**{f"{column}__lt": before[0]}) | Q(**{column: before[0], "id__lt": before[1]})
        rows = rows.filter(beyond, **{f"{column}__lte": before[0]})
    found = list(rows.order_by(F(column).desc(), "-id")[: PAGE + 1])
    shown = found[:PAGE]
    older = _position(shown[-1], column) if len(found) > PAGE else None
    newer = _position(shown[0], column) if before is not None and shown else None
    return Page(shown, older, newer)


def _position(report: Report, column: str) -> tuple[datetime, UUID]:
    return getattr(report, column), report.id


def count_up_to(view: str, most: int = 1000) -> int:
    """How many a view holds, exact below `most` and `most` from there on: never a count over the archive."""
    return _view(view).order_by()[:most].count()


def message_of(message_id: UUID) -> tuple[Message, UUID]:
    """An incoming message with its report's id. Raises Message.DoesNotExist."""
    message = Message.objects.select_related("correspondence__report").get(
        pk=message_id, arrival__isnull=False
    )
    return message, message.correspondence.report.id
