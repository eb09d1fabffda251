"""A person deals with a report: answers, sets aside, sends a held acknowledgement."""

from datetime import datetime
from uuid import UUID

from django.db.models import F

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.disclosure.actions import Candidate, clear
from madoguchi.incidents.errors import (
    ChangedMeanwhileError,
    NoContactError,
    NothingToSendError,
    UnknownReportError,
)
from madoguchi.incidents.models import Acknowledgement, Item, Provider, Report, Step
from madoguchi.incidents.outgoing import (
    acknowledgement_candidate,
    answer_candidate,
    form_acknowledgement_candidate,
    page_answer_candidate,
    same_address,
    store_outgoing,
)
from madoguchi.incidents.sealing import open_item, open_provider
from madoguchi.incidents.standing import UNSAFE, standing_of, steps_of
from madoguchi.incidents.submission import WEB
from madoguchi.incidents.ways import Way
from madoguchi.lib.verbs import verb
from madoguchi.vault.queries import open_unit


@verb
def answer(*, actor: Actor, now: datetime, report_id: UUID, version: int, subject: str, text: str) -> Way:
    """Gives a person's words to who reported, who waits no more; says whether by mail or on the private page.

    Which way is `standing_of`'s to say: what changes it changes the version too, so it is the way the writer saw.

    Raises ChangedMeanwhileError where the report is not at `version` any more, NoContactError, UnknownReportError,
    and disclosure's RefusedError.
    """
    report = report_of(report_id)
    moved = Report.objects.filter(pk=report.id, version=version)
    # Whoever is answered reported something, wherever it stood.
    if not moved.update(waiting_since=None, tray_since=None, no_report_at=None, version=F("version") + 1):
        raise ChangedMeanwhileError(ChangedMeanwhileError.__doc__)
    candidate = _answer(report, now, subject, text)
    clear(actor=actor, now=now, candidates=[candidate])
    staff = UUID(actor.id)
    store_outgoing(now, "answer", [(report.correspondence_id, candidate)], staff=staff, position=version)
    Step.objects.bulk_create([Step(report=report, kind="answered", at=now, staff=staff)])
    record(actor=actor, now=now, deeds=[Deed("answered", "report", report.id)])
    return "page" if candidate.published else "mail"


def _answer(report: Report, now: datetime, subject: str, text: str) -> Candidate:
    """The letter, on the way that is open. Raises NoContactError."""
    contact, reference = contact_of(report.provider), report.correspondence.reference
    match standing_of(report, steps_of(report), has_address=bool(contact)).way.way:
        case "mail":
            thread = _message_ids(report)
            return answer_candidate(
                now, reference, to=contact, contact=contact, subject=subject, text=text, thread=thread
            )
        case "page":
            return page_answer_candidate(
                now, reference, correspondence=report.correspondence_id, subject=subject, text=text
            )
    raise NoContactError(NoContactError.__doc__)


@verb
def set_aside(*, actor: Actor, now: datetime, report_id: UUID, version: int) -> None:
    """Notes that nobody waits for an answer. Raises ChangedMeanwhileError, UnknownReportError."""
    report = report_of(report_id)
    moved = Report.objects.filter(pk=report.id, version=version)
    if not moved.update(waiting_since=None, version=F("version") + 1):
        raise ChangedMeanwhileError(ChangedMeanwhileError.__doc__)
    Step.objects.bulk_create([Step(report=report, kind="set-aside", at=now, staff=UUID(actor.id))])
    record(actor=actor, now=now, deeds=[Deed("set aside", "report", report.id)])


@verb
def send_held_acknowledgement(*, actor: Actor, now: datetime, report_id: UUID) -> None:
    """Sends an acknowledgement that a cap held back: a person vouches for it. Raises NothingToSendError.

    Not of what is probably no report, or was set aside as none: who takes that out sends it too.
    """
    report = report_of(report_id)
    if report.tray_since or report.no_report_at:
        raise NothingToSendError(NothingToSendError.__doc__)
    release_acknowledgement(actor, now, report)


def release_acknowledgement(actor: Actor, now: datetime, report: Report) -> None:
    """Lets a held acknowledgement go. Call it inside a verb. Raises NothingToSendError before it changes anything."""
    held = Acknowledgement.objects.filter(report=report, verdict="capped")
    sender = envelope_sender(report)
    if not sender or Step.objects.filter(report=report, kind=UNSAFE).exists():
        raise NothingToSendError(NothingToSendError.__doc__)
    reference = report.correspondence.reference
    if report.door == WEB:
        candidate = form_acknowledgement_candidate(now, reference, sender)
    else:
        same = same_address(sender, contact_of(report.provider))
        thread = _message_ids(report)[:1]
        candidate = acknowledgement_candidate(now, reference, sender, thread, private_link=same)
    if not held.update(verdict="send", reason="by-a-person", letter=candidate.id):
        raise NothingToSendError(NothingToSendError.__doc__)
    clear(actor=actor, now=now, candidates=[candidate])
    letters, staff = [(report.correspondence_id, candidate)], UUID(actor.id)
    store_outgoing(now, "acknowledgement", letters, staff=staff, position=report.version)
    record(actor=actor, now=now, deeds=[Deed("sent acknowledgement", "report", report.id)])


def contact_of(provider: Provider) -> str:
    """The address of whoever gave the report. Raises ShreddedError."""
    return open_provider(open_unit(provider.data_key), provider.id, "address", provider.address)


def envelope_sender(report: Report) -> str:
    """The envelope sender of the report's first mail: its own row where it differs from From, else From.

    Of a form it is the address given there.
    """
    rows = Item.objects.filter(report=report, kind="contact-address", message__kind="report")
    found = {row.place: row for row in rows.order_by("-id")}
    row = found.get("envelope") or found.get("header From") or found.get("form address")
    return open_item(open_unit(report.data_key), row.id, row.value) if row else ""


def report_of(report_id: UUID) -> Report:
    """The row with its thread and provider. Raises UnknownReportError."""
    try:
        return Report.objects.select_related("correspondence", "provider").get(pk=report_id)
    except Report.DoesNotExist as unknown:
        raise UnknownReportError(UnknownReportError.__doc__) from unknown


def _message_ids(report: Report) -> list[str]:
    rows = Item.objects.filter(report=report, kind="message-id").order_by("id").values_list("id", "value")
    key = open_unit(report.data_key)
    return [open_item(key, row, value) for row, value in rows]
