"""What is probably no report: received whole and not acknowledged, emptied by who saw it, taken out by one press."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext

from deeds import HANDLER
from incidents.mails import ALICE, COUNTER, MALLORY, mail
from incidents.test_receiving import letters_of, reply_address
from madoguchi.audit.models import Entry
from madoguchi.incidents import actions, queries
from madoguchi.incidents.models import Acknowledgement, Item, Report, Step
from madoguchi.intake.actions import Envelope, Incoming, store, understand_due
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb

pytestmark = [pytest.mark.store, pytest.mark.django_db]

RELAY, STRANGER = "192.0.2.25", "198.51.100.7"
SPAM = "X-Spam-Flag: YES\r\n"
DISOWNED = "Authentication-Results: mx.csirt.example; dmarc=fail (p=reject) header.from=reporter.example\r\n"
OURS, THEIRS = "Received: from a by mx.csirt.example\r\n", "Received: from b by mx.sender.example\r\n"


@pytest.fixture(autouse=True)
def centre(monkeypatch: pytest.MonkeyPatch) -> None:
    """A centre whose relay marks spam, with two rules of its own."""
    more = {
        "trusted_relays": (f"{RELAY}/32",),
        "authserv_id": "mx.csirt.example",
        "spam_marks": ("header X-Spam-Flag is yes",),
        "tray_rules": ("from ends @bulk.example", "header X-Campaign contains sale"),
    }
    monkeypatch.setattr(settings, "OPTIONS", settings.OPTIONS.model_copy(update=more))


def coming(
    top: str = "", *, now: datetime, peer: str = RELAY, n: int = 0, sender: str = MALLORY, **given: Any
) -> Incoming:
    """A mail as the door hands it over; `top`: fields above the sender's own."""
    words = {"text": "Buy now!", "subject": "Sale", "message_id": f"<{n}@evil.example>"} | given
    to = words.pop("to", COUNTER)
    raw = top.encode() + mail(sender=sender, to=to, **words)
    envelope = Envelope(door="smtp", peer=peer, helo="x", mail_from=sender, rcpt_to=(to,))
    return Incoming(id=new_id(now), received_at=now, envelope=envelope, raw=raw)


def understood(mails: Sequence[Incoming], now: datetime, by: str = "dkim") -> list[Report]:
    known = set(Report.objects.values_list("pk", flat=True))
    store(mails)
    understand_due(now=now + timedelta(seconds=1), vouch=lambda opened: [by] * len(opened))
    return list(Report.objects.exclude(pk__in=known).order_by("received_at", "id"))


def one(top: str, now: datetime, **given: Any) -> Report:
    by = given.pop("by", "dkim")
    [report] = understood([coming(top, now=now, **given)], now, by)
    return report


def in_tray(now: datetime, n: int = 0) -> Report:
    return one(SPAM, now, n=n)


def ids(view: str) -> set[UUID]:
    return {row.id for row in queries.page_of(view).reports}


def kinds(report: Report) -> list[str]:
    return list(Step.objects.filter(report=report).order_by("id").values_list("kind", flat=True))


# --- Sorting -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"top": SPAM + OURS}, ("relay-spam", "header X-Spam-Flag is yes")),
        ({"top": DISOWNED + OURS, "sender": ALICE}, ("dmarc", "")),
        (
            {"top": "", "sender": "sale@bulk.example", "peer": STRANGER},
            ("own-rule", "from ends @bulk.example"),
        ),
        (
            {"top": "", "peer": STRANGER, "more": "X-Campaign: =?utf-8?q?Winter_SALE?=\r\n"},
            ("own-rule", "header X-Campaign contains sale"),
        ),
    ],
)
def test_what_is_probably_no_report_is_received_whole_but_waits_for_nobody(
    given: dict[str, Any], reason: tuple[str, str], now: datetime
) -> None:
    report = one(now=now, **given)
    assert (report.tray_since, report.waiting_since, report.no_report_at) == (now, None, None)
    assert report.correspondence.reference
    assert Item.objects.filter(report=report, kind="description").exists()
    step = Step.objects.get(report=report, kind="in-tray")
    assert (step.reason, step.at, step.staff) == (reason[0], now, None)
    assert queries.reasons_of([report]) == {report.id: queries.TrayReason(*reason)}
    assert ids("tray") == ids("all") == {report.id}
    assert ids("waiting") == ids("done") == ids("automatic") == set()
    assert Entry.objects.filter(verb="put in the tray", object_id=str(report.id)).count() == 1


