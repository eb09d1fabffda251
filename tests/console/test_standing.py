"""What staff see of a report by the form: its text, wishes, who may learn what, and which way an answer goes and why."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.cast import handler
from console.hostile import PAYLOADS, faults
from incidents.forms import ANSWERS, LOG, WITH_CONTACT, add, hand_in, reported, understand, visiting
from incidents.mails import incoming, mail
from incidents.test_receiving import letters_of
from madoguchi.audit.actions import PUBLIC
from madoguchi.incidents import actions
from madoguchi.incidents.models import Report
from madoguchi.intake.actions import Handed, store
from madoguchi.mail.forms import INCIDENT_REPORT
from madoguchi.mail.models import Letter, State

pytestmark = [pytest.mark.store, pytest.mark.django_db]

ASKED = {field.id: field for field in INCIDENT_REPORT.fields}
UNCONFIRMED = "its owner has not confirmed it"


def page(client: Client, report: Report) -> str:
    text: str = client.get(reverse("console:report", args=[report.id])).content.decode()
    return text


def queue(client: Client, view: str = "waiting") -> str:
    text: str = client.get("/console/", {"view": view}).content.decode()
    return text


def answer(client: Client, report: Report) -> Any:
    report.refresh_from_db()
    given = {"text": "Change it.", "subject": "", "version": report.version}
    return client.post(reverse("console:answer", args=[report.id]), given, follow=True)


def confirm(report: Report, now: datetime) -> None:
    token = letters_of(report)[0].text.partition("/confirm/")[2].partition("/")[0]
    actions.confirm_contact(now=now, token=token)


@pytest.fixture
def bob() -> Client:
    client = handler()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def test_a_form_is_shown_as_the_text_that_its_reporter_filled_in(now: datetime, bob: Client) -> None:
    hand_in(now, ANSWERS, [("auth.log", LOG)])
    understand(now)
    shown = page(bob, Report.objects.get())
    for words in (
        "Web form",
        ASKED["what"].label.en,
        "Somebody signed in to our router.",
        "auth.log",
        "192.0.2.1",
    ):
        assert words in shown
    assert ASKED["wish"].label_of("contact-site", "en") in shown
    assert ASKED["share"].label_of("site", "en") in shown


def test_where_nothing_was_ticked_the_page_says_that_nobody_is_told(now: datetime, bob: Client) -> None:
    _, report = reported(
        now, {name: given for name, given in ANSWERS.items() if name not in {"wish", "share"}}
    )
    shown = page(bob, report)
    assert ASKED["share"].empty.en in shown
    assert ASKED["wish"].empty.en in shown


def test_an_anonymous_report_has_no_sender_and_no_moment(now: datetime, bob: Client) -> None:
    handed, report = reported(now)
    add(now, visiting(handed))
    understand(now)
    shown = page(bob, report)
    assert "Anonymous" in shown
    assert "Added on the private page" in shown
    assert "24 November 2026, between 10:00 and 11:00" in shown
    assert "sender not confirmed" not in shown
    assert "10:30" not in shown
    assert "Anonymous" in queue(bob)


@pytest.mark.parametrize(
    ("answers", "confirmed", "unsafe", "words"),
    [
        (ANSWERS, False, False, "no address was given"),
        (WITH_CONTACT, False, False, UNCONFIRMED),
        (WITH_CONTACT, True, False, "By e-mail."),
        (WITH_CONTACT, True, True, "the attacker may be reading the mailbox"),
    ],
)
def test_staff_see_which_way_an_answer_goes_and_why_before_they_write_it(
    now: datetime, bob: Client, answers: dict[str, Any], confirmed: bool, unsafe: bool, words: str
) -> None:
    handed, report = reported(now, answers)
    if confirmed:
        confirm(report, now)
    if unsafe:
        actions.mark_unsafe(actor=PUBLIC, now=now, visit=visiting(handed))
    shown = page(bob, report)
    assert words in shown
    said = answer(bob, report).content.decode()
    mailed = Letter.objects.filter(kind="answer", state=State.QUEUED).exists()
    assert mailed is (confirmed and not unsafe)
    assert ("Your answer is on its way." in said) is mailed
    assert ("Your answer stands on the private page." in said) is not mailed


def test_an_address_that_is_not_confirmed_is_not_given_as_the_recipient(now: datetime, bob: Client) -> None:
    _, report = reported(now, WITH_CONTACT)
    form = page(bob, report).partition('id="answer"')[2]
    assert "alice@" not in form
    confirm(report, now)
    assert "alice" in page(bob, report).partition('id="answer"')[2]


def test_who_confirmed_when_and_how_stands_beside_the_report(now: datetime, bob: Client) -> None:
    _, report = reported(now, WITH_CONTACT)
    assert "Given in the form, not confirmed yet" in page(bob, report)
    confirm(report, now)
    assert "Confirmed by the link in the acknowledgement" in page(bob, report)


def test_where_nobody_could_read_an_answer_none_can_be_written(now: datetime, bob: Client) -> None:
    handed, report = reported(now)
    actions.close_page(actor=PUBLIC, now=now, visit=visiting(handed))
    shown = page(bob, report)
    assert "No answer can be given" in shown
    assert 'name="text"' not in shown
    assert "Closed by the reporter" in shown


def test_what_the_reporter_did_stands_on_top_and_is_marked_in_the_queue(now: datetime, bob: Client) -> None:
    handed, report = reported(now, WITH_CONTACT)
    actions.set_aside(
        actor=actions_of(bob), now=now, report_id=report.id, version=Report.objects.get().version
    )
    assert report.correspondence.reference not in queue(bob)
    visit = visiting(handed)
    actions.withdraw(actor=PUBLIC, now=now, visit=visit)
    actions.ask_for(actor=PUBLIC, now=now, visit=visit, wish="copy")
    actions.ask_for(actor=PUBLIC, now=now, visit=visit, wish="erasure")
    actions.mark_unsafe(actor=PUBLIC, now=now, visit=visit)
    shown, listed = page(bob, report), queue(bob)
    for words in (
        "The reporter withdrew this report",
        "mailbox is not safe",
        "asks for the erasure",
        "asks for a copy",
    ):
        assert words in shown
    for words in ("Withdrawn", "Mailbox not safe", "Asks for a copy", "Asks for erasure", "Web form"):
        assert words in listed
    assert report.correspondence.reference in listed


def actions_of(_: Client) -> Any:
    from madoguchi.audit.actions import Actor

    return Actor("staff", "0198c0de-0000-7000-8000-000000000001")


def test_the_key_in_an_acknowledgement_is_not_shown_to_staff(now: datetime, bob: Client) -> None:
    store([incoming(mail(), now)])
    understand(now)
    report = Report.objects.get()
    token = letters_of(report)[0].text.partition("/status/")[2].partition("/")[0]
    shown = page(bob, report)
    assert token not in shown
    assert "/status/…/" in shown


def test_a_mail_says_nothing_of_forms(now: datetime, bob: Client) -> None:
    store([incoming(mail(), now)])
    understand(now)
    shown = page(bob, Report.objects.get())
    assert "Web form" not in shown
    assert "It also stands on the reporter" in shown


def test_the_queries_of_the_page_and_the_queue_do_not_grow(now: datetime, bob: Client) -> None:
    def count(what: Any) -> int:
        with CaptureQueriesContext(connection) as found:
            what()
        return len(found)

    handed, report = reported(now, WITH_CONTACT)
    one_page, one_row = count(lambda: page(bob, report)), count(lambda: queue(bob))
    later = timezone.now()
    for n in range(5):
        other, _ = reported(later + timedelta(seconds=n), WITH_CONTACT)
        actions.withdraw(actor=PUBLIC, now=later, visit=visiting(other))
        add(later, visiting(handed), f"{n}")
    understand(later + timedelta(seconds=9))
    actions.mark_unsafe(
        actor=PUBLIC, now=later, visit=visiting(Handed("", "", handed.link, handed.correspondence))
    )
    assert count(lambda: page(bob, report)) == one_page
    assert count(lambda: queue(bob)) == one_row


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_hostile_words_in_a_form_and_what_is_added_are_shown_as_text_to_staff(
    now: datetime, bob: Client, payload: str
) -> None:
    hostile = dict.fromkeys(("kind", "what", "when", "zone", "systems", "others", "name"), payload)
    given = WITH_CONTACT | hostile | {"wish": (payload, "question"), "share": (payload,)}
    handed = hand_in(now, given, [(payload, b"x")])
    add(now, visiting(handed), payload)
    understand(now)
    for shown in (page(bob, Report.objects.get()), queue(bob)):
        assert faults(shown) == []


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_hostile_words_of_staff_are_shown_as_text_to_the_reporter(
    now: datetime, bob: Client, payload: str
) -> None:
    handed, report = reported(now)
    bob.post(
        reverse("console:answer", args=[report.id]),
        {
            "text": "x " + payload.encode("utf-8", "replace").decode(),
            "subject": "",
            "version": report.version,
        },
    )
    client = Client()
    client.post(f"/status/{handed.link}/")
    shown: str = client.get("/status/report/").content.decode()
    # Ours is shown as it was written, isolated; what leads elsewhere from there is our own address, at the foot.
    leading = [fault for fault in faults(shown) if not fault.startswith("unseen")]
    assert leading == ["a href=mailto:report@csirt.example"]
