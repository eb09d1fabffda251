"""Pages for everybody: in both languages, nothing of a person on them, no query for them, and light."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from console.cast import signed_in, staff
from madoguchi.counter import guidance, notices

pytestmark = [pytest.mark.store, pytest.mark.django_db]

PAGES = (
    "/",
    "/help/",
    *(f"/help/{kind}/" for kind in guidance.KINDS),
    "/privacy/",
    f"/privacy/{notices.current()}/",
)
MOST_BYTES = 60_000
LANGUAGES = ("ja", "en")


def said(response: Any) -> str:
    text: str = response.content.decode()
    return text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_for_everybody_asks_the_database_nothing_whoever_reads_it(
    path: str, django_assert_num_queries: Any
) -> None:
    member = signed_in(staff("bob", "handler"))
    with django_assert_num_queries(0):
        for client in (Client(), member):
            assert client.get(path, {"lang": "en"}).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_it_is_the_same_page_for_staff_and_sets_nothing_of_a_session(path: str) -> None:
    member = signed_in(staff("bob", "handler"), language="ja")
    theirs, ours = member.get(path), Client().get(path, HTTP_ACCEPT_LANGUAGE="ja")
    assert theirs.content == ours.content
    assert "Bob" not in said(theirs)
    assert not theirs.cookies
    assert not ours.cookies


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_weighs_little_with_all_that_it_loads(path: str, language: str) -> None:
    page = Client().get(path, {"lang": language})
    loaded = re.findall(r'(?:src|href)="/static/([^"]+)"', said(page))
    assert len(loaded) == 3
    files = [finders.find(name) for name in loaded]
    assert all(isinstance(file, str) for file in files)
    weight = len(page.content) + sum(Path(str(file)).stat().st_size for file in files)
    assert weight < MOST_BYTES


def test_it_may_be_kept_for_a_minute_and_is_not_sent_twice() -> None:
    page = Client().get("/")
    assert page["Cache-Control"] == "public, max-age=60"
    assert {"Accept-Language", "Cookie"} <= {one.strip() for one in page["Vary"].split(",")}
    again = Client().get("/", HTTP_IF_NONE_MATCH=page["ETag"])
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", PAGES)
def test_it_has_the_headers_that_every_page_has(path: str) -> None:
    page = Client().get(path)
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert page["Referrer-Policy"] == "same-origin"


def test_it_answers_under_our_own_names_only() -> None:
    assert Client().get("/help/", HTTP_HOST="evil.example").status_code == 400


def test_nothing_can_be_sent_to_it() -> None:
    refused = Client().post("/help/", {"a": "b"})
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")


def test_a_question_in_the_address_does_not_make_another_page_in_memory() -> None:
    plain = Client().get("/help/")
    assert Client().get("/help/", {"q": "<script>alert(1)</script>"}).content == plain.content


def test_a_change_of_the_settings_changes_the_page(settings: Any) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"centre_name": "Another CSIRT"})
    assert "Another CSIRT" in said(Client().get("/", {"lang": "en"}))


@pytest.mark.parametrize("path", ["/help/nothing/", "/privacy/0/", "/privacy/99/"])
def test_what_never_was_is_not_found(path: str) -> None:
    page = Client().get(path, {"lang": "en"})
    assert page.status_code == 404
    assert "There is no such page" in said(page)


def test_the_hours_and_the_time_until_an_answer_stand_on_the_first_page(settings: Any) -> None:
    update = {"answer_within": "two days", "answer_within_ja": "2日", "centre_hours": "always"}
    settings.OPTIONS = settings.OPTIONS.model_copy(update=update)
    assert "We answer within two days" in said(Client().get("/", {"lang": "en"}))
    assert "2日" in said(Client().get("/", {"lang": "ja"}))
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"answer_within": "", "answer_within_ja": ""})
    assert "We answer within" not in said(Client().get("/", {"lang": "en"}))


def test_numbers_to_call_are_shown_only_where_the_centre_names_them(settings: Any) -> None:
    assert "Others who help" not in said(Client().get("/help/", {"lang": "en"}))
    update = {"police_contact": "the <police>, 110", "vendor_contacts": ("Mail Inc., 01", "Web Inc., 02")}
    settings.OPTIONS = settings.OPTIONS.model_copy(update=update)
    for path in ("/help/", "/help/leak/"):
        page = said(Client().get(path, {"lang": "en"}))
        assert "the &lt;police&gt;, 110" in page
        assert "Web Inc., 02" in page