def test_the_rule_that_may_name_the_sender_is_sealed(now: datetime) -> None:
    report = one("", now, sender="sale@bulk.example")
    row = Item.objects.get(report=report, kind="tray-line")
    assert b"bulk" not in bytes(row.value)
    assert "bulk" not in Step.objects.get(report=report, kind="in-tray").reason


def test_it_is_not_acknowledged_and_counts_towards_no_limit(now: datetime) -> None:
    report = in_tray(now)
    row = Acknowledgement.objects.get(report=report)
    assert (row.verdict, row.reason, row.letter) == ("capped", "tray", None)
    assert letters_of(report) == []
    report = one("", now, n=1, by="", text="A report.")
    assert Acknowledgement.objects.get(report=report).verdict == "send"


@pytest.mark.parametrize(
    "given",
    [
        {"top": SPAM + OURS, "peer": STRANGER},  # forged: no relay of ours handed it over
        {"top": DISOWNED, "peer": STRANGER, "sender": ALICE},
        {"top": OURS + SPAM},  # below what our relay wrote
        {"top": THEIRS + SPAM + DISOWNED},
        {"top": ""},
    ],
)
def test_what_somebody_else_wrote_into_a_mail_moves_it_nowhere(given: dict[str, Any], now: datetime) -> None:
    report = one(now=now, **given)
    assert (report.tray_since, report.waiting_since) == (None, now)
    assert Acknowledgement.objects.get(report=report).verdict == "send"


def test_a_report_about_spam_goes_into_the_queue_though_our_relay_marked_it(now: datetime) -> None:
    report = one(SPAM, now, subject="Fwd: 【重要】口座の確認", text="届きました。")
    assert ids("waiting") == {report.id}
    assert "in-tray" not in kinds(report)


def test_a_reply_is_never_sorted_out(now: datetime) -> None:
    report = one("", now, sender=ALICE, text="A report.")
    to = reply_address(letters_of(report)[0])
    assert understood([coming(SPAM, now=now, n=2, to=to, sender=ALICE)], now) == []
    report.refresh_from_db()
    assert (report.waiting_since, report.tray_since) == (now, None)


@pytest.mark.parametrize(("by", "waits"), [("dkim", True), ("", False)])
def test_who_was_answered_before_is_believed_where_the_sender_is_confirmed(
    by: str, waits: bool, now: datetime
) -> None:
    before = one("", now, sender=ALICE, text="A report.")
    actions.answer(actor=HANDLER, now=now, report_id=before.id, version=1, subject="", text="Thanks")
    report = one(SPAM, now, sender=ALICE, n=5, by=by)
    assert (report.id in ids("waiting")) is waits
    assert (report.id in ids("tray")) is not waits


def test_a_bounce_keeps_its_own_view(now: datetime) -> None:
    report = one(SPAM, now, subject="Out of office", more="Auto-Submitted: auto-replied\r\n")
    assert ids("automatic") == {report.id}
    assert ids("tray") == set()


def test_the_same_spam_sent_again_is_a_repeat_and_no_second_row(now: datetime) -> None:
    report = in_tray(now)
    assert understood([coming(SPAM, now=now)], now) == []
    assert ids("tray") == {report.id}


def test_sorting_asks_the_store_as_much_for_many_as_for_few(now: datetime) -> None:
    def asked(first: int, count: int) -> int:
        mails = [coming(SPAM, now=now, n=n, sender=f"a{n}@evil.example") for n in range(first, first + count)]
        store(mails)
        with CaptureQueriesContext(connection) as captured:
            understand_due(now=now + timedelta(seconds=1), vouch=lambda opened: ["dkim"] * len(opened))
        return len(captured)

    asked(0, 2)
    assert asked(20, 30) <= asked(10, 3) + 2  # SQLite takes so many values in one statement
    assert queries.count_up_to("tray") == 35


