"""Mallory's text in every field of a mail, on every page that shows it: text only, isolated, with its tricks visible."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.cast import handler, report
from console.hostile import PAYLOADS, faults, hostile_mail
from incidents.mails import ALICE, MALLORY, mail
from madoguchi.incidents.models import Report

pytestmark = [pytest.mark.store, pytest.mark.django_db]


TEXTLESS = {"letters"}  # our own letters repeat nothing of the mail


@pytest.fixture(autouse=True)
def _in_the_demonstration(settings: Any) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"demonstration": True})


def pages(client: Client, row: Report) -> dict[str, Any]:
    """Every page that shows something of a report, and the forms that come back."""
    address = reverse("console:report", args=[row.id])
    answer = reverse("console:answer", args=[row.id])
    return {
        "queue": client.get("/console/?view=all"),
        "report": client.get(address),
        "letters": client.get(reverse("console:letters")),
        "empty answer": client.post(answer, {"text": "", "subject": "x", "version": 1}),
        "old answer": client.post(answer, {"text": "x", "subject": "x", "version": 0}),
    }


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_hostile_text_is_shown_as_text_and_nothing_else(payload: str) -> None:
    row = report(hostile_mail(payload), sender=MALLORY)
    bob = handler()
    for name, response in pages(bob, row).items():
        page = response.content.decode()
        assert response.status_code in {200, 409}
        assert faults(page) == [], name
        assert "{{" not in payload or "{{ 7*7 }}" in page or name in TEXTLESS, name
        assert "stolen" not in str(response.cookies)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_what_a_handler_types_is_shown_as_text_too(payload: str) -> None:
    row = report()
    given = {"text": payload.encode("utf-8", "replace").decode(), "subject": "x" * 200, "version": 1}
    response = handler().post(reverse("console:answer", args=[row.id]), given)
    page = response.content.decode()
    typed = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert typed
    assert "<" not in typed[1]
    assert faults(page.replace(typed[0], "")) == []


def test_tricks_of_direction_and_of_nothing_are_marks_with_a_name() -> None:
    row = report(hostile_mail(PAYLOADS["bidi"] + PAYLOADS["unseen"]), sender=MALLORY)
    page = handler().get(reverse("console:report", args=[row.id])).content.decode()
    for mark in ("U+202E", "U+2066", "U+200B", "U+FEFF", "U+E0041", "U+3164"):
        assert f">{mark}<" in page
    assert 'title="RIGHT-TO-LEFT OVERRIDE"' in page


def test_every_piece_of_outside_text_is_isolated_from_the_page_around_it() -> None:
    row = report(mail("שלום", subject="שלום", sender=f"=?utf-8?b?16nXnNeV150=?= <{ALICE}>"))
    for address in ("/console/", reverse("console:report", args=[row.id])):
        page = handler(f"bob{len(address)}").get(address).content.decode()
        assert "שלום" in page
        assert "שלום" not in re.sub(r'<bdi dir="auto">.*?</bdi>', "", page, flags=re.DOTALL)


def test_a_link_of_the_mail_is_no_link_of_the_page() -> None:
    row = report(hostile_mail(PAYLOADS["links"]), sender=MALLORY)
    page = handler().get(reverse("console:report", args=[row.id])).content.decode()
    assert "hxxps[:]//evil[.]example/x" in page
    assert not re.search(r"href=\"[^\"]*evil", page)
    assert "https://evil" not in page


STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


@pytest.mark.parametrize(
    "address",
    ["/", "/staff/sign-in/", "/staff/signed-out/", "/staff/password/guessed/", "/nothing", "/console/", "/console/letters/", "/console/work/", "/console/reports/x/", "/healthz", "/readyz"],
)  # fmt: skip
@pytest.mark.parametrize("who", ["nobody", "bob"])
def test_every_page_carries_a_strict_policy_of_content(address: str, who: str) -> None:
    client = handler() if who == "bob" else Client()
    response = client.get(address)
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert STRICT.items() <= policy.items()
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_error_pages_repeat_nothing_of_the_request(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    client = handler()
    client.raise_request_exception = False
    odd = "<script>window.hacked=1</script>"
    match status:
        case 400:
            response = client.get("/", {"x": odd}, HTTP_HOST=f"evil.example{odd}")
        case 403:
            response = client.get("/console/work/", {"x": odd})
        case 404:
            response = client.get(f"/nothing/{odd}")
        case _:
            monkeypatch.setattr("madoguchi.console.reports.render", None)
            response = client.get("/console/", {"x": odd})
    page = response.content.decode()
    assert response.status_code == status
    assert "hacked" not in page
    assert faults(re.sub(r'href="mailto:report@csirt.example"', "", page)) == []
