"""Signing in and out, one-time links, and the end of sessions, as a browser meets them."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.cast import PASSWORD, handler, signed_in, staff
from madoguchi.audit.actions import OPERATOR
from madoguchi.audit.models import Entry
from madoguchi.identity import actions
from madoguchi.identity.models import FailedSignIn

pytestmark = [pytest.mark.store, pytest.mark.django_db]

SIGN_IN = "/staff/sign-in/"
QUEUE = "/console/"
START = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


class Clock:
    """The time as the pages see it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = START
        monkeypatch.setattr("django.utils.timezone.now", lambda: self.now)
        monkeypatch.setattr(time, "time", self.seconds)

    def seconds(self) -> float:
        return self.now.timestamp()

    def pass_by(self, **distance: float) -> None:
        self.now += timedelta(**distance)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def client() -> Client:
    client = Client()
    client.cookies["madoguchi_language"] = "en"
    return client


def sign_in(client: Client, username: str = "bob", password: str = PASSWORD, **more: Any) -> Any:
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


def said(response: Any) -> str:
    text: str = response.content.decode()
    return text


def opens(client: Client) -> bool:
    """Whether the queue opens for this browser."""
    return bool(client.get(QUEUE).status_code == 200)


# --- Signing in --------------------------------------------------------------------------------------------


def test_name_and_password_open_the_console(client: Client) -> None:
    bob = staff("bob", "handler", password=PASSWORD)
    response = sign_in(client)
    assert (response.status_code, response["Location"]) == (302, QUEUE)
    assert opens(client)
    assert Entry.objects.filter(verb="signed in", actor_id=str(bob.id)).count() == 1


def test_a_wrong_password_an_unknown_name_and_a_disabled_account_get_the_same_answer(client: Client) -> None:
    staff("bob", "handler", password=PASSWORD)
    staff("dora", "handler", password=PASSWORD)
    actions.disable_staff(actor=OPERATOR, now=START, username="dora")
    pages = {}
    for name, password in (("bob", "wrong"), ("nobody", PASSWORD), ("dora", PASSWORD)):
        response = sign_in(client, name, password)
        assert response.status_code == 200
        pages[name] = said(response).replace(f'value="{name}"', "")
        assert "The name or the password is not right." in pages[name]
        assert not opens(client)
    strip = [page.partition('name="csrfmiddlewaretoken"')[0] for page in pages.values()]
    assert len(set(strip)) == 1


def test_the_password_never_comes_back_in_the_page_and_the_name_does(client: Client) -> None:
    staff("bob", "handler", password=PASSWORD)
    page = said(sign_in(client, password="a wrong secret"))
    assert "a wrong secret" not in page
    assert 'value="bob"' in page


@pytest.mark.parametrize("given", ["query", "form"])
def test_who_was_sent_to_sign_in_comes_to_the_page_they_wanted(client: Client, given: str) -> None:
    staff("bob", "handler", password=PASSWORD)
    wanted = "/console/?view=done"
    first = client.get(wanted)
    assert first["Location"] == f"{SIGN_IN}?next=/console/%3Fview%3Ddone"
    assert 'name="next" value="/console/?view=done"' in said(client.get(first["Location"]))
    if given == "form":
        response = sign_in(client, next=wanted)
    else:
        response = client.post(first["Location"], {"username": "bob", "password": PASSWORD})
    assert response["Location"] == wanted


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        r"/\evil.example/",
        "javascript:alert(1)",
        "http:evil.example",
        "\thttps://evil.example",
        "https://testserver@evil.example/",
    ],
)
def test_a_way_to_another_host_is_not_followed(client: Client, elsewhere: str) -> None:
    staff("bob", "handler", password=PASSWORD)
    assert sign_in(client, next=elsewhere)["Location"] == QUEUE


def test_the_wanted_page_outlives_a_wrong_password(client: Client) -> None:
    staff("bob", "handler", password=PASSWORD)
    page = said(sign_in(client, password="wrong", next="/console/?view=done"))
    assert 'name="next" value="/console/?view=done"' in page