# --- Emptying ------------------------------------------------------------------------------------------------


def test_emptying_sets_aside_what_is_named_and_nothing_else(now: datetime) -> None:
    seen = [in_tray(now, n) for n in range(2)]
    late, waiting = in_tray(now, 3), one("", now, n=4, text="A report.")
    later = now + timedelta(minutes=1)
    named = [*(row.id for row in seen), waiting.id, uuid4()]
    assert actions.empty_tray(actor=HANDLER, now=later, report_ids=named) == 2
    assert ids("tray") == {late.id}
    assert ids("waiting") == {waiting.id}
    assert ids("done") == set()
    assert ids("all") >= {row.id for row in seen}
    for row in seen:
        row.refresh_from_db()
        assert (row.no_report_at, row.version) == (later, 2)
        step = Step.objects.get(report=row, kind="no-report")
        assert (step.at, str(step.staff)) == (later, HANDLER.id)
    entries = Entry.objects.filter(verb="set aside as no report")
    assert {entry.object_id for entry in entries} == {str(row.id) for row in seen}


def test_what_was_emptied_can_still_be_read(now: datetime) -> None:
    report = in_tray(now)
    actions.empty_tray(actor=HANDLER, now=now, report_ids=[report.id])
    opened = actions.open_report(actor=HANDLER, now=now, report_id=report.id)
    assert "Buy now!" in {item.value.strip() for item in opened.items}


def test_emptying_twice_changes_nothing_the_second_time(now: datetime) -> None:
    report = in_tray(now)
    assert actions.empty_tray(actor=HANDLER, now=now, report_ids=[report.id]) == 1
    entries = Entry.objects.count()
    assert actions.empty_tray(actor=HANDLER, now=now, report_ids=[report.id]) == 0
    assert Entry.objects.count() == entries


# --- Taking out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("emptied", [False, True])
def test_this_is_a_report_puts_it_into_the_queue_and_sends_the_acknowledgement(
    emptied: bool, now: datetime
) -> None:
    report = in_tray(now)
    if emptied:
        actions.empty_tray(actor=HANDLER, now=now, report_ids=[report.id])
    later = now + timedelta(hours=1)
    assert actions.take_out(actor=HANDLER, now=later, report_id=report.id) == "acknowledged"
    assert ids("waiting") == {report.id}
    assert ids("tray") == set()
    [letter] = letters_of(report)
    assert list(letter.recipients) == [MALLORY]
    row = Acknowledgement.objects.get(report=report)
    assert (row.verdict, row.reason) == ("send", "by-a-person")
    step = Step.objects.get(report=report, kind="is-report")
    assert (step.at, str(step.staff)) == (later, HANDLER.id)
    assert actions.take_out(actor=HANDLER, now=later, report_id=report.id) == "was"
    assert len(letters_of(report)) == 1


def test_who_would_get_no_acknowledgement_in_the_queue_gets_none_from_the_tray(now: datetime) -> None:
    report = one(SPAM, now, sender="no-reply@evil.example")
    assert actions.take_out(actor=HANDLER, now=now, report_id=report.id) == "silent"
    assert ids("waiting") == {report.id}
    assert letters_of(report) == []


def test_an_unknown_report_can_not_be_taken_out(now: datetime) -> None:
    with pytest.raises(actions.UnknownReportError):
        actions.take_out(actor=HANDLER, now=now, report_id=uuid4())


def test_the_held_acknowledgement_leaves_by_no_other_way(now: datetime) -> None:
    report = in_tray(now)
    with pytest.raises(actions.NothingToSendError):
        actions.send_held_acknowledgement(actor=HANDLER, now=now, report_id=report.id)
    assert letters_of(report) == []


def test_whoever_is_answered_is_among_the_reports(now: datetime) -> None:
    report = in_tray(now)
    actions.answer(actor=HANDLER, now=now, report_id=report.id, version=1, subject="", text="Thanks")
    assert ids("done") == {report.id}


def test_a_report_stands_in_one_place(now: datetime) -> None:
    report = in_tray(now)

    @verb
    def twice() -> None:
        Report.objects.filter(pk=report.id).update(waiting_since=now)

    with pytest.raises(IntegrityError):
        twice()
