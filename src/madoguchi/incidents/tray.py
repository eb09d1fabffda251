"""The tray of what is probably no report: emptied in bulk by a person who saw it, or taken out again one by one.

Nothing is deleted: what is set aside as no report stays sealed and stands in the list of everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import F, Q

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.incidents.answering import release_acknowledgement, report_of
from madoguchi.incidents.errors import NothingToSendError
from madoguchi.incidents.models import Acknowledgement, Item, Report, Step
from madoguchi.incidents.sealing import open_item
from madoguchi.incidents.sorting import IN_TRAY, IS_REPORT, NO_REPORT, TRAY_LINE
from madoguchi.lib.verbs import verb
from madoguchi.mail.actions import CompositionError
from madoguchi.vault.queries import open_units

TakenOut = Literal["acknowledged", "silent", "was"]
"""In the queue, with its acknowledgement on the way or without one; or nothing was to be done."""


@verb
def empty_tray(*, actor: Actor, now: datetime, report_ids: Sequence[UUID]) -> int:
    """Sets these aside as no report, as far as they are still in the tray; gives how many.

    Only what is named is touched: what came in after the page was shown stays.
    """
    rows = Report.objects.filter(pk__in=report_ids, tray_since__isnull=False)
    found = list(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
    if not found:
        return 0
    Report.objects.filter(pk__in=found).update(tray_since=None, no_report_at=now, version=F("version") + 1)
    staff = UUID(actor.id)
    Step.objects.bulk_create(Step(report_id=one, kind=NO_REPORT, at=now, staff=staff) for one in found)
    record(actor=actor, now=now, deeds=[Deed("set aside as no report", "report", one) for one in found])
    return len(found)


@verb
def take_out(*, actor: Actor, now: datetime, report_id: UUID) -> TakenOut:
    """Puts what a person knows to be a report into the queue and sends the acknowledgement that was held for it.

    Also what was set aside as no report. Gives what became of it; "was" where it is among the reports already.
    Raises UnknownReportError.
    """
    report = report_of(report_id)
    aside = Q(tray_since__isnull=False) | Q(no_report_at__isnull=False)
    moved = Report.objects.filter(aside, pk=report.id).update(
        tray_since=None, no_report_at=None, waiting_since=report.received_at, version=F("version") + 1
    )
    if not moved:
        return "was"
    Step.objects.bulk_create([Step(report=report, kind=IS_REPORT, at=now, staff=UUID(actor.id))])
    record(actor=actor, now=now, deeds=[Deed("taken out of the tray", "report", report.id)])
    report.refresh_from_db()
    return "acknowledged" if _acknowledged(actor, now, report) else "silent"


def _acknowledged(actor: Actor, now: datetime, report: Report) -> bool:
    """Whether its acknowledgement could be sent: to some senders none would have been sent from the queue either."""
    try:
        release_acknowledgement(actor, now, report)
    except NothingToSendError:
        return False
    except CompositionError:
        held = Acknowledgement.objects.filter(report=report, verdict="capped")
        held.update(verdict="never", reason="unusable-sender")
        return False
    return True


@dataclass(frozen=True, slots=True)
class TrayReason:
    """Why a mail was put into the tray: the rule, and the line of the settings that it stands for, or ""."""

    rule: str
    line: str = field(default="", repr=False)


def reasons_of(reports: Sequence[Report]) -> Mapping[UUID, TrayReason]:
    """Why each of these was put into the tray; what never was is left out. Three queries."""
    ids = [report.id for report in reports]
    rules = dict(Step.objects.filter(report__in=ids, kind=IN_TRAY).values_list("report_id", "reason"))
    keys = open_units(report.data_key for report in reports)
    opened = {report.id: keys[report.data_key] for report in reports if report.data_key in keys}
    rows = Item.objects.filter(report__in=ids, kind=TRAY_LINE).values_list("report_id", "id", "value")
    lines = {of: open_item(opened[of], item, value) for of, item, value in rows if of in opened}
    return {report: TrayReason(rule, lines.get(report, "")) for report, rule in rules.items()}
