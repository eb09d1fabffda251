"""That the contact given in a form is its owner's: until somebody who reads it says so, we do not write there.

Who confirmed, when and how is a step of the report: by the link in the acknowledgement, or by replying to it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import F

from madoguchi.audit.actions import PUBLIC, Deed, record
from madoguchi.incidents.models import Handle, Message, Report, Step
from madoguchi.incidents.opening import CONFIRM, code_key
from madoguchi.incidents.submission import WEB
from madoguchi.lib.verbs import verb

BY_LINK, BY_REPLY = "confirmed-by-link", "confirmed-by-reply"
CONFIRMED: Final = frozenset({BY_LINK, BY_REPLY})


def confirmed_by_reply(replies: Sequence[tuple[Report, Message]]) -> list[Step]:
    """The confirmations that lie in replies to the secret address of our letter, which only its addressee was told.

    A reply by a program says nothing of a person. One query where a report of the web is among them, else none.
    """
    first = {
        report.id: (report, message)
        for report, message in reversed(replies)
        if report.door == WEB and message.kind == "reply" and message.matched_by == "token"
    }
    if not first:
        return []
    known = set(Step.objects.filter(report__in=first, kind__in=CONFIRMED).values_list("report_id", flat=True))
    return [
        Step(report=report, kind=BY_REPLY, at=message.at)
        for key, (report, message) in first.items()
        if key not in known
    ]


def report_to_confirm(token: str) -> Report | None:
    """The report whose contact this link confirms; None for any other token."""
    handle = Handle.objects.filter(pk=code_key(CONFIRM, token), kind=CONFIRM, ended_at__isnull=True)
    found = handle.select_related("correspondence__report").first()
    return found.correspondence.report if found else None


@verb
def confirm_contact(*, now: datetime, token: str) -> str | None:
    """Notes that the owner of the contact confirmed it; gives the reference, None where the link opens nothing.

    Pressed twice it says the same again and notes nothing more.
    """
    report = report_to_confirm(token)
    if report is None:
        return None
    if not Step.objects.filter(report=report, kind__in=CONFIRMED).exists():
        # A new version: whoever writes an answer meanwhile learns that it would now go by mail.
        Report.objects.filter(pk=report.id).update(version=F("version") + 1)
        Step.objects.bulk_create([Step(report=report, kind=BY_LINK, at=now)])
        record(actor=PUBLIC, now=now, deeds=[Deed("confirmed contact", "report", report.id)])
    return report.correspondence.reference
