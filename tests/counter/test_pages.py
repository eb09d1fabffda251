"""The public pages: what anybody sees, in their language, and what a load balancer asks."""

from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from madoguchi.config import health

pytestmark = [pytest.mark.store, pytest.mark.django_db]


def said(response: Any) -> str:
    text: str = response.content.decode()
    return text


def test_the_first_page_says_where_to_write_and_needs_nothing(settings: Any) -> None:
    client = Client()
    response = client.get("/", HTTP_ACCEPT_LANGUAGE="en")
    assert response.status_code == 200
    assert 'href="mailto:report@csirt.example"' in said(response)
    assert "<script" not in said(response)
    assert "madoguchi_session" not in client.cookies


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("ja", "ja"), ("en-GB,en;q=0.8", "en"), ("fr,en;q=0.5,ja;q=0.4", "en"), ("fr", "ja"), ("", "ja"), ("x" * 9000, "ja")],
)  # fmt: skip
def test_the_page_speaks_the_language_that_the_browser_asks_for(wanted: str, language: str) -> None:
    response = Client().get("/", HTTP_ACCEPT_LANGUAGE=wanted)
    assert f'<html lang="{language}">' in said(response)
    assert "Accept-Language" in response["Vary"]


def test_a_link_switches_the_language_and_a_cookie_remembers_it() -> None:
    client = Client()
    page = client.get("/help/", {"lang": "en"})
    assert '<html lang="en">' in said(page)
    assert page["Content-Language"] == "en"
    cookie = page.cookies["madoguchi_language"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("en", True, "Lax")
    assert '<html lang="en">' in said(client.get("/"))
    assert not client.get("/help/", {"lang": "en"}).cookies


def test_without_cookies_the_choice_goes_on_from_page_to_page() -> None:
    page = said(Client().get("/help/", {"lang": "en"}))
    assert 'href="/help/intrusion/?lang=en"' in page
    assert 'href="/privacy/?lang=en"' in page
    client = Client()
    client.get("/", {"lang": "en"})
    assert 'href="/privacy/"' in said(client.get("/help/", {"lang": "en"}))


def test_the_switch_stays_on_the_page_and_keeps_what_else_its_address_says() -> None:
    page = said(Client().get("/staff/sign-in/", {"lang": "en", "next": "/console/?view=all"}))
    assert 'href="?next=%2Fconsole%2F%3Fview%3Dall&amp;lang=ja"' in page


@pytest.mark.parametrize("language", ["", "fr", "../x", "<script>", "EN"])
def test_a_language_that_is_not_offered_changes_nothing(language: str) -> None:
    client = Client()
    page = client.get("/", {"lang": language})
    assert '<html lang="ja">' in said(page)
    assert not page.cookies


def test_a_real_centre_says_nothing_of_a_demonstration_and_the_demonstration_says_it_on_every_page(
    settings: Any,
) -> None:
    addresses = ("/", "/staff/sign-in/", "/nothing", "/staff/password/guessed/")
    for demonstration in (False, True):
        settings.OPTIONS = settings.OPTIONS.model_copy(update={"demonstration": demonstration})
        for address in addresses:
            page = said(Client().get(address, HTTP_ACCEPT_LANGUAGE="en"))
            assert ("Demonstration" in page) is demonstration, address


def test_a_process_that_lives_and_is_ready_says_so() -> None:
    assert said(Client().get("/healthz")) == "alive\n"
    assert said(Client().get("/readyz")) == "ready\n"


def test_without_its_keys_it_is_not_ready(settings: Any, tmp_path: Path, fresh_keys: None) -> None:
    settings.KEYRING = tmp_path / "none"
    response = Client().get("/readyz")
    assert (response.status_code, said(response)) == (503, "the keyring can't be read\n")
    assert Client().get("/healthz").status_code == 200


def test_without_its_database_it_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def cursor(self) -> None:
            raise OperationalError("no words of this are shown")

    monkeypatch.setattr(health, "connection", Away())
    response = Client().get("/readyz")
    assert (response.status_code, said(response)) == (503, "the database does not answer\n")
