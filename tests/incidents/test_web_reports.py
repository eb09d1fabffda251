"""A report by the web form: understood, acknowledged without opening anything, confirmed by its owner, answered."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import models

from incidents.forms import ANSWERS, LOG, WITH_CONTACT, add, hand_in, reported, understand, visiting
from incidents.mails import ALICE, MALLORY, incoming, mail
from incidents.test_receiving import letters_of, reply_address
from madoguchi.audit.actions import PUBLIC, Actor
from madoguchi.audit.models import Entry
from madoguchi.incidents import actions
from madoguchi.incidents.models import Acknowledgement, Handle, Item, Message, Provider, Report, Step
from madoguchi.incidents.queries import OpenedReport, private_page, visit_of
from madoguchi.intake.actions import Handed, store
from madoguchi.intake.models import Arrival
from madoguchi.mail.models import Clearance, Letter, Revocation, State

pytestmark = [pytest.mark.store, pytest.mark.django_db]

HANDLER = Actor("staff", str(uuid4()))
HOUR = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def opened(report: Report, now: datetime) -> OpenedReport:
    return actions.open_report(actor=HANDLER, now=now, report_id=report.id)


def answer(report: Report, now: datetime, text: str = "Please change the password.") -> None:
    version = Report.objects.get(pk=report.id).version
    actions.answer(actor=HANDLER, now=now, report_id=report.id, version=version, subject="", text=text)


def confirmation_in(report: Report) -> str:
    text = letters_of(report)[0].text
    token: str = text.partition("/confirm/")[2].partition("/")[0]
    return token


# --- Understood --------------------------------------------------------------------------------------------


def test_a_form_becomes_a_report_under_the_reference_its_reporter_was_given(now: datetime) -> None:
    handed, report = reported(now)
    assert report.correspondence.reference == handed.reference
    assert (report.door, report.kind, report.automatic) == ("web", "report", False)
    assert Message.objects.get().matched_by == ""
    arrival = Arrival.objects.get()
    assert (arrival.outcome, arrival.became) == ("report", report.id)


def test_each_answer_is_a_row_of_its_own_with_the_field_it_stood_in(now: datetime) -> None:
    _, report = reported(now)
    given = {(item.kind, item.place): item.value for item in opened(report, now).items if item.kind != "wish"}
    assert given == {
        ("subject", "form"): "Somebody broke in, or took over an account – Somebody signed in to our router.",
        ("kind-of-incident", "form kind"): "intrusion",
        ("description", "form what"): "Somebody signed in to our router.",
        ("time", "form when"): "24 November, 22:00",
        ("time-zone", "form zone"): "Asia/Tokyo",
        ("systems", "form systems"): "192.0.2.1",
        ("observables", "form others"): "203.0.113.9",
        ("share", "form share"): "site",
        ("contact-choice", "form contact"): "anonymous",
    }
    wishes = [item.value for item in opened(report, now).items if item.kind == "wish"]
    assert sorted(wishes) == ["contact-site", "question"]


def test_its_files_are_attachments_and_the_answers_are_none(now: datetime) -> None:
    hand_in(now, ANSWERS, [("auth.log", LOG)])
    understand(now)
    report = Report.objects.get()
    [file] = [item.attachment() for item in opened(report, now).items if item.kind == "attachment"]
    assert (file["name"], file["size"], report.attachments) == ("auth.log", len(LOG), 1)


def test_two_reporters_who_say_the_same_are_two_reports(now: datetime) -> None:
    first, second = hand_in(now), hand_in(now)
    understand(now)
    assert {one.correspondence.reference for one in Report.objects.all()} == {
        first.reference,
        second.reference,
    }
    assert Provider.objects.count() == 2


def test_the_same_part_in_a_mail_is_only_an_attachment(now: datetime) -> None:
    from madoguchi.mail.forms import INCIDENT_REPORT, compose

    raw = b"".join(compose(INCIDENT_REPORT, WITH_CONTACT, [], language="en", notice="1"))
    store([incoming(f"From: {MALLORY}\r\n".encode() + raw, now, sender=MALLORY)])
    understand(now)
    report = Report.objects.get()
    shown = opened(report, now)
    assert (report.door, shown.provider_address, shown.standing.by_form) == ("smtp", MALLORY, False)
    assert not [item for item in shown.items if item.place.startswith("form")]
    assert [item.kind for item in shown.items].count("attachment") == 1


def test_a_mail_that_names_a_thread_not_yet_understood_is_a_report_of_its_own(now: datetime) -> None:
    handed = hand_in(now)
    store([incoming(mail(subject=f"Re: {handed.reference}"), now)])
    understand(now)
    assert Report.objects.count() == 2


def test_of_an_anonymous_report_no_row_knows_more_than_the_hour(now: datetime) -> None:
    reported(now)
    for model in apps.get_models():
        if not model.__module__.startswith("madoguchi.") or model._meta.label == "vault.Blob":
            continue
        for row in model._default_manager.all():
            for field in model._meta.fields:
                value = getattr(row, field.attname)
                if isinstance(field, models.DateTimeField) and value is not None:
                    assert value == HOUR, f"{model._meta.label}.{field.name}"
                if isinstance(field, models.UUIDField) and value is not None:
                    assert int(value.hex[:12], 16) == HOUR.timestamp() * 1000, (
                        f"{model._meta.label}.{field.name}"
                    )


def test_what_an_anonymous_reporter_adds_and_does_is_known_to_the_hour_too(now: datetime) -> None:
    handed, report = reported(now)
    later = now + timedelta(hours=2, minutes=7)
    add(later, visiting(handed))
    understand(later)
    actions.withdraw(actor=PUBLIC, now=later, visit=visiting(handed))
    actions.mark_unsafe(actor=PUBLIC, now=later, visit=visiting(handed))
    moments = {step.at for step in Step.objects.filter(report=report)}
    assert moments == {HOUR, HOUR + timedelta(hours=2)}
    assert set(Entry.objects.values_list("at", flat=True)) == moments


# --- Acknowledged ------------------------------------------------------------------------------------------


def test_who_gave_no_address_is_not_written_to(now: datetime) -> None:
    reported(now)
    row = Acknowledgement.objects.get()
    assert (row.verdict, row.reason) == ("never", "no-contact")
    assert not Letter.objects.exists()


def test_the_address_in_a_form_gets_a_link_that_confirms_and_none_that_opens(now: datetime) -> None:
    handed, report = reported(now, WITH_CONTACT)
    [letter] = letters_of(report)
    assert list(letter.recipients) == [ALICE]
    assert handed.reference in letter.subject
    assert "/confirm/" in letter.text
    for secret in (handed.link, handed.receipt, "/status/", "router"):
        assert secret not in letter.text
    assert Clearance.objects.get().rule == "acknowledgement-of-a-form"


def test_a_form_is_acknowledged_as_a_mail_that_nothing_vouches_for(now: datetime) -> None:
    for _ in range(3):
        hand_in(now, WITH_CONTACT)
    understand(now)
    assert sorted(Acknowledgement.objects.values_list("verdict", "reason")) == [
        ("capped", "address-cap"),
        ("capped", "address-cap"),
        ("send", "allowed"),
    ]
    held = Acknowledgement.objects.filter(verdict="capped").first()
    assert held is not None
    actions.send_held_acknowledgement(actor=HANDLER, now=now, report_id=held.report_id)
    assert "/confirm/" in letters_of(held.report)[0].text


def test_the_acknowledgement_of_a_mail_carries_its_private_link(now: datetime) -> None:
    store([incoming(mail(), now)])
    understand(now)
    report = Report.objects.get()
    token = letters_of(report)[0].text.partition("/status/")[2].partition("/")[0]
    assert (
        visiting(Handed("", "", token, report.correspondence_id)).correspondence == report.correspondence_id
    )
    assert Handle.objects.filter(kind="link").count() == 1


def test_one_that_goes_to_another_than_who_is_answered_carries_none(now: datetime) -> None:
    store([incoming(mail(sender=ALICE), now, sender=MALLORY)])
    understand(now)
    [letter] = letters_of(Report.objects.get())
    assert list(letter.recipients) == [MALLORY]
    assert "/status/" not in letter.text
    assert not Handle.objects.filter(kind="link").exists()


# --- Confirmed, and answered ---------------------------------------------------------------------------------


def test_until_its_owner_confirms_it_an_answer_stands_on_the_page_alone(now: datetime) -> None:
    handed, report = reported(now, WITH_CONTACT)
    assert opened(report, now).standing.way.way == "page"
    answer(report, now)
    letter = Letter.objects.get(kind="answer")
    assert (letter.state, letter.due_at) == (State.PUBLISHED, None)
    assert letter.clearance.rule == "answer-on-the-private-page"
    [shown] = private_page(visiting(handed)).letters
    assert "change the password" in shown.text


def test_the_owner_confirms_by_the_link_once_and_then_answers_go_by_mail_and_stand_on_the_page(
    now: datetime,
) -> None:
    handed, report = reported(now, WITH_CONTACT)
    token = confirmation_in(report)
    for _ in range(2):
        assert actions.confirm_contact(now=now, token=token) == handed.reference
    step = Step.objects.get(report=report, kind="confirmed-by-link")
    assert step.at == now
    answer(report, now)
    letter = Letter.objects.get(kind="answer")
    assert (letter.state, letter.clearance.rule) == (State.QUEUED, "answer-to-the-reports-contact")
    assert len(private_page(visiting(handed)).letters) == 1


def test_a_reply_to_the_acknowledgement_confirms_too(now: datetime) -> None:
    _, report = reported(now, WITH_CONTACT)
    to = reply_address(letters_of(report)[0])
    for n in range(2):
        store([incoming(mail(f"It was me {n}", to=to, message_id=f"<{n}@x.example>"), now, to=to)])
        understand(now + SECOND)
    assert Step.objects.filter(report=report, kind="confirmed-by-reply").count() == 1
    assert opened(report, now).standing.way.way == "mail"


def test_a_reply_by_a_program_confirms_nothing(now: datetime) -> None:
    _, report = reported(now, WITH_CONTACT)
    to = reply_address(letters_of(report)[0])
    raw = mail("I am away", to=to, message_id="<a@x.example>", more="Auto-Submitted: auto-replied\r\n")
    store([incoming(raw, now, to=to)])
    understand(now + SECOND)
    assert Message.objects.filter(kind="auto-reply").exists()
    assert opened(report, now).standing.way.reason == "unconfirmed"


def test_a_mail_that_only_names_the_reference_confirms_nothing(now: datetime) -> None:
    handed, report = reported(now, WITH_CONTACT)
    store([incoming(mail(subject=handed.reference), now)])
    understand(now + SECOND)
    assert Message.objects.filter(kind="reply").exists()
    assert opened(report, now).standing.way.reason == "unconfirmed"


@pytest.mark.parametrize("token", ["", "x", "a" * 32])
def test_a_link_that_was_guessed_confirms_nothing(now: datetime, token: str) -> None:
    reported(now, WITH_CONTACT)
    assert actions.confirm_contact(now=now, token=token) is None


def test_who_writes_while_it_is_confirmed_is_told_that_the_way_has_changed(now: datetime) -> None:
    _, report = reported(now, WITH_CONTACT)
    actions.confirm_contact(now=now, token=confirmation_in(report))
    with pytest.raises(actions.ChangedMeanwhileError):
        actions.answer(actor=HANDLER, now=now, report_id=report.id, version=1, subject="", text="Hello")


def test_an_answer_that_nobody_could_read_is_not_taken(now: datetime) -> None:
    handed, report = reported(now)
    actions.close_page(actor=PUBLIC, now=now, visit=visiting(handed))
    with pytest.raises(actions.NoContactError):
        answer(report, now)


def test_an_answer_is_shown_on_the_page_of_its_own_report_only(now: datetime) -> None:
    (first, report), (second, _) = reported(now), reported(now)
    answer(report, now)
    assert len(private_page(visiting(first)).letters) == 1
    assert not private_page(visiting(second)).letters
    # Not even where a row is moved to another thread: the clearance names the page.
    from madoguchi.lib.verbs import verb

    @verb
    def moved() -> None:
        Message.objects.filter(kind="answer").update(correspondence=second.correspondence)

    moved()
    assert not private_page(visiting(second)).letters


def test_an_unsafe_mailbox_gets_nothing_more_by_any_way_of_ours(now: datetime) -> None:
    for _ in range(2):
        hand_in(now, WITH_CONTACT)
    understand(now)
    held = Acknowledgement.objects.get(verdict="capped").report
    link = Handle.objects.get(correspondence=held.correspondence_id, kind="link")
    visit = visit_of(bytes(link.key))
    assert visit is not None
    actions.mark_unsafe(actor=PUBLIC, now=now, visit=visit)
    with pytest.raises(actions.NothingToSendError):
        actions.send_held_acknowledgement(actor=HANDLER, now=now, report_id=held.id)
    answer(held, now)
    assert not Letter.objects.filter(kind="answer", due_at__isnull=False).exists()


def test_the_link_that_confirms_ends_with_an_unsafe_mailbox(now: datetime) -> None:
    handed, report = reported(now, WITH_CONTACT)
    token = confirmation_in(report)
    actions.mark_unsafe(actor=PUBLIC, now=now, visit=visiting(handed))
    assert actions.confirm_contact(now=now, token=token) is None
    assert opened(report, now).standing.way.reason == "unsafe-mailbox"


def test_a_mailbox_that_one_reporter_calls_unsafe_stays_what_it_was_for_others(now: datetime) -> None:
    store([incoming(mail(), now)])
    understand(now)
    of_alice = Report.objects.get()
    answer(of_alice, now)
    handed = hand_in(now, WITH_CONTACT)
    understand(now)
    actions.mark_unsafe(actor=PUBLIC, now=now, visit=visiting(handed))
    assert opened(of_alice, now).standing.way.way == "mail"
    assert not Revocation.objects.filter(clearance__letter__kind="answer").exists()


def test_a_deed_on_a_page_that_was_closed_meanwhile_is_not_done(now: datetime) -> None:
    handed, report = reported(now)
    visit = visiting(handed)
    actions.close_page(actor=PUBLIC, now=now, visit=visit)
    for deed in (actions.withdraw, actions.renew_link, actions.mark_unsafe, actions.close_page):
        with pytest.raises(actions.PageEndedError):
            deed(actor=PUBLIC, now=now, visit=visit)
    assert not Step.objects.filter(report=report, kind="withdrawn").exists()


def test_a_deed_before_the_report_is_understood_waits(now: datetime) -> None:
    handed = hand_in(now)
    with pytest.raises(actions.ThreadNotReadyError):
        actions.withdraw(actor=PUBLIC, now=now, visit=visiting(handed))


# --- Added to ------------------------------------------------------------------------------------------------


def test_an_addition_joins_its_thread_and_lets_the_report_wait_again(now: datetime) -> None:
    handed, report = reported(now)
    actions.set_aside(actor=HANDLER, now=now, report_id=report.id, version=1)
    add(now + SECOND, visiting(handed), files=[("more.log", LOG)])
    understand(now + SECOND)
    message = Message.objects.get(kind="addition")
    assert (message.matched_by, message.correspondence_id) == ("page", handed.correspondence)
    given = {(item.kind, item.place) for item in opened(report, now).items_of(message.id)}
    assert given == {("description", "form text"), ("attachment", "part 2")}
    assert {row.provider_id for row in Item.objects.all()} == {report.provider_id}
    assert Report.objects.get(pk=report.id).waiting_since is not None


def test_an_addition_that_came_before_its_report_was_understood_is_received_after_it(now: datetime) -> None:
    handed = hand_in(now)
    add(now, visiting(handed))
    understand(now)
    assert [message.kind for message in opened(Report.objects.get(), now).messages] == ["report", "addition"]
