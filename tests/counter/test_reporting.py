"""The report form, page by page: nothing typed is lost, nothing is begun twice, and one report comes of it."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from madoguchi.incidents.codes import is_receipt, plain_receipt
from madoguchi.incidents.models import Correspondence
from madoguchi.incidents.queries import visit_by_link
from madoguchi.intake.accepting import raw_of
from madoguchi.intake.actions import COOKIE
from madoguchi.intake.models import Arrival, Draft, DraftFile
from madoguchi.mail.forms import INCIDENT_REPORT, Submitted, submitted

pytestmark = [pytest.mark.store, pytest.mark.django_db]

STEPS = [section.id for section in INCIDENT_REPORT.sections]
PAGES = [*STEPS, "files", "check"]
ANSWERS: dict[str, dict[str, Any]] = {
    "what": {"kind": "phishing", "what": "A false page\r\nof our bank"},
    "when": {"when": "24 November", "zone": "unknown"},
    "systems": {"systems": "mail.example", "others": "https://evil.example/"},
    "wish": {"wish": ["question", "contact-site"]},
    "share": {"share": ["csirts"]},
    "contact": {"contact": "anonymous", "name": "dropped", "address": "dropped@x.example"},
}


def reader(language: str = "en") -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE=language)


def begun(language: str = "en") -> Client:
    client = reader(language)
    assert client.post("/report/").headers["Location"] == "/report/what/"
    return client


def filled(language: str = "en", **changes: dict[str, Any]) -> Client:
    client = begun(language)
    for step in STEPS:
        assert client.post(f"/report/{step}/", {**ANSWERS[step], **changes.get(step, {})}).status_code == 302
    return client


def said(response: Any) -> str:
    text: str = response.content.decode()
    return text


def handed(client: Client) -> str:
    assert client.post("/report/check/").headers["Location"] == "/report/done/"
    return said(client.get("/report/done/"))


def form_of(arrival: Arrival) -> Submitted:
    form = submitted(raw_of(arrival))
    assert form is not None
    return form


def codes(page: str) -> tuple[str, str]:
    receipt = "".join(re.findall(r"<span>([0-9A-Z]{2,4})</span>", page))
    link = re.search(r"/status/([a-z2-7]{32})/", page)
    assert link
    return receipt, link[1]


def test_the_first_page_begins_nothing_and_the_button_begins_a_draft() -> None:
    client = reader()
    page = said(client.get("/report/"))
    assert "two minutes" in page
    assert 'href="/privacy/"' in page
    assert COOKIE not in client.cookies
    assert not Draft.objects.exists()
    client.post("/report/")
    cookie = client.cookies[COOKIE]
    assert (cookie["path"], cookie["samesite"], cookie["httponly"], cookie["max-age"]) == (
        "/report/",
        "Strict",
        True,
        86400,
    )
    assert Draft.objects.count() == 1
    client.post("/report/")
    assert Draft.objects.count() == 1
    assert "You have begun a report" in said(client.get("/report/"))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_whole_report_goes_in_and_its_codes_open_it(language: str) -> None:
    client = filled(language)
    log = SimpleUploadedFile("log.txt", b"the log", "text/plain")
    assert client.post("/report/files/", {"files": log}).headers["Location"] == "/report/check/"
    page = said(client.get("/report/check/"))
    assert "A false page" in page
    assert ">https://evil.example/</bdi>" in page
    assert "dropped" not in page
    done = handed(client)
    [arrival] = Arrival.objects.all()
    form = form_of(arrival)
    assert form.answers == {
        "kind": "phishing", "what": "A false page\nof our bank", "when": "24 November", "zone": "unknown",
        "systems": "mail.example", "others": "https://evil.example/", "wish": ("question", "contact-site"),
        "share": ("csirts",), "contact": "anonymous",
    }  # fmt: skip
    assert (form.language, form.notice, form.files) == (language, "1", ("log.txt",))
    receipt, link = codes(done)
    assert is_receipt(plain_receipt(receipt))
    visit = visit_by_link(link)
    assert visit
    assert visit.correspondence == Correspondence.objects.get().id
    assert Correspondence.objects.get().reference in done


def test_each_step_shows_what_was_typed_when_one_comes_back() -> None:
    client = filled()
    assert "A false page" in said(client.get("/report/what/"))
    assert re.search(r'value="phishing"[^>]*checked', said(client.get("/report/what/")))
    assert re.search(r'value="contact-site"[^>]*checked', said(client.get("/report/wish/")))
    assert not re.search(r'value="police"[^>]*checked', said(client.get("/report/share/")))


def test_nothing_is_ticked_beforehand_about_who_may_learn_what_or_who_one_is() -> None:
    client = begun()
    for step in ("share", "contact", "what", "wish"):
        assert " checked" not in said(client.get(f"/report/{step}/"))
    assert re.search(r'value="Asia/Tokyo"[^>]*checked', said(client.get("/report/when/")))


WRONG: list[tuple[str, dict[str, Any], list[str]]] = [
    ("what", {"kind": "", "what": ""}, ["kind", "what"]),
    ("what", {"kind": "x", "what": "y" * 100_001}, ["kind", "what"]),
    ("when", {"when": "w" * 501, "zone": "Mars"}, ["when", "zone"]),
    ("systems", {"systems": "s" * 100_001, "others": "o" * 100_001}, ["systems", "others"]),
    ("wish", {"wish": ["gold"]}, ["wish"]),
    ("share", {"share": ["enemies"]}, ["share"]),
    ("contact", {"contact": "", "name": "n" * 501, "address": "nobody"}, ["contact", "name", "address"]),
    ("contact", {"contact": "contact", "name": "", "address": ""}, ["address"]),
]


@pytest.mark.parametrize(("step", "typed", "wrong"), WRONG)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_error_stands_at_the_top_linked_to_its_field_and_nothing_is_lost(
    step: str, typed: dict[str, Any], wrong: list[str], language: str
) -> None:
    client = begun(language)
    response = client.post(f"/report/{step}/", typed)
    assert (
        response.headers["Location"] == f"/report/{step}/?mend=1"
    )  # so that going back asks for nothing again
    page = said(client.get(f"/report/{step}/?mend=1"))
    summary = page.partition('class="error-summary"')[2].partition("</div>")[0]
    assert "autofocus" in summary.partition(">")[0]
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert [target.removeprefix("id_").removesuffix("_0") for target in targets] == wrong
    assert all(f'id="{target}"' in page for target in targets)
    for value in typed.values():
        if isinstance(value, str) and len(value) > 1:
            assert value in page or value == "Mars"
    again = said(client.get(f"/report/{step}/"))
    assert all(value in again for value in typed.values() if isinstance(value, str) and len(value) > 400)
    assert ("Error:" if language == "en" else "エラー") in page.partition("</title>")[0]


def test_an_answer_that_is_changed_from_the_check_page_leads_back_there() -> None:
    client = filled()
    assert 'href="/report/when/?from=check"' in said(client.get("/report/check/"))
    response = client.post("/report/when/?from=check", ANSWERS["when"])
    assert response.headers["Location"] == "/report/check/"


def test_a_wrong_answer_that_is_changed_from_the_check_page_still_leads_back_there() -> None:
    client = filled()
    response = client.post("/report/when/?from=check", {"when": "w" * 501})
    assert response.headers["Location"] == "/report/when/?from=check&mend=1"
    response = client.post(response.headers["Location"], ANSWERS["when"])
    assert response.headers["Location"] == "/report/check/"


def test_what_is_missing_is_said_where_the_answers_are_checked_and_nothing_is_handed_in() -> None:
    client = begun()
    page = said(client.post("/report/check/"))
    assert page.count('<li><a href="/report/what/?from=check">') == 2
    assert '<li><a href="/report/contact/?from=check">' in page
    assert not Arrival.objects.exists()


def test_what_was_changed_in_another_tab_is_shown_before_it_is_handed_in() -> None:
    client = filled()
    page = said(client.get("/report/check/"))
    seen = re.search(r'name="version" value="(\d+)"', page)
    assert seen is not None
    client.post("/report/share/", {"share": ["public"]})
    again = client.post("/report/check/", {"version": seen[1]})
    assert "was changed meanwhile" in said(again)
    assert not Arrival.objects.exists()
    shown = re.search(r'name="version" value="(\d+)"', said(again))
    assert shown is not None
    assert client.post("/report/check/", {"version": shown[1]}).status_code == 302
    assert Arrival.objects.count() == 1


def test_a_second_send_shows_the_same_confirmation_and_makes_no_second_report() -> None:
    client = filled()
    first = codes(handed(client))
    assert codes(handed(client)) == first
    assert client.post("/report/what/", ANSWERS["what"]).headers["Location"] == "/report/done/"
    assert codes(said(client.get("/report/done/"))) == first
    assert Arrival.objects.count() == 1


def test_the_codes_are_gone_once_they_are_kept_and_from_every_other_browser() -> None:
    client = filled()
    receipt, _ = codes(handed(client))
    assert reader().get("/report/done/").status_code == 410
    page = said(client.post("/report/done/"))
    assert receipt[:4] not in page
    assert client.cookies[COOKIE].value == ""
    assert not Draft.objects.exists()
    assert client.get("/report/done/").status_code == 410
    assert client.post("/report/done/").status_code == 200


def test_the_confirmation_promises_nothing_that_may_not_be() -> None:
    client = filled(contact={"contact": "contact", "address": "alice@reporter.example"})
    page = handed(client)
    assert "seen again for 15 minutes" in page
    assert "shown only once" not in page
    assert "is on its way" not in page  # the caps decide that later
    assert "Nothing of it is left in this browser" not in said(client.post("/report/done/"))


def test_an_old_confirmation_page_ends_no_report_that_was_begun_since() -> None:
    client = filled()
    assert client.post("/report/done/").headers["Location"] == "/report/check/"
    assert "A false page" in said(client.get("/report/check/"))


def test_the_codes_are_gone_after_a_quarter_of_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    client = filled()
    handed(client)
    later = timezone.now() + timedelta(minutes=16)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert client.get("/report/done/").status_code == 410


def test_who_deletes_what_they_typed_is_asked_once_and_nothing_is_left() -> None:
    client = filled()
    client.post("/report/files/", {"files": SimpleUploadedFile("a", b"x"), "add": "1"})
    assert Draft.objects.exists()
    assert "Delete everything" in said(client.get("/report/delete/"))
    assert client.post("/report/delete/").status_code == 200
    assert not Draft.objects.exists()
    assert not DraftFile.objects.exists()
    assert client.get("/report/check/").status_code == 410


def test_what_is_typed_after_a_draft_has_ended_begins_a_new_one_and_is_not_lost() -> None:
    client = begun()
    other = Client(HTTP_ACCEPT_LANGUAGE="en")
    other.cookies[COOKIE] = client.cookies[COOKIE].value
    other.post("/report/delete/")
    assert client.post("/report/what/", ANSWERS["what"]).headers["Location"] == "/report/when/"
    assert "A false page" in said(client.get("/report/what/"))


def test_switching_the_language_keeps_the_draft() -> None:
    client = filled()
    page = said(client.get("/report/check/?lang=ja"))
    assert '<html lang="ja">' in page
    assert "A false page" in page
    assert "誰が、" not in said(client.get("/report/share/?lang=en"))


@pytest.mark.parametrize(
    "address", ["/report/files/", "/report/check/", "/report/done/", "/report/delete/", "/report/what/"]
)
def test_without_a_draft_a_page_says_so_and_where_to_begin(address: str) -> None:
    response = reader().get(address)
    assert response.status_code == 410
    assert 'href="/report/"' in said(response)


def test_a_step_that_does_not_exist_is_no_page() -> None:
    assert begun().get("/report/nothing/").status_code == 404


def test_no_page_of_the_form_is_kept_by_a_cache_or_needs_a_script_or_a_session() -> None:
    client = filled()
    for page in PAGES:
        response = client.get(f"/report/{page}/")
        assert "no-store" in response["Cache-Control"]
        assert "<script" not in said(response)
    assert set(client.cookies) == {COOKIE, "madoguchi_csrf"}
    assert client.cookies["madoguchi_csrf"]["max-age"] == client.cookies["madoguchi_csrf"]["expires"] == ""


def test_files_are_added_listed_and_taken_away_again() -> None:
    client = begun()
    two = [SimpleUploadedFile("a<b>.log", b"1" * 2000), SimpleUploadedFile("c.log", b"2")]
    assert client.post("/report/files/", {"files": two, "add": "1"}).headers["Location"] == "/report/files/"
    page = said(client.get("/report/files/"))
    assert "a&lt;b&gt;.log" in page
    [first, _] = re.findall(r'name="remove" value="([^"]+)"', page)
    client.post("/report/files/", {"remove": first, "files": SimpleUploadedFile("d.log", b"3")})
    page = said(client.get("/report/files/"))
    assert re.findall(r'class="name"><bdi dir="auto">(.*?)</bdi>', page) == ["c.log", "d.log"]
    assert client.post("/report/files/", {"remove": "no id"}).status_code == 302


def test_a_file_that_is_too_large_is_named_and_nothing_else_is_lost(settings: Any) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(
        update={"max_message_bytes": 200_000, "max_report_files": 2}
    )
    client = begun()
    small, large = SimpleUploadedFile("small", b"1"), SimpleUploadedFile("large", b"1" * 200_000)
    response = client.post("/report/files/", {"files": [small, large]})
    assert response.status_code == 200
    summary = said(response).partition('class="error-summary"')[2].partition("</div>")[0]
    assert "large" in summary
    assert "small" not in summary
    assert ">small<" in said(response)
    more = [SimpleUploadedFile(str(number), b"1") for number in range(3)]
    assert said(client.post("/report/files/", {"files": more})).count("at most 2 files") == 2


def test_a_request_without_its_token_against_forgery_changes_nothing() -> None:
    client = begun()
    careful = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")
    careful.cookies[COOKIE] = client.cookies[COOKIE].value
    assert careful.post("/report/what/", ANSWERS["what"]).status_code == 403
    assert careful.post("/report/delete/").status_code == 403
    assert Draft.objects.count() == 1


def test_more_than_the_form_can_hold_is_refused_with_a_page_that_says_so(settings: Any) -> None:
    response = begun().post("/report/what/", {"kind": "other", "what": "x" * 2_000_000})
    assert response.status_code == 413
    assert "add the long part as a file" in said(response)


def test_nothing_of_the_client_is_logged_or_stored_for_an_anonymous_report(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client(HTTP_ACCEPT_LANGUAGE="en", REMOTE_ADDR="203.0.113.77", HTTP_USER_AGENT="Planted/1.0")
    client.post("/report/")
    for step in STEPS:
        client.post(f"/report/{step}/", ANSWERS[step])
    page = said(client.get("/report/check/"))
    assert "neither the address of your computer nor what browser you use" in page
    handed(client)
    [arrival] = Arrival.objects.all()
    assert (arrival.received_at.minute, arrival.received_at.second, arrival.received_at.microsecond) == (
        0,
        0,
        0,
    )
    held = caplog.text.encode() + raw_of(arrival)
    assert b"203.0.113.77" not in held
    assert b"Planted" not in held


def test_with_a_contact_the_confirmation_says_that_the_address_waits_to_be_confirmed() -> None:
    client = filled(contact={"contact": "contact", "name": "Sato", "address": "sato@univ.example"})
    assert "Please confirm your address" in handed(client)
    form = form_of(Arrival.objects.get())
    assert (form.anonymous, form.name, form.address) == (False, "Sato", "sato@univ.example")


def test_help_for_the_kind_that_was_chosen_is_shown_at_once() -> None:
    client = begun()
    client.post("/report/what/", ANSWERS["what"])
    assert 'href="/help/phishing/"' in said(client.get("/report/when/"))
