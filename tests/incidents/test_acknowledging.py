"""Which senders get an acknowledgement: through the real verb, within one batch and across many."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from incidents.mails import ALICE, incoming, mail
from madoguchi.audit.actions import Actor
from madoguchi.incidents import actions, numbers
from madoguchi.incidents.models import Acknowledgement, Correspondence, Message, Report
from madoguchi.incidents.queries import page_of
from madoguchi.intake.actions import Incoming, store, understand_due
from madoguchi.lib.verbs import verb
from madoguchi.mail.models import Letter
from madoguchi.mail.queries import sent_letters

pytestmark = [pytest.mark.store, pytest.mark.django_db]

HANDLER = Actor("staff", str(uuid4()))
SECOND = timedelta(seconds=1)


def understood(mails: Sequence[Incoming], now: datetime, *, by: str = "") -> None:
    store(mails)
    understand_due(now=now + SECOND, vouch=lambda opened: [by] * len(opened), most=len(mails))


def from_(sender: str, n: int, now: datetime, *, more: str = "", null: bool = False) -> Incoming:
    raw = mail(f"{n}", sender=sender, message_id=f"<{n}.{sender}>", more=more)
    return incoming(raw, now, sender="" if null else sender)


def verdicts() -> Counter[tuple[str, str]]:
    return Counter(Acknowledgement.objects.values_list("verdict", "reason"))


def limits(settings: Any, **given: int) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update=given)


# --- Caps --------------------------------------------------------------------------------------------------


def test_a_vouched_address_gets_fifty_a_day_within_a_batch_and_across_batches(now: datetime) -> None:
    understood([from_(ALICE, n, now) for n in range(48)], now, by="dkim")
    understood([from_(ALICE, n, now) for n in range(48, 55)], now, by="dkim")
    assert verdicts() == {("send", "allowed"): 50, ("capped", "address-cap-authenticated"): 5}
    assert Letter.objects.count() == 50
    tomorrow = now + timedelta(days=1)
    understood([from_(ALICE, 99, tomorrow)], tomorrow, by="dkim")
    assert Letter.objects.count() == 51


def test_the_day_ends_at_the_centre_s_midnight(now: datetime) -> None:
    before = now.replace(hour=14, minute=59)  # 23:59 in Tokyo
    understood([from_(ALICE, 1, before), from_(ALICE, 2, before)], before)
    assert verdicts()["send", "allowed"] == 1
    after = before + timedelta(minutes=2)
    understood([from_(ALICE, 3, after)], after)
    assert verdicts()["send", "allowed"] == 2


def test_an_address_that_nobody_vouches_for_gets_one_a_day(now: datetime) -> None:
    understood([from_(ALICE, n, now) for n in range(3)], now)
    understood([from_(ALICE.upper(), 3, now)], now)
    assert verdicts() == {("send", "allowed"): 1, ("capped", "address-cap"): 3}


def test_a_domain_that_nobody_vouches_for_gets_twenty_a_day(now: datetime) -> None:
    understood([from_(f"{n}@large.example", n, now) for n in range(15)], now)
    understood([from_(f"{n}@Large.Example", n, now) for n in range(15, 25)], now)
    understood([from_("bob@small.example", 99, now)], now)
    assert verdicts() == {("send", "allowed"): 21, ("capped", "domain-cap"): 5}


def test_all_that_nobody_vouches_for_get_so_many_a_day_together(now: datetime, settings: Any) -> None:
    limits(settings, ack_unverified=7)
    understood([from_(f"a@d{n}.example", n, now) for n in range(5)], now)
    understood([from_(f"a@d{n}.example", n, now) for n in range(5, 10)], now)
    assert verdicts() == {("send", "allowed"): 7, ("capped", "total-cap"): 3}
    understood([from_("b@vouched.example", 99, now)], now, by="spf")
    assert verdicts()["send", "allowed"] == 8


def test_what_was_sent_to_vouched_senders_takes_nothing_from_the_others(now: datetime, settings: Any) -> None:
    limits(settings, ack_unverified=1)
    understood([from_(f"a@d{n}.example", n, now) for n in range(5)], now, by="dkim")
    understood([from_("b@other.example", 9, now)], now)
    assert verdicts() == {("send", "allowed"): 6}


# --- One that was held back --------------------------------------------------------------------------------


def test_a_person_sends_an_acknowledgement_that_was_held_back_once(now: datetime) -> None:
    understood([from_(ALICE, n, now) for n in range(2)], now)
    held = Report.objects.get(acknowledgement__verdict="capped")
    actions.send_held_acknowledgement(actor=HANDLER, now=now, report_id=held.id)
    row = Acknowledgement.objects.get(report=held)
    assert (row.verdict, row.reason) == ("send", "by-a-person")
    assert row.letter is not None
    letter = sent_letters([row.letter])[row.letter]
    assert list(letter.recipients) == [ALICE]
    assert held.correspondence.reference in letter.subject
    assert Message.objects.get(letter=row.letter).staff is not None
    with pytest.raises(actions.NothingToSendError):
        actions.send_held_acknowledgement(actor=HANDLER, now=now, report_id=held.id)
    assert Letter.objects.count() == 2


def test_one_that_was_sent_or_never_may_be_is_not_sent_by_a_person_either(now: datetime) -> None:
    understood(
        [from_(ALICE, 1, now), from_(ALICE, 2, now, null=True), from_("no-reply@x.example", 3, now)], now
    )
    assert Letter.objects.count() == 1
    for report in Report.objects.all():
        with pytest.raises(actions.NothingToSendError):
            actions.send_held_acknowledgement(actor=HANDLER, now=now, report_id=report.id)
    assert Letter.objects.count() == 1


def test_there_is_nothing_to_send_for_a_report_that_is_not(now: datetime) -> None:
    with pytest.raises(actions.UnknownReportError):
        actions.send_held_acknowledgement(actor=HANDLER, now=now, report_id=uuid4())


# --- Mail that no person wrote -----------------------------------------------------------------------------

BOUNCE = """\
From: MAILER-DAEMON@mx.site.example\r
To: {to}\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <{n}.bounce@mx.site.example>\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
The mail could not be delivered.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.site.example\r
\r
Final-Recipient: rfc822; alice@reporter.example\r
Action: failed\r
Status: 5.1.1\r
--b--\r
"""


def bounce(now: datetime, *, to: str = "report@csirt.example", n: int = 0) -> Incoming:
    return incoming(BOUNCE.format(to=to, n=n).encode(), now, sender="", to=to)


def test_bounces_and_automatic_replies_are_never_acknowledged_and_stand_by_themselves(now: datetime) -> None:
    reply = from_(ALICE, 1, now, more="Auto-Submitted: auto-replied\r\nIn-Reply-To: <x@y.example>\r\n")
    understood([bounce(now), reply], now, by="dkim")
    assert Letter.objects.count() == 0
    assert set(Acknowledgement.objects.values_list("verdict", flat=True)) == {"never"}
    assert len(page_of("automatic").reports) == 2
    assert page_of("waiting").reports == []


@pytest.mark.parametrize(
    "more",
    [
        "List-Id: <announce.lists.example>\r\n",
        "Precedence: bulk\r\n",
        "Precedence: list\r\n",
        "Precedence: junk\r\n",
    ],
)
def test_mail_of_a_list_is_never_acknowledged_and_waits_for_a_person(now: datetime, more: str) -> None:
    understood([from_(ALICE, 1, now, more=more)], now, by="dkim")
    assert verdicts().keys() == {("never", "list" if "List" in more else "precedence")}
    assert Letter.objects.count() == 0
    assert len(page_of("waiting").reports) == 1


def test_a_bounce_of_our_answer_comes_into_its_thread_and_makes_the_report_wait(now: datetime) -> None:
    understood([from_(ALICE, 1, now)], now)
    report = Report.objects.get()
    actions.answer(actor=HANDLER, now=now, report_id=report.id, version=1, subject="", text="Thank you.")
    report.refresh_from_db()
    assert (report.waiting_since, report.version) == (None, 2)
    later = now + timedelta(hours=1)
    understood([bounce(later, to=reply_address())], later)
    report.refresh_from_db()
    assert (report.waiting_since, report.version) == (later, 3)
    assert Report.objects.count() == 1
    assert Message.objects.get(kind="bounce").correspondence_id == report.correspondence_id
    assert Letter.objects.count() == 2


def test_an_automatic_reply_to_our_answer_comes_into_its_thread_and_wakes_nobody(now: datetime) -> None:
    understood([from_(ALICE, 1, now)], now)
    report = Report.objects.get()
    actions.answer(actor=HANDLER, now=now, report_id=report.id, version=1, subject="", text="Thank you.")
    to = reply_address()
    raw = mail(
        "I am away.", to=to, message_id="<away@reporter.example>", more="Auto-Submitted: auto-replied\r\n"
    )
    understood([incoming(raw, now, to=to)], now)
    report.refresh_from_db()
    assert (report.waiting_since, report.version) == (None, 2)
    assert Message.objects.get(kind="auto-reply").correspondence_id == report.correspondence_id


def reply_address() -> str:
    """Where replies to our answer go."""
    from email import message_from_bytes

    from mail.outbox import opened

    answer = Letter.objects.get(kind="answer")
    address: str = message_from_bytes(opened(answer.id, "content"))["Reply-To"]
    return address.partition("<")[2].rstrip(">")


# --- Reference numbers -------------------------------------------------------------------------------------


def test_numbers_have_nine_digits_when_a_fifth_of_eight_is_used(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The space is made small: only numbers below 10,000,100 are drawn, of which 30 are in use."""

    class Narrow:
        def randrange(self, start: int, _: int) -> int:
            return start + self.count() % 100

        def __init__(self) -> None:
            self.drawn = 0

        def count(self) -> int:
            self.drawn += 1
            return self.drawn

        def sample(self, free: list[str], count: int) -> list[str]:
            return free[:count]

    monkeypatch.setattr(numbers, "_random", Narrow())
    assert len(numbers.fresh_references(1)[0]) == len("EXAMPLE#12345678")
    use(now=now, first=10_000_000, count=10)
    assert len(numbers.fresh_references(1)[0]) == len("EXAMPLE#12345678")
    use(now=now, first=10_000_010, count=80)
    [nine] = numbers.fresh_references(1)
    assert len(nine) == len("EXAMPLE#123456789")
    use(now=now, first=10_000_090, count=10)
    use(now=now, first=100_000_000, count=100)
    with pytest.raises(numbers.NumbersExhaustedError, match="PREFIX"):
        numbers.fresh_references(1)


@verb
def use(*, now: datetime, first: int, count: int) -> None:
    Correspondence.objects.bulk_create(
        Correspondence(id=uuid4(), reference=f"EXAMPLE#{n}", opened_at=now)
        for n in range(first, first + count)
    )


def test_no_batch_gets_a_number_twice_or_one_in_use(now: datetime) -> None:
    drawn = numbers.fresh_references(500)
    assert len(set(drawn)) == 500
