"""Real mail, all of it: accepted, understood in batches, opened, and kept byte for byte."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from madoguchi.audit.actions import Actor
from madoguchi.incidents.actions import open_report, open_rows
from madoguchi.incidents.models import Report
from madoguchi.intake.actions import Incoming, Opened, store, understand_due
from madoguchi.intake.incoming import Envelope
from madoguchi.intake.models import Arrival
from madoguchi.intake.queries import original
from madoguchi.lib.ids import new_id
from shared import mails, needs_shared

pytestmark = [pytest.mark.store, pytest.mark.django_db, needs_shared]

HANDLER = Actor("staff", str(uuid4()))
BATCH = 50


def vouched(opened: Sequence[Opened]) -> list[str]:
    return ["dkim"] * len(opened)


def test_every_mail_is_received_opened_and_kept_as_it_came(now: datetime) -> None:
    given = {incoming.id: incoming for incoming in (_incoming(path.read_bytes(), now) for path in mails())}
    waiting = list(given.values())
    for start in range(0, len(waiting), BATCH):
        store(waiting[start : start + BATCH])
    while understand_due(now=now + timedelta(seconds=1), vouch=vouched, most=BATCH):
        pass
    assert Arrival.objects.exclude(last_error="").count() == 0
    outcomes = Counter(Arrival.objects.filter(handled_at__isnull=False).values_list("outcome", flat=True))
    assert outcomes.total() == len(given)
    assert outcomes.keys() <= {"report", "reply", "repeat"}
    reports = list(Report.objects.select_related("correspondence", "provider"))
    assert len(open_rows(actor=HANDLER, now=now, reports=reports, view="all")) == outcomes["report"]
    for report in reports:
        items = open_report(actor=HANDLER, now=now, report_id=report.id).items
        assert {"subject", "description"} <= {item.kind for item in items}
    for arrival, incoming in given.items():
        assert original(arrival) == incoming.raw


def _incoming(raw: bytes, now: datetime) -> Incoming:
    envelope = Envelope(door="smtp", mail_from="alice@reporter.example", rcpt_to=("report@csirt.example",))
    return Incoming(id=new_id(now), received_at=now, envelope=envelope, raw=raw)
