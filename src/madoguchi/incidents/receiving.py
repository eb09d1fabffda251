"""Receiving a batch of submissions: new reports, replies in their threads, repeats; with a fixed number of queries.

Everything of a batch is prepared in memory first, then written table by table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Case, DateTimeField, F, Value, When

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.incidents import acknowledging
from madoguchi.incidents.filing import Filed, file_all, same_mails
from madoguchi.incidents.models import (
    Correspondence,
    Finding,
    Item,
    Message,
    PossibleLink,
    Provider,
    Repeat,
    Report,
    Step,
)
from madoguchi.incidents.numbers import fresh_references
from madoguchi.incidents.sealing import attachment_value, seal_item, seal_provider
from madoguchi.incidents.submission import Became, Submission
from madoguchi.lib.ids import new_id
from madoguchi.mail.letter import Part
from madoguchi.vault.actions import Unit, UnitKey, blind_index, keep, new_unit
from madoguchi.vault.queries import open_units

MOST_ATTACHMENTS = 1000


@dataclass(slots=True)
class Batch:
    """The rows that a batch will write, gathered table by table."""

    units: list[Unit] = field(default_factory=list)
    correspondences: list[Correspondence] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    links: list[PossibleLink] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    to_acknowledge: list[tuple[Submission, Report, Filed]] = field(default_factory=list)
    waiting_again: dict[UUID, datetime] = field(default_factory=dict)


def receive_batch(actor: Actor, now: datetime, submissions: Sequence[Submission]) -> Mapping[UUID, Became]:
    """Receives every submission; gives what each became, by arrival. Call it inside a verb."""
    before = same_mails(submissions)
    filed = file_all(submissions)
    providers = _providers(submissions, now)
    threads = _reports_of_threads([one.filing.correspondence for one in filed.values()])
    references = iter(fresh_references(len(submissions)))
    batch, became, seen = Batch(), dict[UUID, Became](), dict(before)
    for one in submissions:
        decision = filed[one.arrival]
        thread = threads.get(decision.filing.correspondence) if decision.filing.correspondence else None
        if one.fingerprint in seen:
            became[one.arrival] = _repeat(batch, one, seen[one.fingerprint], now)
            continue
        if thread is not None:
            result, message = _reply(batch, one, thread, decision, providers[_party(one)])
        else:
            result, message = _new_report(batch, one, decision, providers[_party(one)], next(references), now)
        became[one.arrival] = result
        seen[one.fingerprint] = message
    _write(batch, actor, now)
    acknowledging.acknowledge_all(actor, now, batch.to_acknowledge)
    return became


def _party(submission: Submission) -> bytes:
    return blind_index().address(submission.contact)


def _repeat(batch: Batch, submission: Submission, message: UUID, now: datetime) -> Became:
    batch.repeats.append(Repeat(arrival=submission.arrival, message_id=message, at=now))
    batch.deeds.append(Deed("received again", "message", message))
    return Became("repeat", message)


def _new_report(
    batch: Batch, submission: Submission, filed: Filed, provider: Provider, reference: str, now: datetime
) -> tuple[Became, UUID]:
    correspondence = Correspondence(id=new_id(now), reference=reference, opened_at=now)
    unit = new_unit("report", now)
    letter, automatic = submission.letter, submission.automatic
    report = Report(
        id=new_id(now),
        correspondence=correspondence,
        provider=provider,
        data_key=unit.key.id,
        received_at=submission.received_at,
        door=submission.door,
        kind=letter.kind,
        automatic=automatic,
        attachments=len(_attachments(submission)),
        waiting_since=None if automatic else submission.received_at,
    )
    message = _message(submission, correspondence, "report", filed)
    finding = Finding(id=new_id(now), report=report, position=0)
    batch.units.append(unit)
    batch.correspondences.append(correspondence)
    batch.reports.append(report)
    batch.messages.append(message)
    batch.findings.append(finding)
    batch.items += _items(submission, report, message, provider, unit.key, now, finding)
    batch.steps.append(Step(report=report, kind="received", at=submission.received_at))
    batch.deeds.append(Deed("received", "report", report.id))
    batch.links += [
        PossibleLink(
            id=new_id(now), report=report, correspondence_id=other, reason=filed.filing.reason, made_at=now
        )
        for other in sorted(filed.filing.candidates)
    ]
    batch.to_acknowledge.append((submission, report, filed))
    return Became("report", report.id), message.id


@dataclass(frozen=True, slots=True)
class _Thread:
    """The report that a thread belongs to, with its open key."""

    report: Report
    key: UnitKey


def _reply(
    batch: Batch, submission: Submission, thread: _Thread, filed: Filed, provider: Provider
) -> tuple[Became, UUID]:
    report, now = thread.report, submission.received_at
    kind = submission.letter.kind if submission.automatic else "reply"
    message = _message(submission, report.correspondence, kind, filed)
    batch.messages.append(message)
    batch.items += _items(submission, report, message, provider, thread.key, now, None)
    batch.steps.append(Step(report=report, kind=kind, at=now))
    batch.deeds.append(Deed("received", "message", message.id))
    if kind != "auto-reply":
        # A bounce of our answer needs a person as much as a reply does; an automatic reply does not.
        batch.waiting_again[report.id] = now
    return Became("reply", report.id), message.id


def _message(submission: Submission, correspondence: Correspondence, kind: str, filed: Filed) -> Message:
    return Message(
        id=new_id(submission.received_at),
        correspondence=correspondence,
        at=submission.received_at,
        kind=kind,
        arrival=submission.arrival,
        fingerprint=submission.fingerprint,
        authenticated_by=submission.authenticated_by,
        matched_by=filed.filing.by or "",
    )


def _items(
    submission: Submission,
    report: Report,
    message: Message,
    provider: Provider,
    key: UnitKey,
    now: datetime,
    finding: Finding | None,
) -> list[Item]:
    """The provenance rows of one mail: a row for each value, with the place it was found in."""

    def item(kind: str, place: str, value: str, lookup: bytes | None = None) -> Item:
        item_id = new_id(now)
        return Item(
            id=item_id,
            report=report,
            finding=finding,
            message=message,
            provider=provider,
            kind=kind,
            place=place,
            value=seal_item(key, item_id, value),
            lookup=lookup,
        )

    def address(place: str, value: str) -> Item:
        return item("contact-address", place, value, blind_index().address(value))

    letter = submission.letter
    rows = [item("subject", "header Subject", letter.subject), item("description", "text", letter.text)]
    for box in letter.from_:
        rows += [address("header From", box.address)] if box.address else []
        rows += [item("contact-name", "header From", box.name)] if box.name else []
    authors = {box.address for box in letter.from_}
    rows += [address("header Reply-To", box.address) for box in letter.reply_to if box.address not in authors]
    if submission.envelope_from and submission.envelope_from not in authors:
        rows.append(address("envelope", submission.envelope_from))
    if letter.message_id:
        rows.append(item("message-id", "header Message-ID", letter.message_id))
    if letter.defects:
        rows.append(item("defects", "reader", "\n".join(letter.defects)))
    for part in _attachments(submission):
        value = attachment_value(part.index, part.name or "", part.type, part.size)
        rows.append(item("attachment", f"part {part.index}", value))
    return rows


def _attachments(submission: Submission) -> list[Part]:
    return [part for part in submission.letter.parts if part.is_attachment][:MOST_ATTACHMENTS]


def _providers(submissions: Sequence[Submission], now: datetime) -> Mapping[bytes, Provider]:
    """The provider rows of a batch's senders by address key; new ones are stored.

    Two workers may meet on one new sender: the unique key keeps one row, and the loser's unit is not kept.
    """
    wanted = {_party(one): one for one in submissions}
    found = _known_providers(wanted)
    new: dict[bytes, tuple[Provider, Unit]] = {}
    for key, submission in wanted.items():
        if key not in found:
            new[key] = _new_provider(key, submission, now)
    if new:
        Provider.objects.bulk_create([row for row, _ in new.values()], ignore_conflicts=True)
        found = _known_providers(wanted)
        keep(unit for row, unit in new.values() if found[bytes(row.address_key)].id == row.id)
    return found


def _known_providers(keys: Mapping[bytes, Submission]) -> dict[bytes, Provider]:
    return {bytes(row.address_key): row for row in Provider.objects.filter(address_key__in=list(keys))}


def _new_provider(key: bytes, submission: Submission, now: datetime) -> tuple[Provider, Unit]:
    unit, provider_id = new_unit("person", now), new_id(now)
    names = [box.name for box in submission.letter.from_ if box.address == submission.contact]
    row = Provider(
        id=provider_id,
        data_key=unit.key.id,
        address=seal_provider(unit.key, provider_id, "address", submission.contact),
        name=seal_provider(unit.key, provider_id, "name", names[0] if names else ""),
        address_key=key,
        first_seen=now,
    )
    return row, unit


def _reports_of_threads(correspondences: Sequence[UUID | None]) -> Mapping[UUID, _Thread]:
    """The reports of these threads with their keys; one whose key was shredded is left out, so its replies are new."""
    wanted = {one for one in correspondences if one}
    if not wanted:
        return {}
    reports = list(Report.objects.filter(correspondence__in=wanted).select_related("correspondence"))
    keys = open_units(report.data_key for report in reports)
    return {
        report.correspondence_id: _Thread(report, keys[report.data_key])
        for report in reports
        if report.data_key in keys
    }


def _write(batch: Batch, actor: Actor, now: datetime) -> None:
    keep(batch.units)
    Correspondence.objects.bulk_create(batch.correspondences)
    Report.objects.bulk_create(batch.reports)
    Message.objects.bulk_create(batch.messages)
    Finding.objects.bulk_create(batch.findings)
    Item.objects.bulk_create(batch.items)
    PossibleLink.objects.bulk_create(batch.links)
    Repeat.objects.bulk_create(batch.repeats)
    Step.objects.bulk_create(batch.steps)
    _let_wait(batch.waiting_again)
    record(actor=actor, now=now, deeds=batch.deeds)


def _let_wait(reports: Mapping[UUID, datetime]) -> None:
    """Somebody waits for us again, since when: one update, however many replies came in."""
    if not reports:
        return
    since = Case(
        *(When(pk=report, then=Value(at)) for report, at in reports.items()), output_field=DateTimeField()
    )
    Report.objects.filter(pk__in=reports).update(waiting_since=since, version=F("version") + 1)
