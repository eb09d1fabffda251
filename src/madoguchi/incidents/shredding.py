"""Shredding a report: its words, its letters and, if nobody else's report needs them, who gave it; a stone remains.

What remains are the rows with their counts and times, the reference, the steps, and the log, which holds ids only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import F

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.disclosure.actions import revoke
from madoguchi.incidents.errors import ShreddedBeforeError, UnknownReportError
from madoguchi.incidents.models import (
    Acknowledgement,
    Handle,
    Item,
    Message,
    Provider,
    Repeat,
    Report,
    Step,
)
from madoguchi.lib.verbs import verb
from madoguchi.mail.queries import letter_keys, waiting_clearances
from madoguchi.vault.actions import shred

STEP = "shredded"
NOTHING = bytes(16)
"""Stands where a keyed hash stood: no value has it."""


@dataclass(frozen=True, slots=True)
class Shredded:
    """What went: the arrivals that intake has to shred too, how many letters and items, and whether the person."""

    report: UUID
    thread: UUID
    arrivals: Sequence[UUID]
    letters: int
    items: int
    person: bool


def what_would_go(reference: str) -> Shredded:
    """What shredding the report of this reference would destroy. Raises UnknownReportError, ShreddedBeforeError."""
    report = Report.objects.select_related("provider").filter(correspondence__reference=reference).first()
    if report is None:
        raise UnknownReportError(UnknownReportError.__doc__)
    if Step.objects.filter(report=report, kind=STEP).exists():
        raise ShreddedBeforeError(ShreddedBeforeError.__doc__)
    messages = Message.objects.filter(correspondence=report.correspondence_id)
    came = messages.filter(arrival__isnull=False).values_list("arrival", flat=True)
    again = Repeat.objects.filter(message__in=messages).values_list("arrival", flat=True)
    items = Item.objects.filter(report=report)
    # What was shredded before needs its person no more.
    others = (
        Report.objects.filter(provider=report.provider_id).exclude(pk=report.pk).exclude(steps__kind=STEP)
    )
    gave = Item.objects.filter(provider=report.provider_id).exclude(report=report)
    needed = others.exists() or gave.exclude(report__steps__kind=STEP).exists()
    return Shredded(
        report=report.pk,
        thread=report.correspondence_id,
        arrivals=[one for one in (*came, *again) if one],
        letters=messages.filter(letter__isnull=False).count(),
        items=items.count(),
        person=not needed,
    )


@verb
def shred_report(*, actor: Actor, now: datetime, reference: str) -> Shredded:
    """Destroys the keys of a report, its letters and its person, and what they could be found by.

    What has not left yet is withdrawn. The arrivals are intake's, which calls this from its own verb.
    Raises UnknownReportError, ShreddedBeforeError.
    """
    rows = Report.objects.filter(correspondence__reference=reference)
    list(rows.select_for_update().values_list("pk"))
    going = what_would_go(reference)
    report = rows.get()
    thread = Message.objects.filter(correspondence=report.correspondence_id)
    letters = [one for one in thread.values_list("letter", flat=True) if one]
    revoke(actor=actor, now=now, clearance_ids=waiting_clearances(letters))
    shred([report.data_key, *letter_keys(letters)], now=now)
    if going.person:
        shred(Provider.objects.filter(pk=report.provider_id).values_list("data_key", flat=True), now=now)
        Provider.objects.filter(pk=report.provider_id).update(address_key=uuid4().bytes)
    _forget_ways_there(report)
    rows.update(waiting_since=None, tray_since=None, no_report_at=None, version=F("version") + 1)
    staff = UUID(actor.id) if actor.kind == "staff" else None
    Step.objects.bulk_create([Step(report=report, kind=STEP, at=now, staff=staff)])
    deeds = [Deed("shredded", "report", report.pk), *(Deed("shredded", "letter", one) for one in letters)]
    if going.person:
        deeds.append(Deed("shredded", "person", report.provider_id))
    record(actor=actor, now=now, deeds=deeds)
    return going


def _forget_ways_there(report: Report) -> None:
    """Removes the keyed hashes by which a value, a mail or a visitor would still be recognised."""
    Item.objects.filter(report=report).update(lookup=None)
    Message.objects.filter(correspondence=report.correspondence_id).update(fingerprint=None)
    Handle.objects.filter(correspondence=report.correspondence_id).delete()
    Acknowledgement.objects.filter(report=report).update(address_key=NOTHING, domain_key=NOTHING)
