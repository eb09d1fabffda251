"""Acknowledging reports: decided by policy for a batch, counted against the day's caps, cleared, and enqueued."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from madoguchi.audit.actions import Actor
from madoguchi.disclosure.actions import Candidate, clear
from madoguchi.incidents.filing import Filed
from madoguchi.incidents.models import Acknowledgement, Report
from madoguchi.incidents.outgoing import (
    acknowledgement_candidate,
    form_acknowledgement_candidate,
    same_address,
    store_outgoing,
)
from madoguchi.incidents.policy import AckDecision, AckFacts, AckLimits, acknowledge, vouched
from madoguchi.incidents.submission import Submission
from madoguchi.mail.actions import CompositionError
from madoguchi.vault.actions import blind_index

Waiting = tuple[Submission, Report, Filed]


@dataclass(slots=True)
class Counts:
    """How many acknowledgements this day saw so far, by address key and, for unauthenticated senders, domain key."""

    address: Counter[bytes] = field(default_factory=Counter)
    domain: Counter[bytes] = field(default_factory=Counter)
    total: int = 0

    def add(self, row: Acknowledgement) -> None:
        self.address[bytes(row.address_key)] += 1
        if not row.authenticated:
            self.domain[bytes(row.domain_key)] += 1
            self.total += 1


@dataclass(frozen=True, slots=True)
class Acknowledgements:
    """What was decided for the new reports of a batch, and the letters of those that may be sent."""

    rows: Sequence[Acknowledgement] = ()
    candidates: Sequence[Candidate] = ()


def plan(now: datetime, waiting: Sequence[Waiting]) -> Acknowledgements:
    """Decides for each new report of a batch, and composes what may be sent. Writes nothing."""
    if not waiting:
        return Acknowledgements()
    keys = {report.id: _keys(submission) for submission, report, _ in waiting}
    counts = _counts_today(now, keys)
    candidates: list[Candidate] = []
    rows: list[Acknowledgement] = []
    for submission, report, filed in waiting:
        facts = _facts(submission, report, filed, keys[report.id], counts)
        row = _row(report, facts, acknowledge(facts), keys[report.id], now)
        rows.append(row)
        if row.verdict != "send":
            continue
        try:
            candidate = _candidate(submission, report, now)
        except CompositionError:
            row.verdict, row.reason = "never", "unusable-sender"
            continue
        row.letter = candidate.id
        candidates.append(candidate)
        counts.add(row)
    return Acknowledgements(rows, candidates)


def carry_out(actor: Actor, now: datetime, planned: Acknowledgements) -> None:
    """Clears and enqueues what was planned, and notes what was decided. Call it inside a verb."""
    if not planned.rows:
        return
    clear(actor=actor, now=now, candidates=planned.candidates)
    by_letter = {row.letter: row.report.correspondence_id for row in planned.rows if row.letter}
    letters = [(by_letter[one.id], one) for one in planned.candidates]
    store_outgoing(now, "acknowledgement", letters, staff=None)
    Acknowledgement.objects.bulk_create(planned.rows)


def _candidate(submission: Submission, report: Report, now: datetime) -> Candidate:
    reference, to = report.correspondence.reference, submission.envelope_from
    if submission.by_page:
        return form_acknowledgement_candidate(now, reference, to)
    # Who sent it may be another than who is answered, and then must not read the answers.
    same = same_address(to, submission.contact)
    return acknowledgement_candidate(now, reference, to, submission.thread, private_link=same)


def _keys(submission: Submission) -> tuple[bytes, bytes]:
    address = submission.envelope_from
    domain = address.rpartition("@")[2].casefold()
    return blind_index().address(address), blind_index().key("domain", domain)


def _counts_today(now: datetime, keys: Mapping[UUID, tuple[bytes, bytes]]) -> Counts:
    """Three queries: by address, by domain, and in all."""
    sent = Acknowledgement.objects.filter(day=timezone.localdate(now), verdict="send")
    unverified = sent.filter(authenticated=False)

    def count(rows: object, column: str, wanted: set[bytes]) -> Counter[bytes]:
        found = rows.filter(**{f"{column}__in": wanted}).values(column).annotate(n=Count("pk"))  # type: ignore[attr-defined]
        return Counter({bytes(row[column]): row["n"] for row in found})

    return Counts(
        address=count(sent, "address_key", {address for address, _ in keys.values()}),
        domain=count(unverified, "domain_key", {domain for _, domain in keys.values()}),
        total=unverified.order_by()[: settings.OPTIONS.ack_unverified].count(),
    )


def _facts(
    submission: Submission, report: Report, filed: Filed, keys: tuple[bytes, bytes], counts: Counts
) -> AckFacts:
    letter, options = submission.letter, settings.OPTIONS
    return AckFacts(
        envelope_from=submission.envelope_from,
        header_from=tuple(box.address for box in letter.from_),
        kind=submission.kind,
        by_form=submission.by_page,
        auto_submitted=letter.auto_submitted,
        list_headers=frozenset({"List-Id"}) if letter.list_id is not None else frozenset(),
        precedence=letter.precedence,
        received_count=letter.received_count,
        message_id_is_ours=filed.message_id_is_ours,
        aligned=bool(submission.authenticated_by),
        in_tray=report.tray_since is not None,
        demonstration=options.demonstration,
        own_addresses=frozenset({options.report_address}),
        address_today=counts.address[keys[0]],
        domain_today=counts.domain[keys[1]],
        total_today=counts.total,
        limits=AckLimits(
            authenticated_address=options.ack_per_address,
            unauthenticated_address=options.ack_per_address_unverified,
            domain=options.ack_per_domain_unverified,
            total=options.ack_unverified,
        ),
    )


def _row(
    report: Report, facts: AckFacts, decision: AckDecision, keys: tuple[bytes, bytes], now: datetime
) -> Acknowledgement:
    return Acknowledgement(
        report=report,
        verdict=decision.verdict,
        reason=decision.reason,
        authenticated=vouched(facts),
        address_key=keys[0],
        domain_key=keys[1],
        day=timezone.localdate(now),
    )
