"""Reading is a verb: the entry is committed before plaintext is shown; no entry, no page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.audit.queries import last_object
from madoguchi.incidents.errors import UnknownReportError
from madoguchi.incidents.models import (
    IN_ORDER,
    Acknowledgement,
    Item,
    Message,
    PossibleLink,
    Repeat,
    Report,
    Step,
)
from madoguchi.incidents.sealing import open_item, open_provider
from madoguchi.incidents.standing import Standing, marks_of, standing_of, steps_of
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import UnitKey
from madoguchi.vault.queries import open_units

SHREDDED = "—"
NOT_DECIDED = ("never", None)
"""Verdict and letter of an acknowledgement where there is none."""


@dataclass(frozen=True, slots=True)
class GivenItem:
    """One value that a provider gave, in clear, in memory only."""

    id: UUID
    message: UUID
    kind: str
    place: str
    label: str
    value: str = field(repr=False)

    def attachment(self) -> dict[str, object]:
        """The fields of an attachment item: part, name, type, size."""
        fields: dict[str, object] = json.loads(self.value)
        return fields


@dataclass(frozen=True, slots=True)
class OpenedReport:
    """A report as its page shows it."""

    report: Report
    provider_name: str
    provider_address: str
    items: Sequence[GivenItem]
    messages: Sequence[Message]
    steps: Sequence[Step]
    acknowledgement: Acknowledgement | None
    possible: Sequence[tuple[str, UUID, str]]
    repeats: Sequence[Repeat]
    standing: Standing

    def items_of(self, message: UUID) -> list[GivenItem]:
        """What came with one message."""
        return [item for item in self.items if item.message == message]


def open_report(*, actor: Actor, now: datetime, report_id: UUID) -> OpenedReport:
    """Opens one report for reading. Raises UnknownReportError. A fixed number of queries."""
    _note_opening(actor=actor, now=now, report_id=report_id)
    report = Report.objects.select_related("correspondence", "provider").get(pk=report_id)
    keys = open_units([report.data_key, report.provider.data_key])
    person = keys.get(report.provider.data_key)
    links = PossibleLink.objects.filter(report=report).values_list(
        "correspondence__reference", "correspondence__report__id", "reason"
    )
    steps = steps_of(report)
    address = _provider_field(person, report, "address")
    return OpenedReport(
        report=report,
        provider_name=_provider_field(person, report, "name"),
        provider_address=address,
        items=_items(report, keys.get(report.data_key)),
        messages=list(Message.objects.filter(correspondence=report.correspondence_id).order_by(*IN_ORDER)),
        steps=steps,
        standing=standing_of(report, steps, has_address=bool(address)),
        acknowledgement=Acknowledgement.objects.filter(report=report).first(),
        possible=list(links),
        repeats=list(Repeat.objects.filter(message__correspondence=report.correspondence_id).order_by("at")),
    )


@verb
def _note_opening(*, actor: Actor, now: datetime, report_id: UUID) -> None:
    if not Report.objects.filter(pk=report_id).exists():
        raise UnknownReportError(UnknownReportError.__doc__)
    record(actor=actor, now=now, deeds=[Deed("opened", "report", report_id)])


@verb
def note_download(*, actor: Actor, now: datetime, report_id: UUID, what: str) -> None:
    """Notes that an attachment or the original of a report's message is about to be read."""
    if not Report.objects.filter(pk=report_id).exists():
        raise UnknownReportError(UnknownReportError.__doc__)
    record(actor=actor, now=now, deeds=[Deed(f"downloaded {what}"[:40], "report", report_id)])


def _items(report: Report, key: UnitKey | None) -> list[GivenItem]:
    if key is None:
        return []
    rows = Item.objects.filter(report=report).order_by("id")
    return [
        GivenItem(row.id, row.message_id, row.kind, row.place, row.label, open_item(key, row.id, row.value))
        for row in rows
    ]


def _provider_field(key: UnitKey | None, report: Report, name: str) -> str:
    if key is None:
        return SHREDDED
    return open_provider(key, report.provider_id, name, getattr(report.provider, name))


# --- The queue ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue."""

    report: Report
    sender_name: str
    sender_address: str
    subject: str
    acknowledgement: str
    letter: UUID | None
    repeats: int
    possible: bool
    marks: frozenset[str]


def open_rows(*, actor: Actor, now: datetime, reports: Sequence[Report], view: str) -> list[QueueRow]:
    """Opens the shown lines of a list: one entry for the list, repeated only when what is shown changes."""
    shown = sha256("\n".join((view, *(str(report.id) for report in reports))).encode()).hexdigest()
    if last_object(actor, "listed") != shown:
        _note_listing(actor=actor, now=now, shown=shown)
    return _rows(reports)


@verb
def _note_listing(*, actor: Actor, now: datetime, shown: str) -> None:
    record(actor=actor, now=now, deeds=[Deed("listed", "reports", shown)])


def _rows(reports: Sequence[Report]) -> list[QueueRow]:
    """A fixed number of queries, whatever the number of reports."""
    ids = [report.id for report in reports]
    keys = open_units([*(one.data_key for one in reports), *(one.provider.data_key for one in reports)])
    subjects = _first_subjects(ids)
    verdicts = Acknowledgement.objects.filter(report__in=ids).values_list("report_id", "verdict", "letter")
    acknowledged = {report: (verdict, letter) for report, verdict, letter in verdicts}
    threads = [report.correspondence_id for report in reports]
    repeats: dict[UUID, int] = {}
    for thread in Repeat.objects.filter(message__correspondence__in=threads).values_list(
        "message__correspondence_id", flat=True
    ):
        repeats[thread] = repeats.get(thread, 0) + 1
    marks = marks_of(ids)
    possible = set(PossibleLink.objects.filter(report__in=ids).values_list("report_id", flat=True))
    return [
        _row(report, keys, subjects, acknowledged.get(report.id, NOT_DECIDED), repeats, possible, marks)
        for report in reports
    ]


def _first_subjects(ids: Sequence[UUID]) -> Mapping[UUID, tuple[UUID, bytes]]:
    """The subject of each report's first mail."""
    rows = Item.objects.filter(report__in=ids, kind="subject", finding__isnull=False)
    return {
        report: (item, bytes(value)) for report, item, value in rows.values_list("report_id", "id", "value")
    }


def _row(
    report: Report,
    keys: Mapping[UUID, UnitKey],
    subjects: Mapping[UUID, tuple[UUID, bytes]],
    acknowledgement: tuple[str, UUID | None],
    repeats: Mapping[UUID, int],
    possible: set[UUID],
    marks: Mapping[UUID, frozenset[str]],
) -> QueueRow:
    key, person = keys.get(report.data_key), keys.get(report.provider.data_key)
    subject = subjects.get(report.id)
    return QueueRow(
        report=report,
        sender_name=_provider_field(person, report, "name"),
        sender_address=_provider_field(person, report, "address"),
        subject=open_item(key, *subject) if key and subject else SHREDDED,
        acknowledgement=acknowledgement[0],
        letter=acknowledgement[1],
        repeats=repeats.get(report.correspondence_id, 0),
        possible=report.id in possible,
        marks=marks.get(report.id, frozenset()),
    )
