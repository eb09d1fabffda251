"""From arrival to report, acknowledgement, answer and reply, through the verbs and the real store."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.mails import ALICE, BOB, COUNTER, MALLORY, incoming, mail
from madoguchi.audit.actions import Actor
from madoguchi.audit.models import Entry
from madoguchi.disclosure.links import without_tokens
from madoguchi.incidents import actions
from madoguchi.incidents.models import Acknowledgement, Handle, Item, Message, PossibleLink, Repeat, Report
from madoguchi.intake.actions import Incoming, store, understand_due
from madoguchi.intake.models import Arrival
from madoguchi.mail.models import Clearance, Letter
from madoguchi.mail.queries import SentLetter, sent_letters

pytestmark = [pytest.mark.store, pytest.mark.django_db]

HANDLER = Actor("staff", str(uuid4()))
Receive = Callable[..., list[Report]]


def understood(mails: Sequence[Incoming], now: datetime, *, by: str = "dkim") -> None:
    """Accepts these mails and lets a worker understand them; `by`: who vouches for their senders."""
    store(mails)
    understand_due(now=now + timedelta(seconds=1), vouch=lambda opened: [by] * len(opened))


def letters_of(report: Report) -> list[SentLetter]:
    ids = [
        row.letter
        for row in Message.objects.filter(correspondence=report.correspondence_id).order_by("at")
        if row.letter
    ]
    found = sent_letters(ids)
    return [found[one] for one in ids]


def reply_address(letter: SentLetter) -> str:
    from email import message_from_bytes

    from madoguchi.mail.models import Letter as Row
    from madoguchi.mail.outbox import LABEL
    from madoguchi.vault.actions import Place
    from madoguchi.vault.queries import open_unit

    row = Row.objects.get(pk=letter.id)
    content = open_unit(row.data_key).open(Place(LABEL, row.id, "content"), bytes(row.content))
    address: str = message_from_bytes(content)["Reply-To"]
    return address.partition("<")[2].rstrip(">")


def opened(report: Report, now: datetime) -> actions.open_report.__class__:
    return actions.open_report(actor=HANDLER, now=now, report_id=report.id)


def test_a_mail_becomes_a_report_that_waits_and_is_acknowledged(now: datetime) -> None:
    understood([incoming(mail(), now)], now)
    report = Report.objects.get()
    assert report.waiting_since == now
    assert Arrival.objects.get().outcome == "report"
    assert Arrival.objects.get().due_at is None
    acknowledgement = Acknowledgement.objects.get()
    assert (acknowledgement.verdict, acknowledgement.letter) == ("send", Letter.objects.get().id)
    [letter] = letters_of(report)
    assert report.correspondence.reference in letter.subject
    assert report.correspondence.reference in letter.text
    assert list(letter.recipients) == [ALICE]


def test_an_acknowledgement_repeats_nothing_of_the_mail(now: datetime) -> None:
    raw = mail("Buy at http://shop.example now", subject="Cheap watches", sender=f"Spammer <{ALICE}>")
    understood([incoming(raw, now)], now)
    [letter] = letters_of(Report.objects.get())
    for said in ("shop.example", "watches", "Spammer"):
        assert said not in letter.text + letter.subject


def test_what_the_reporter_gave_stands_in_rows_with_provider_and_place(now: datetime) -> None:
    understood([incoming(mail(sender=f"Alice <{ALICE}>"), now)], now)
    report = Report.objects.get()
    items = actions.open_report(actor=HANDLER, now=now, report_id=report.id).items
    found = {(item.kind, item.place): item.value for item in items}
    assert found["contact-address", "header From"] == ALICE
    assert found["contact-name", "header From"] == "Alice"
    assert found["subject", "header Subject"] == "A strange login"
    assert found["description", "text"].startswith("Somebody tried")
    assert {row.provider_id for row in Item.objects.all()} == {report.provider_id}


def test_an_answer_goes_to_the_contact_and_its_reply_comes_back_into_the_report(now: datetime) -> None:
    understood([incoming(mail(), now)], now)
    report = Report.objects.get()
    at = now + timedelta(minutes=5)
    actions.answer(actor=HANDLER, now=at, report_id=report.id, version=1, subject="", text="We look into it.")
    report.refresh_from_db()
    assert report.waiting_since is None
    answer = letters_of(report)[1]
    assert list(answer.recipients) == [ALICE]
    assert answer.text.startswith("We look into it.")
    later = now + timedelta(hours=1)
    to = reply_address(answer)
    raw = mail("One more thing.", sender=BOB, to=to, message_id="<second@site.example>")
    understood([incoming(raw, later, sender=BOB, to=to)], later, by="")
    assert Report.objects.count() == 1
    report.refresh_from_db()
    assert report.waiting_since == later
    texts = [item.value for item in actions.open_report(actor=HANDLER, now=later, report_id=report.id).items]
    assert any(text.startswith("One more thing.") for text in texts)
    assert Acknowledgement.objects.count() == 1


def test_a_reply_is_found_by_our_message_id_alone(now: datetime) -> None:
    understood([incoming(mail(), now)], now)
    report = Report.objects.get()
    [letter] = letters_of(report)
    from madoguchi.incidents.filing import message_id_key  # the handle proves what was stored

    handle = Handle.objects.get(kind="message-id")
    assert bytes(handle.key) != b""
    message_id = _message_id(letter.id)
    assert message_id_key(message_id) == bytes(handle.key)
    raw = mail("Again", message_id="<third@reporter.example>", more=f"In-Reply-To: {message_id}\r\n")
    understood([incoming(raw, now)], now, by="")
    assert Report.objects.count() == 1
    assert Message.objects.filter(matched_by="message-id").count() == 1


def _message_id(letter: UUID) -> str:
    import json

    from madoguchi.mail.outbox import LABEL
    from madoguchi.vault.actions import Place
    from madoguchi.vault.queries import open_unit

    row = Letter.objects.get(pk=letter)
    fields = json.loads(
        open_unit(row.data_key).open_text(Place(LABEL, row.id, "transport"), bytes(row.transport))
    )
    return str(fields["message_id"])


@pytest.mark.parametrize(
    ("sender", "by", "filed"),
    [
        (ALICE, "dkim", "thread"),
        (ALICE, "", "possible"),
        (MALLORY, "dkim", "possible"),
        (MALLORY, "", "possible"),
    ],
)
def test_a_reference_number_alone_opens_a_thread_only_to_its_authenticated_party(
    now: datetime, sender: str, by: str, filed: str
) -> None:
    understood([incoming(mail(), now)], now)
    report = Report.objects.get()
    raw = mail(
        "More",
        sender=sender,
        subject=f"Re: {report.correspondence.reference}",
        message_id="<x@elsewhere.example>",
    )
    later = now + timedelta(hours=1)
    actions.set_aside(actor=HANDLER, now=later, report_id=report.id, version=1)
    understood([incoming(raw, later, sender=sender)], later, by=by)
    report.refresh_from_db()
    if filed == "thread":
        assert (Report.objects.count(), report.waiting_since) == (1, later)
    else:
        assert (Report.objects.count(), report.waiting_since) == (2, None)
        assert PossibleLink.objects.get().correspondence_id == report.correspondence_id


def test_a_guessed_token_gets_exactly_what_a_new_report_gets(now: datetime) -> None:
    guessed = COUNTER.replace("@", "+abcdefghijklmnopqrstuvwx@")
    understood([incoming(mail(message_id="<a@x.example>"), now)], now)
    understood([incoming(mail(message_id="<b@x.example>", to=guessed), now, to=guessed)], now)
    first, second = Report.objects.order_by("id")
    plain, other = letters_of(first)[0], letters_of(second)[0]
    texts = {
        without_tokens(letter.text.replace(report.correspondence.reference, ""))
        for letter, report in ((plain, first), (other, second))
    }
    assert len(texts) == 1
    assert PossibleLink.objects.count() == 0


def test_the_same_mail_again_is_linked_and_shown_and_not_a_report_of_its_own(now: datetime) -> None:
    first = mail(more="Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0900\r\n")
    again = mail(more="Received: from a by c; Tue, 24 Nov 2026 10:05:00 +0900\r\n")
    understood([incoming(first, now), incoming(again, now)], now)
    understood([incoming(again, now)], now)
    assert Report.objects.count() == 1
    assert Repeat.objects.count() == 2
    assert Letter.objects.count() == 1
    assert set(Arrival.objects.values_list("outcome", flat=True)) == {"report", "repeat"}


def test_another_text_under_the_same_message_id_is_a_report_of_its_own(now: datetime) -> None:
    understood([incoming(mail("One"), now), incoming(mail("Two"), now)], now)
    assert Report.objects.count() == 2


def test_one_mail_that_fails_does_not_fail_its_batch(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    from madoguchi.incidents import receiving

    real = receiving.items_of

    def failing(submission: actions.Submission, *rest: object) -> list[Item]:
        if submission.letter.subject == "poison":
            raise RuntimeError("no")
        return real(submission, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(receiving, "items_of", failing)
    mails = [
        mail(f"{n}", subject="poison" if n == 1 else "fine", message_id=f"<{n}@x.example>") for n in range(4)
    ]
    understood([incoming(raw, now) for raw in mails], now)
    assert Report.objects.count() == 3
    failed = Arrival.objects.get(handled_at__isnull=True)
    assert failed.last_error == "RuntimeError"
    assert failed.due_at is not None
    assert failed.due_at > now


def test_a_failing_audit_entry_rolls_the_deed_back(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    understood([incoming(mail(), now)], now)
    report = Report.objects.get()

    def failing(**_: object) -> None:
        raise RuntimeError("no entry")

    monkeypatch.setattr("madoguchi.incidents.answering.record", failing)
    with pytest.raises(RuntimeError):
        actions.answer(actor=HANDLER, now=now, report_id=report.id, version=1, subject="", text="Hello")
    report.refresh_from_db()
    assert report.waiting_since is not None
    assert Letter.objects.count() == 1
    assert Clearance.objects.count() == 1


def test_opening_a_report_leaves_an_entry_before_anything_is_shown(now: datetime) -> None:
    understood([incoming(mail(), now)], now)
    report = Report.objects.get()
    actions.open_report(actor=HANDLER, now=now, report_id=report.id)
    entry = Entry.objects.get(verb="opened")
    assert (entry.actor_id, entry.object_id) == (HANDLER.id, str(report.id))


def test_an_answer_written_before_something_new_came_in_is_held_back(now: datetime) -> None:
    understood([incoming(mail(), now)], now)
    report = Report.objects.get()
    to = reply_address(letters_of(report)[0])
    understood([incoming(mail("New", to=to, message_id="<n@x.example>"), now, to=to)], now)
    with pytest.raises(actions.ChangedMeanwhileError):
        actions.answer(actor=HANDLER, now=now, report_id=report.id, version=1, subject="", text="Old news")
    assert Letter.objects.count() == 1


def test_receiving_asks_no_more_questions_for_forty_mails_than_for_four(now: datetime) -> None:
    def queries(count: int, start: int) -> int:
        batch = [
            incoming(
                mail(f"{n}", sender=f"r{n}@s{n}.example", message_id=f"<{n}@x.example>"),
                now,
                sender=f"r{n}@s{n}.example",
            )
            for n in range(start, start + count)
        ]
        store(batch)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            understand_due(now=now + timedelta(seconds=1), vouch=lambda opened: ["dkim"] * len(opened))
        return len(captured)

    assert queries(40, 100) <= queries(4, 0) + 2


def test_twenty_replies_in_one_batch_ask_no_more_questions_than_two(now: datetime) -> None:
    def reports(count: int, start: int) -> list[Report]:
        senders = [f"r{n}@s{n}.example" for n in range(start, start + count)]
        mails = [mail(one, sender=one, message_id=f"<{one}>") for one in senders]
        understood([incoming(raw, now, sender=one) for raw, one in zip(mails, senders, strict=True)], now)
        return list(Report.objects.order_by("-id")[:count])

    def queries(asked: list[Report]) -> int:
        later, batch = now + timedelta(hours=1), []
        for report in asked:
            to = reply_address(letters_of(report)[0])
            raw = mail("More", to=to, message_id=f"<{report.id}@x.example>")
            batch.append(incoming(raw, later, to=to))
        store(batch)
        with CaptureQueriesContext(connection) as captured:
            understand_due(now=later + timedelta(seconds=1), vouch=lambda opened: [""] * len(opened))
        for report in asked:
            report.refresh_from_db()
        assert {(report.waiting_since, report.version) for report in asked} == {(later, 2)}
        return len(captured)

    few, many = queries(reports(2, 0)), queries(reports(20, 100))
    assert many <= few + 1
