"""The private page: coming back by receipt or link, what it shows, what a reporter does there, and what it never tells."""

import re
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from incidents.forms import ANSWERS, LOG, WITH_CONTACT, hand_in, reported, understand
from incidents.mails import incoming, mail
from incidents.test_receiving import letters_of
from madoguchi.audit.actions import Actor
from madoguchi.audit.models import Entry
from madoguchi.counter.status import slowing, visits
from madoguchi.incidents import actions
from madoguchi.incidents.codes import fresh_receipt, fresh_token, in_groups
from madoguchi.incidents.models import Handle, Message, Report, Step
from madoguchi.intake.actions import Handed, store
from madoguchi.intake.models import Arrival, Draft, DraftFile
from madoguchi.mail.models import Letter, Revocation, State

pytestmark = [pytest.mark.store, pytest.mark.django_db]

HANDLER = Actor("staff", str(uuid4()))
PAGE = "/status/report/"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long wrong codes were made to wait; nobody waits in tests."""
    waited: list[float] = []
    monkeypatch.setattr(slowing.time, "sleep", waited.append)
    return waited


def said(response: Any) -> str:
    text: str = response.content.decode()
    return text


def browser(**more: Any) -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en", **more)


def by_receipt(receipt: str, client: Client | None = None) -> Any:
    return (client or browser()).post("/status/", {"receipt": receipt})


def inside(handed: Handed) -> Client:
    """A browser that came in by the private link."""
    client = browser()
    response = client.post(f"/status/{handed.link}/")
    assert response["Location"] == PAGE
    return client


def answered(report: Report, now: datetime, text: str = "Please change the password.") -> None:
    version = Report.objects.get(pk=report.id).version
    actions.answer(actor=HANDLER, now=now, report_id=report.id, version=version, subject="", text=text)


def new_link(response: Any) -> str:
    found = re.search(r"/status/([a-z2-7]{32})/", said(response))
    assert found
    return found[1]


# --- Coming in -----------------------------------------------------------------------------------------------


def test_a_receipt_opens_the_page_however_it_is_typed(now: datetime) -> None:
    handed, _ = reported(now)
    for typed in (handed.receipt, in_groups(handed.receipt).lower(), f" {in_groups(handed.receipt)} "):
        client = browser()
        assert by_receipt(typed, client)["Location"] == PAGE
        assert handed.reference in said(client.get(PAGE))


def test_a_link_opens_the_page_by_a_button_and_looking_at_it_does_nothing(now: datetime) -> None:
    handed, _ = reported(now)
    client = browser()
    response = client.get(f"/status/{handed.link}/")
    assert visits.COOKIE not in client.cookies
    assert handed.reference not in said(response)
    assert client.post(f"/status/{handed.link}/")["Location"] == PAGE
    assert handed.link not in said(client.get(PAGE))


def test_the_page_of_a_link_is_told_to_nobody_and_its_form_is_checked_all_the_same(now: datetime) -> None:
    handed, _ = reported(now)
    address = f"/status/{handed.link}/"
    client = browser(enforce_csrf_checks=True)
    response = client.get(address)
    assert response["Referrer-Policy"] == "no-referrer"
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', said(response))
    assert token
    given = {"csrfmiddlewaretoken": token[1]}
    refused = client.post(address, HTTP_ORIGIN="null")
    assert (refused.status_code, refused["Referrer-Policy"]) == (403, "no-referrer")
    assert client.post(address, given, HTTP_ORIGIN="https://evil.example").status_code == 403
    assert client.post(address, given, HTTP_ORIGIN="null", secure=True).status_code == 302
    assert browser(enforce_csrf_checks=True).post(address, given, HTTP_ORIGIN="null").status_code == 403


def test_no_page_is_kept_by_a_cache_or_listed_by_a_search_engine(now: datetime) -> None:
    handed, _ = reported(now)
    client = inside(handed)
    for address in (
        "/status/",
        f"/status/{handed.link}/",
        PAGE,
        f"{PAGE}withdrawal/",
        f"/confirm/{'a' * 32}/",
    ):
        response = client.get(address)
        assert "no-store" in response["Cache-Control"], address
        assert "noindex" in response["X-Robots-Tag"], address


def test_the_session_is_a_cookie_of_this_page_alone_that_names_no_code(now: datetime) -> None:
    handed, _ = reported(now)
    cookie = inside(handed).cookies[visits.COOKIE]
    assert (cookie["path"], cookie["samesite"], bool(cookie["httponly"])) == ("/status/", "Strict", True)
    assert cookie["max-age"] == 30 * 60
    assert handed.link not in cookie.value
    assert handed.receipt not in cookie.value


def test_it_ends_after_half_an_hour_without_a_page(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    handed, _ = reported(now)
    client, begin = inside(handed), time.time()
    monkeypatch.setattr(time, "time", lambda: begin + 29 * 60)
    assert client.get(PAGE).status_code == 200
    monkeypatch.setattr(time, "time", lambda: begin + 58 * 60)
    assert client.get(PAGE).status_code == 200
    monkeypatch.setattr(time, "time", lambda: begin + 89 * 60)
    assert client.get(PAGE)["Location"] == "/status/?ended"


@pytest.mark.parametrize("forged", ["", "x", "x:y:z", "00" * 16])
def test_a_forged_session_opens_nothing(now: datetime, forged: str) -> None:
    reported(now)
    client = browser()
    client.cookies[visits.COOKIE] = forged
    assert client.get(PAGE)["Location"] == "/status/?ended"


def test_leaving_ends_it_in_this_browser(now: datetime) -> None:
    handed, _ = reported(now)
    client = inside(handed)
    assert client.post(f"{PAGE}leave/")["Location"] == "/status/?left"
    assert client.get(PAGE).status_code == 302
    assert inside(handed).get(PAGE).status_code == 200


# --- Wrong codes ---------------------------------------------------------------------------------------------


def test_unknown_misspelt_and_ended_receipts_get_the_same_answer_and_the_same_work(
    now: datetime, django_assert_num_queries: Any
) -> None:
    handed, _ = reported(now)
    inside(handed).post(f"{PAGE}closing/")
    answers = set()
    for typed in (fresh_receipt(), "0" * 22, "nonsense", handed.receipt, handed.reference):
        with django_assert_num_queries(1):
            response = by_receipt(typed)
        assert response.status_code == 200
        token = re.compile(r'value="[^"]*"')
        answers.add(token.sub("", said(response)))
    assert len(answers) == 1
    assert "This receipt opens no page" in answers.pop()


def test_unknown_misspelt_and_ended_links_get_the_same_answer_and_the_same_work(
    now: datetime, django_assert_num_queries: Any
) -> None:
    handed, _ = reported(now)
    inside(handed).post(f"{PAGE}closing/")
    answers = set()
    for token in (fresh_token(), "x", "A" * 32, handed.link, "a" * 500):
        with django_assert_num_queries(1):
            response = browser().post(f"/status/{token}/")
        assert response.status_code == 404
        answers.add(re.sub(r'href="\?[^"]*"', "", said(response)))
    assert len(answers) == 1


def test_a_link_of_another_kind_opens_nothing(now: datetime) -> None:
    handed, _ = reported(now)
    assert by_receipt(handed.link).status_code == 200
    assert browser().post(f"/status/{handed.receipt.lower()}/").status_code == 404


def test_many_wrong_codes_are_slowed_and_a_right_one_waits_for_nothing(
    now: datetime, waits: list[float]
) -> None:
    handed, _ = reported(now)
    client = browser(REMOTE_ADDR="198.51.100.77")
    for _ in range(12):
        by_receipt(fresh_receipt(), client)
    assert waits
    assert max(waits) <= slowing.LONGEST
    before = len(waits)
    assert by_receipt(handed.receipt, client).status_code == 302
    assert len(waits) == before


def test_the_page_says_what_to_do_when_the_receipt_is_lost() -> None:
    assert "If you have lost both" in said(browser().get("/status/"))


# --- What it shows -------------------------------------------------------------------------------------------


def test_it_says_how_the_report_stands(now: datetime) -> None:
    handed = hand_in(now)
    client = inside(handed)
    assert "is just being taken in" in said(client.get(PAGE))
    understand(now)
    assert "We have your report" in said(client.get(PAGE))
    report = Report.objects.get()
    actions.set_aside(actor=HANDLER, now=now, report_id=report.id, version=1)
    assert "We have read your report" in said(client.get(PAGE))
    answered(report, now)
    page = said(client.get(PAGE))
    assert "We have answered you" in page
    assert "Please change the password." in page
    assert "Reference: EXAMPLE" not in page  # the page says itself who writes, and about what


def test_it_shows_no_word_of_what_was_handed_in_or_added(now: datetime) -> None:
    handed, _ = reported(now, WITH_CONTACT)
    client = inside(handed)
    client.post(f"{PAGE}add/", {"text": "The second secret"})
    understand(timezone.now())
    page = said(client.get(PAGE))
    for word in ("router", "192.0.2.1", "203.0.113.9", "alice", "Alice", "second secret"):
        assert word not in page
    assert "You wrote here 1 time" in page


def test_the_page_of_a_mail_shows_our_letters_and_never_the_mail(now: datetime) -> None:
    store([incoming(mail("They own our mail server", subject="Help"), now)])
    understand(now)
    report = Report.objects.get()
    link = letters_of(report)[0].text.partition("/status/")[2].partition("/")[0]
    answered(report, now)
    page = said(inside(Handed("", "", link, report.correspondence_id)).get(PAGE))
    assert "Please change the password." in page
    assert report.correspondence.reference in page
    for word in ("mail server", "Help", "alice", "/status/" + link):
        assert word not in page.replace("Help at once", "")


def test_of_an_anonymous_report_it_shows_the_hour(now: datetime) -> None:
    handed, _ = reported(now)
    assert "24 November 2026, between 10:00 and 11:00" in said(inside(handed).get(PAGE))


def test_a_letter_with_hostile_text_is_shown_as_text(now: datetime) -> None:
    handed, report = reported(now)
    answered(report, now, "<script>alert(1)</script> http://evil.example/")
    page = said(inside(handed).get(PAGE))
    assert "<script>" not in page
    assert 'href="http://evil.example' not in page


def test_its_queries_do_not_grow_with_letters_and_additions(
    now: datetime, django_assert_num_queries: Any
) -> None:
    handed, report = reported(now)
    client = inside(handed)
    answered(report, now)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    many = len(few)
    for n in range(4):
        answered(report, now, f"{n}")
        client.post(f"{PAGE}add/", {"text": f"{n}"})
    understand(timezone.now())
    with django_assert_num_queries(many):
        client.get(PAGE)


# --- What is done there --------------------------------------------------------------------------------------


def test_what_is_written_there_is_kept_raw_first_and_joins_the_report(now: datetime) -> None:
    handed, report = reported(now)
    actions.set_aside(actor=HANDLER, now=now, report_id=report.id, version=1)
    client = inside(handed)
    response = client.post(f"{PAGE}add/", {"text": "It goes on.\r\n<b>"})
    assert response["Location"] == f"{PAGE}?added"
    assert "We have your words" in said(client.get(response["Location"]))
    assert Arrival.objects.filter(door="web", correspondence=handed.correspondence).count() == 2
    understand(timezone.now())
    assert Message.objects.filter(kind="addition").count() == 1
    report.refresh_from_db()
    assert report.waiting_since is not None


@pytest.mark.parametrize("path", ["add/", "files/"])
def test_what_is_written_there_is_kept_as_it_was_typed(now: datetime, path: str) -> None:
    handed, report = reported(now)
    client = inside(handed)
    client.get(f"{PAGE}files/")
    client.post(f"{PAGE}{path}", {"text": "  22:01 a\r\n\r\n  22:02 b\r\n"})
    understand(timezone.now())
    message = Message.objects.get(kind="addition")
    items = actions.open_report(actor=HANDLER, now=now, report_id=report.id).items_of(message.id)
    # A text area counts a line's end as one character, and sends two: the other would be shown as a mark.
    assert [item.value for item in items] == ["  22:01 a\n\n  22:02 b\n"]


def test_files_are_added_with_words_or_alone_and_nothing_of_them_is_left_behind(now: datetime) -> None:
    handed, report = reported(now)
    client = inside(handed)
    client.get(f"{PAGE}files/")
    assert client.cookies["madoguchi_report"]["path"] == "/status/"
    given = [SimpleUploadedFile("auth.log", LOG), SimpleUploadedFile("二.txt", b"two")]
    response = client.post(f"{PAGE}files/", {"text": "Two files.", "files": given})
    assert response["Location"] == f"{PAGE}?added"
    understand(timezone.now())
    message = Message.objects.get(kind="addition")
    items = actions.open_report(actor=HANDLER, now=now, report_id=report.id).items_of(message.id)
    names = {str(item.attachment()["name"]) for item in items if item.kind == "attachment"}
    assert names == {"auth.log", "二.txt"}
    assert [item.value for item in items if item.kind == "description"] == ["Two files."]
    assert not Draft.objects.exists()

    client.get(f"{PAGE}files/")
    assert client.post(f"{PAGE}files/", {"files": [SimpleUploadedFile("x", b"x")]}).status_code == 302
    client.get(f"{PAGE}files/")
    assert client.post(f"{PAGE}files/", {"text": ""}).status_code == 422


def test_a_file_that_was_chosen_can_be_taken_away_again_and_the_words_stay(now: datetime) -> None:
    handed, _ = reported(now)
    client = inside(handed)
    client.get(f"{PAGE}files/")
    given = {"text": "My words", "files": [SimpleUploadedFile("auth.log", LOG)], "add": "1"}
    page = said(client.post(f"{PAGE}files/", given))
    assert "auth.log" in page
    assert "My words" in page
    [file] = DraftFile.objects.all()
    page = said(client.post(f"{PAGE}files/", {"text": "My words", "remove": str(file.id)}))
    assert "auth.log" not in page
    assert "My words" in page
    assert Arrival.objects.count() == 1


def test_files_chosen_for_one_report_are_neither_shown_nor_sent_on_the_page_of_another(now: datetime) -> None:
    mine, _ = reported(now)
    yours, _ = reported(now)
    client = inside(mine)
    client.get(f"{PAGE}files/")
    client.post(f"{PAGE}files/", {"files": [SimpleUploadedFile("mine.log", LOG)], "add": "1"})
    client.post(f"/status/{yours.link}/")
    assert "mine.log" not in said(client.get(f"{PAGE}files/"))
    assert not DraftFile.objects.exists()
    client.post(f"{PAGE}files/", {"text": "Only words."})
    understand(timezone.now())
    assert Message.objects.get(kind="addition").correspondence_id == yours.correspondence
    assert not DraftFile.objects.exists()


def test_where_the_page_was_open_for_too_long_it_says_that_files_have_to_be_chosen_again(
    now: datetime,
) -> None:
    handed, _ = reported(now)
    client = inside(handed)
    given = {"text": "My words", "files": [SimpleUploadedFile("auth.log", LOG)]}
    page = said(client.post(f"{PAGE}files/", given))
    assert "Choose your files once more" in page
    assert "My words" in page
    given["files"] = [SimpleUploadedFile("auth.log", LOG)]
    assert client.post(f"{PAGE}files/", given)["Location"] == f"{PAGE}?added"


def test_of_a_form_no_letter_is_said_to_be_sent_that_may_not_have_been(now: datetime, settings: Any) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"ack_unverified": 0, "demonstration": False})
    handed, _ = reported(now, WITH_CONTACT)
    client = inside(handed)
    assert not Letter.objects.exists()
    assert "acknowledgement that we mailed" not in said(client.get(PAGE))
    assert "mailed to you" not in said(client.get(f"{PAGE}mailbox/"))


def test_who_leaves_the_page_leaves_no_chosen_file_in_the_browser(now: datetime) -> None:
    handed, _ = reported(now)
    client = inside(handed)
    client.get(f"{PAGE}files/")
    client.post(f"{PAGE}files/", {"files": [SimpleUploadedFile("mine.log", LOG)], "add": "1"})
    client.post(f"{PAGE}leave/")
    assert not Draft.objects.exists()
    assert not client.cookies["madoguchi_report"].value


def test_too_many_files_are_said_and_the_others_are_kept(now: datetime, settings: Any) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"max_report_files": 1})
    handed, _ = reported(now)
    client = inside(handed)
    client.get(f"{PAGE}files/")
    given = [SimpleUploadedFile("kept.log", LOG), SimpleUploadedFile("refused.log", LOG)]
    response = client.post(f"{PAGE}files/", {"text": "x", "files": given})
    assert response.status_code == 422
    assert "Not every file could be added" in said(response)
    assert [file.size for file in DraftFile.objects.all()] == [len(LOG)]


@pytest.mark.parametrize("text", ["", "   ", "x" * 100_001])
def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(now: datetime, text: str) -> None:
    handed, _ = reported(now)
    response = inside(handed).post(f"{PAGE}add/", {"text": text})
    assert response.status_code == 422
    assert "error-summary" in said(response)
    assert text.strip() in said(response)
    assert Arrival.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [("withdrawal", "withdrawn"), ("copy", "copy-asked"), ("erasure", "erasure-asked")],
)
def test_a_wish_is_noted_once_and_put_before_a_person(now: datetime, name: str, kind: str) -> None:
    handed, report = reported(now)
    actions.set_aside(actor=HANDLER, now=now, report_id=report.id, version=1)
    client = inside(handed)
    assert client.get(f"{PAGE}{name}/").status_code == 200
    assert not Step.objects.filter(kind=kind).exists()
    for _ in range(2):
        assert client.post(f"{PAGE}{name}/")["Location"] == PAGE
    assert Step.objects.filter(report=report, kind=kind).count() == 1
    report.refresh_from_db()
    assert (report.waiting_since is not None, report.version) == (True, 3)
    assert client.get(f"{PAGE}{name}/")["Location"] == PAGE  # done once, it is not offered again
    assert Entry.objects.filter(actor_kind="public", object_id=str(report.id)).count() == 1


def test_an_unsafe_mailbox_is_written_to_no_more_and_the_mailed_link_ends(now: datetime) -> None:
    store([incoming(mail(), now)])
    understand(now)
    report = Report.objects.get()
    old = letters_of(report)[0].text.partition("/status/")[2].partition("/")[0]
    answered(report, now)
    waiting = Letter.objects.get(kind="answer")
    client = inside(Handed("", "", old, report.correspondence_id))
    link = new_link(client.post(f"{PAGE}mailbox/"))
    assert Revocation.objects.filter(clearance=waiting.clearance_id).exists()
    assert browser().post(f"/status/{old}/").status_code == 404
    assert browser().post(f"/status/{link}/").status_code == 302
    page = said(client.get(PAGE))  # who came by the old link goes on by the new one
    assert "your mailbox is not safe" in page
    assert "Please change the password." not in page  # it was withdrawn before it left
    answered(report, now, "Here, then.")
    latest = Letter.objects.filter(kind="answer").latest("made_at", "pk")
    assert {State.PUBLISHED, State.QUEUED} == set(
        Letter.objects.filter(kind="answer").values_list("state", flat=True)
    )
    assert latest.clearance.audience == "reporter"
    assert "Here, then." in said(client.get(PAGE))
    assert not Handle.objects.filter(kind__in=("token", "message-id"), ended_at__isnull=True).exists()


def test_renewing_ends_the_old_link_and_whoever_was_in_by_it(now: datetime) -> None:
    handed, _ = reported(now)
    other, client = inside(handed), inside(handed)
    link = new_link(client.post(f"{PAGE}link/"))
    assert client.get(PAGE).status_code == 200
    assert other.get(PAGE)["Location"] == "/status/?ended"
    assert browser().post(f"/status/{handed.link}/").status_code == 404
    assert browser().post(f"/status/{link}/").status_code == 302
    assert by_receipt(handed.receipt).status_code == 302


def test_a_closed_page_is_closed_for_good(now: datetime) -> None:
    handed, report = reported(now)
    client, other = inside(handed), inside(handed)
    assert "Your page is closed" in said(client.post(f"{PAGE}closing/"))
    assert client.get(PAGE).status_code == 302
    assert other.post(f"{PAGE}withdrawal/")["Location"] == "/status/?ended"
    assert by_receipt(handed.receipt).status_code == 200
    assert browser().post(f"/status/{handed.link}/").status_code == 404
    assert [step.kind for step in Step.objects.filter(report=report)] == ["received", "page-closed"]


def test_a_mailbox_that_was_never_given_cannot_be_unsafe(now: datetime) -> None:
    handed, _ = reported(now, ANSWERS)
    client = inside(handed)
    assert "mailbox/" not in said(client.get(PAGE))
    assert client.get(f"{PAGE}mailbox/")["Location"] == PAGE


@pytest.mark.parametrize("name", ["add", "leave"])
def test_the_address_of_a_form_leads_back_to_the_page_when_it_is_opened(now: datetime, name: str) -> None:
    handed, _ = reported(now)
    assert inside(handed).get(f"{PAGE}{name}/")["Location"] == PAGE


def test_a_deed_that_does_not_exist_is_an_ordinary_wrong_address(now: datetime) -> None:
    handed, _ = reported(now)
    assert inside(handed).get(f"{PAGE}explosion/").status_code == 404


@pytest.mark.parametrize(
    "path", ["", "add/", "withdrawal/", "mailbox/", "link/", "closing/", "copy/", "erasure/", "files/"]
)
def test_nobody_does_anything_there_without_a_code(now: datetime, path: str) -> None:
    reported(now)
    response = browser().post(PAGE + path) if path else browser().get(PAGE)
    assert response["Location"] == reverse("counter:come-back") + "?ended"
    assert Step.objects.exclude(kind="received").count() == 0


# --- Confirming an address -----------------------------------------------------------------------------------


def test_the_owner_confirms_by_a_button_and_looking_does_nothing(now: datetime) -> None:
    _, report = reported(now, WITH_CONTACT)
    token = letters_of(report)[0].text.partition("/confirm/")[2].partition("/")[0]
    address = f"/confirm/{token}/"
    page = browser().get(address)
    assert (page.status_code, page["Referrer-Policy"]) == (200, "no-referrer")
    assert report.correspondence.reference not in said(page)
    assert not Step.objects.filter(kind="confirmed-by-link").exists()
    assert report.correspondence.reference in said(browser().post(address))
    assert Step.objects.filter(report=report, kind="confirmed-by-link").count() == 1


def test_a_link_that_confirms_opens_no_page(now: datetime) -> None:
    _, report = reported(now, WITH_CONTACT)
    token = letters_of(report)[0].text.partition("/confirm/")[2].partition("/")[0]
    assert browser().post(f"/status/{token}/").status_code == 404
    assert browser().get(f"/confirm/{fresh_token()}/").status_code == 404
    assert browser().post(f"/confirm/{fresh_token()}/").status_code == 404
