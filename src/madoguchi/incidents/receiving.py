"""Receiving a batch of submissions: new reports, replies in their threads, repeats; with a fixed number of queries.

Everything of a batch is asked, decided and sealed first, outside of any transaction; then it is written table by
table. On SQLite one writer keeps out every other, and a page of the console waits for it to write its entry.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.incidents import acknowledging
from madoguchi.incidents.acknowledging import Acknowledgements
from madoguchi.incidents.confirming import confirmed_by_reply
from madoguchi.incidents.errors import ThreadNotReadyError
from madoguchi.incidents.filing import Filed, file_all, same_mails
from madoguchi.incidents.given import Given, attachments_of, items_of
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
from madoguchi.incidents.policy import TrayDecision
from madoguchi.incidents.sealing import seal_provider
from madoguchi.incidents.sorting import IN_TRAY, TRAY_LINE, sort_all
from madoguchi.incidents.submission import Became, Submission
from madoguchi.incidents.waiting import let_wait
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import Unit, UnitKey, blind_index, keep, new_unit
from madoguchi.vault.queries import open_units


@dataclass(slots=True)
class Batch:
    """The rows that a batch will write, gathered table by table."""

    units: list[Unit] = field(default_factory=list)
    providers: list[Provider] = field(default_factory=list)
    correspondences: list[Correspondence] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    links: list[PossibleLink] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    deeds: dict[datetime, list[Deed]] = field(default_factory=dict)
    to_acknowledge: list[tuple[Submission, Report, Filed]] = field(default_factory=list)
    waiting_again: dict[UUID, datetime] = field(default_factory=dict)

    def note(self, now: datetime, deed: Deed) -> None:
        """An entry for the log; those of anonymous reports carry a time of their own."""
        self.deeds.setdefault(now, []).append(deed)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a batch beforehand, each asked for in one query."""

    filed: Mapping[UUID, Filed]
    sorted: Mapping[UUID, TrayDecision]
    providers: Mapping[bytes, Provider]
    threads: Mapping[UUID, "_Thread"]
    opened: Mapping[UUID, Correspondence]
    references: Iterator[str]

    def thread_of(self, submission: Submission) -> "_Thread | None":
        """The thread that it continues."""
        found = self.filed[submission.arrival].filing.correspondence
        return self.threads.get(found) if found else None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that only needs to be written: what each arrival becomes, its rows, and the acknowledgements."""

    became: Mapping[UUID, Became]
    batch: Batch
    acknowledgements: Acknowledgements


def prepare(*, now: datetime, submissions: Sequence[Submission]) -> Prepared:
    """Decides what each submission becomes, and seals it. Writes nothing."""
    batch, filed = Batch(), file_all(submissions)
    known = _Known(
        filed=filed,
        providers=_providers(batch, submissions, now),
        sorted=sort_all(submissions, filed),
        threads=_reports_of_threads([one.filing.correspondence for one in filed.values()]),
        opened=_opened_threads(submissions),
        references=iter(fresh_references(sum(not one.by_page for one in submissions))),
    )
    became, seen = dict[UUID, Became](), dict(same_mails(submissions))
    for one in submissions:
        if one.fingerprint in seen:
            became[one.arrival] = _repeat(batch, one, seen[one.fingerprint], now)
        else:
            became[one.arrival], seen[one.fingerprint] = _received(batch, one, known, one.moment(now))
    replies = [one for one in batch.messages if one.correspondence_id in known.threads]
    batch.steps += confirmed_by_reply([(known.threads[one.correspondence_id].report, one) for one in replies])
    return Prepared(became, batch, acknowledging.plan(now, batch.to_acknowledge))


@verb
def receive(*, actor: Actor, now: datetime, prepared: Prepared) -> Mapping[UUID, Became]:
    """Writes a prepared batch: each submission becomes a report, a reply in its thread, or a repeat.

    Acknowledgements are cleared and enqueued in the same transaction. Raises IntegrityError where another worker
    stored one of its new senders or reference numbers in the meantime: prepare it again.
    """
    _write(prepared.batch, actor)
    acknowledging.carry_out(actor, now, prepared.acknowledgements)
    return prepared.became


def _received(batch: Batch, submission: Submission, known: _Known, now: datetime) -> tuple[Became, UUID]:
    """A reply or addition in its thread, else a new report; and the row of its message."""
    filed, thread = known.filed[submission.arrival], known.thread_of(submission)
    if submission.addition:
        if thread is None:
            raise ThreadNotReadyError(ThreadNotReadyError.__doc__)
        return _reply(batch, submission, thread, filed, thread.report.provider)
    provider = known.providers[_party(submission)]
    if thread is not None:
        return _reply(batch, submission, thread, filed, provider)
    return _new_report(
        batch, submission, known, provider, _correspondence(batch, submission, known, now), now
    )


def _correspondence(batch: Batch, submission: Submission, known: _Known, now: datetime) -> Correspondence:
    """The thread that a page opened for it, else a new one."""
    if submission.correspondence is not None:
        return known.opened[submission.correspondence]
    fresh = Correspondence(id=new_id(now), reference=next(known.references), opened_at=now)
    batch.correspondences.append(fresh)
    return fresh


def _party(submission: Submission) -> bytes:
    """The look-up key of who gave it; who gave no address on a page is somebody of their own."""
    if submission.by_page and not submission.contact:
        return blind_index().key("nobody", submission.arrival.bytes)
    return blind_index().address(submission.contact)


def _opened_threads(submissions: Sequence[Submission]) -> Mapping[UUID, Correspondence]:
    """The threads that a page opened for these reports."""
    wanted = [one.correspondence for one in submissions if one.by_page and not one.addition]
    return {one.id: one for one in Correspondence.objects.filter(pk__in=wanted)} if wanted else {}


def _repeat(batch: Batch, submission: Submission, message: UUID, now: datetime) -> Became:
    batch.repeats.append(Repeat(arrival=submission.arrival, message_id=message, at=now))
    batch.note(now, Deed("received again", "message", message))
    return Became("repeat", message)


def _new_report(
    batch: Batch,
    submission: Submission,
    known: _Known,
    provider: Provider,
    correspondence: Correspondence,
    now: datetime,
) -> tuple[Became, UUID]:
    filed, decision = known.filed[submission.arrival], known.sorted[submission.arrival]
    unit = new_unit("report", now)
    automatic = submission.automatic
    report = Report(
        id=new_id(now),
        correspondence=correspondence,
        provider=provider,
        data_key=unit.key.id,
        received_at=submission.received_at,
        door=submission.door,
        kind=submission.kind,
        automatic=automatic,
        attachments=len(attachments_of(submission)),
        waiting_since=None if automatic else submission.received_at,
    )
    message = _message(submission, correspondence, "report", filed)
    finding = Finding(id=new_id(now), report=report, position=0)
    batch.units.append(unit)
    batch.reports.append(report)
    batch.messages.append(message)
    batch.findings.append(finding)
    given = Given(report, message, provider, finding, unit.key)
    batch.items += items_of(submission, given, now)
    batch.steps.append(Step(report=report, kind="received", at=submission.received_at))
    batch.note(now, Deed("received", "report", report.id))
    if decision.in_tray:
        _put_in_tray(batch, given, decision, now)
    batch.links += [
        PossibleLink(
            id=new_id(now), report=report, correspondence_id=other, reason=filed.filing.reason, made_at=now
        )
        for other in sorted(filed.filing.candidates)
    ]
    batch.to_acknowledge.append((submission, report, filed))
    return Became("report", report.id), message.id


def _put_in_tray(batch: Batch, given: Given, decision: TrayDecision, now: datetime) -> None:
    """It is received whole, and waits for nobody until a person says that it is a report."""
    report = given.report
    report.waiting_since, report.tray_since = None, report.received_at
    batch.steps.append(Step(report=report, kind=IN_TRAY, at=report.received_at, reason=decision.reason))
    if decision.detail:
        batch.items.append(given.item(now, TRAY_LINE, "settings", decision.detail))
    batch.note(now, Deed("put in the tray", "report", report.id))


@dataclass(frozen=True, slots=True)
class _Thread:
    """The report that a thread belongs to, with its open key."""

    report: Report
    key: UnitKey


def _reply(
    batch: Batch, submission: Submission, thread: _Thread, filed: Filed, provider: Provider
) -> tuple[Became, UUID]:
    report, now = thread.report, submission.received_at
    kind = "addition" if submission.addition else submission.kind if submission.automatic else "reply"
    message = _message(submission, report.correspondence, kind, filed)
    message.position = report.version
    batch.messages.append(message)
    batch.items += items_of(submission, Given(report, message, provider, None, thread.key), now)
    batch.steps.append(Step(report=report, kind=kind, at=now))
    batch.note(now, Deed("received", "message", message.id))
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


def _providers(batch: Batch, submissions: Sequence[Submission], now: datetime) -> Mapping[bytes, Provider]:
    """The provider rows of a batch's senders by address key; new ones are written with the batch."""
    wanted = {_party(one): one for one in submissions if not one.addition}
    found = _known_providers(wanted)
    for key, submission in wanted.items():
        if key not in found:
            found[key], unit = _new_provider(key, submission, submission.moment(now))
            batch.providers.append(found[key])
            batch.units.append(unit)
    return found