def test_the_session_gets_a_new_key_at_sign_in(client: Client) -> None:
    staff("bob", "handler", password=PASSWORD)
    client.cookies["madoguchi_session"] = "x" * 32
    sign_in(client)
    cookie = client.cookies["madoguchi_session"]
    assert cookie.value != "x" * 32
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


# --- Throttling --------------------------------------------------------------------------------------------


def test_after_five_failures_a_network_waits_and_is_told_how_long(client: Client, clock: Clock) -> None:
    staff("bob", "handler", password=PASSWORD)
    for _ in range(5):
        assert sign_in(client, password="wrong").status_code == 200
        clock.pass_by(seconds=0.01)
    response = sign_in(client, next="/console/?view=done")
    assert response.status_code == 429
    assert response["Retry-After"] == "1"
    assert "no further try from your network for 1 second." in said(response)
    assert 'value="bob"' in said(response)
    assert 'name="next" value="/console/?view=done"' in said(response)
    assert not opens(client)


def test_the_delay_doubles_and_ends_by_itself(client: Client, clock: Clock) -> None:
    staff("bob", "handler", password=PASSWORD)
    for failures in range(9):
        assert sign_in(client, password="wrong").status_code == 200, failures
        clock.pass_by(seconds=2 ** max(0, failures - 4) if failures >= 4 else 0.01)
    sign_in(client, password="wrong")
    response = sign_in(client)
    assert (response.status_code, response["Retry-After"]) == (429, "32")
    clock.pass_by(seconds=31.5)
    assert sign_in(client).status_code == 429
    clock.pass_by(seconds=0.6)
    assert sign_in(client).status_code == 302
    assert FailedSignIn.objects.count() == 0


def test_another_network_does_not_wait(client: Client, clock: Clock) -> None:
    staff("bob", "handler", password=PASSWORD)
    for last in range(5):
        client.post(SIGN_IN, {"username": "bob", "password": "wrong"}, REMOTE_ADDR=f"198.51.100.{last + 1}")
    given = {"username": "bob", "password": PASSWORD}
    assert client.post(SIGN_IN, given, REMOTE_ADDR="198.51.100.200").status_code == 429
    assert client.post(SIGN_IN, given, REMOTE_ADDR="203.0.113.7").status_code == 302


def test_failures_of_a_network_of_version_6_are_those_of_its_64_bits(client: Client, clock: Clock) -> None:
    staff("bob", "handler", password=PASSWORD)
    for last in range(5):
        client.post(SIGN_IN, {"username": "bob", "password": "x"}, REMOTE_ADDR=f"2001:db8::{last + 1}")
    given = {"username": "bob", "password": PASSWORD}
    assert client.post(SIGN_IN, given, REMOTE_ADDR="2001:db8::ffff").status_code == 429
    assert client.post(SIGN_IN, given, REMOTE_ADDR="2001:db8:0:1::1").status_code == 302


# --- The end of a session ----------------------------------------------------------------------------------


def test_signing_out_ends_the_session_and_leads_to_a_page_that_can_be_loaded_again(client: Client) -> None:
    staff("bob", "handler", password=PASSWORD)
    sign_in(client)
    response = client.post(reverse("identity:sign-out"))
    assert response["Location"] == reverse("identity:signed-out")
    assert "You are signed out" in said(client.get(response["Location"]))
    assert not opens(client)


def test_a_link_to_sign_out_signs_nobody_out(client: Client) -> None:
    staff("bob", "handler", password=PASSWORD)
    sign_in(client)
    assert client.get(reverse("identity:sign-out"))["Location"] == QUEUE
    assert client.get(reverse("identity:signed-out"))["Location"] == QUEUE
    assert opens(client)


def test_a_session_ends_when_it_was_not_used_for_a_while(client: Client, clock: Clock, settings: Any) -> None:
    staff("bob", "handler", password=PASSWORD)
    sign_in(client)
    for _ in range(3):
        clock.pass_by(seconds=settings.SESSION_IDLE_SECONDS - 1)
        assert opens(client)
    clock.pass_by(seconds=settings.SESSION_IDLE_SECONDS + 1)
    assert not opens(client)


