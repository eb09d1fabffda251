"""Somebody waits for us again: what came into a thread puts its report into the queue, wherever it stood."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Case, DateTimeField, F, Value, When

from madoguchi.incidents.models import Report


def let_wait(reports: Mapping[UUID, datetime]) -> None:
    """Somebody waits for us again, since when: one update, however many replies came in. Call it inside a verb."""
    if not reports:
        return
    since = Case(
        *(When(pk=report, then=Value(at)) for report, at in reports.items()), output_field=DateTimeField()
    )
    Report.objects.filter(pk__in=reports).update(
        waiting_since=since, tray_since=None, no_report_at=None, version=F("version") + 1
    )