def _known_providers(keys: Mapping[bytes, Submission]) -> dict[bytes, Provider]:
    return {bytes(row.address_key): row for row in Provider.objects.filter(address_key__in=list(keys))}


def _new_provider(key: bytes, submission: Submission, now: datetime) -> tuple[Provider, Unit]:
    unit, provider_id = new_unit("person", now), new_id(now)
    row = Provider(
        id=provider_id,
        data_key=unit.key.id,
        address=seal_provider(unit.key, provider_id, "address", submission.contact),
        name=seal_provider(unit.key, provider_id, "name", submission.contact_name),
        address_key=key,
        first_seen=now,
    )
    return row, unit


def _reports_of_threads(correspondences: Sequence[UUID | None]) -> Mapping[UUID, _Thread]:
    """The reports of these threads with their keys; one whose key was shredded is left out, so its replies are new."""
    wanted = {one for one in correspondences if one}
    if not wanted:
        return {}
    reports = list(
        Report.objects.filter(correspondence__in=wanted).select_related("correspondence", "provider")
    )
    keys = open_units(report.data_key for report in reports)
    return {
        report.correspondence_id: _Thread(report, keys[report.data_key])
        for report in reports
        if report.data_key in keys
    }


def _write(batch: Batch, actor: Actor) -> None:
    keep(batch.units)
    Provider.objects.bulk_create(batch.providers)
    Correspondence.objects.bulk_create(batch.correspondences)
    Report.objects.bulk_create(batch.reports)
    Message.objects.bulk_create(batch.messages)
    Finding.objects.bulk_create(batch.findings)
    Item.objects.bulk_create(batch.items)
    PossibleLink.objects.bulk_create(batch.links)
    Repeat.objects.bulk_create(batch.repeats)
    Step.objects.bulk_create(batch.steps)
    let_wait(batch.waiting_again)
    for moment, deeds in batch.deeds.items():
        record(actor=actor, now=moment, deeds=deeds)