def test_a_session_ends_after_its_hours_however_much_it_is_used(
    client: Client, clock: Clock, settings: Any
) -> None:
    staff("bob", "handler", password=PASSWORD)
    sign_in(client)
    hours = settings.SESSION_COOKIE_AGE // 3600
    for _ in range(hours * 2 - 1):
        clock.pass_by(minutes=30)
        assert opens(client)
    clock.pass_by(minutes=30, seconds=1)
    assert not opens(client)


def test_a_session_ends_when_its_account_is_disabled() -> None:
    bob = handler()
    assert opens(bob)
    actions.disable_staff(actor=OPERATOR, now=START, username="bob")
    assert not opens(bob)


def test_a_session_ends_when_its_password_is_set_anew(client: Client) -> None:
    staff("bob", "handler", password=PASSWORD)
    sign_in(client)
    token = actions.issue_link(actor=OPERATOR, now=START, username="bob")
    actions.set_password_by_link(now=START, token=token, password="another fine long one")
    assert not opens(client)


# --- One-time links ----------------------------------------------------------------------------------------


def link(now: datetime) -> str:
    staff("bob", "handler", now=now)
    token = actions.issue_link(actor=OPERATOR, now=now, username="bob")
    return reverse("identity:set-password", args=[token])


def set_by(client: Client, address: str, first: str = PASSWORD, second: str = "") -> Any:
    return client.post(address, {"new_password1": first, "new_password2": second or first})


def test_a_link_sets_the_password_once(client: Client, clock: Clock) -> None:
    address = link(START)
    assert "<strong>bob</strong>" in said(client.get(address))
    done = set_by(client, address)
    assert done.status_code == 302
    assert "Your password is saved." in said(client.get(done["Location"]))
    assert sign_in(client).status_code == 302
    for response in (client.get(address), set_by(client, address, "somebody else's words")):
        assert response.status_code == 410
        assert "This link can no longer be used" in said(response)
    assert sign_in(Client()).status_code == 302


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("heron-7", "heron-7", "This password is too short."),
        ("123456789012345", "123456789012345", "This password is entirely numeric."),
        ("qwertyuiop123", "qwertyuiop124", "The two passwords differ."),
        ("1qaz2wsx3edc", "1qaz2wsx3edc", "This password is too common."),
    ],
)
def test_a_weak_or_mistyped_password_is_refused_and_the_link_stays(
    client: Client, clock: Clock, first: str, second: str, told: str
) -> None:
    address = link(START)
    response = set_by(client, address, first, second)
    assert response.status_code == 200
    assert told in said(response)
    assert first not in said(response)
    assert set_by(client, address).status_code == 302


def test_a_link_runs_out_after_a_day(client: Client, clock: Clock) -> None:
    address = link(START)
    clock.pass_by(hours=23, minutes=59)
    assert client.get(address).status_code == 200
    clock.pass_by(minutes=2)
    assert client.get(address).status_code == 410
    assert set_by(client, address).status_code == 410


def test_a_newer_link_ends_the_older_one_and_a_guess_opens_nothing(client: Client, clock: Clock) -> None:
    older = link(START)
    actions.issue_link(actor=OPERATOR, now=START, username="bob")
    assert client.get(older).status_code == 410
    assert client.get(reverse("identity:set-password", args=["guessed"])).status_code == 410


def test_a_link_of_a_disabled_account_opens_nothing(client: Client, clock: Clock) -> None:
    address = link(START)
    actions.disable_staff(actor=OPERATOR, now=START, username="bob")
    assert client.get(address).status_code == 410
    assert set_by(client, address).status_code == 410


def test_the_pages_of_sign_in_are_kept_by_no_cache(client: Client, clock: Clock) -> None:
    for address in (SIGN_IN, link(START), reverse("identity:signed-out")):
        assert "no-store" in client.get(address)["Cache-Control"]


def test_a_handler_sees_no_door_to_the_operators_page() -> None:
    bob, kim = handler(), signed_in(staff("kim", "operator"))
    assert reverse("console:work") not in said(bob.get(QUEUE))
    assert "Due work" in said(kim.get(QUEUE))
    assert "Letters sent" not in said(kim.get(QUEUE))
