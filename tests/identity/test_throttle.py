"""Guessing at an account from many places slows strangers down, and nobody who is known."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.cast import PASSWORD, staff
from madoguchi.identity.models import FailedSignIn
from madoguchi.identity.policy import account_delay
from madoguchi.identity.throttle import COOKIE

pytestmark = [pytest.mark.store, pytest.mark.django_db]

START = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


class Clock:
    """The time as the pages see it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = START
        monkeypatch.setattr("django.utils.timezone.now", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def tried(client: Client, password: str = PASSWORD, username: str = "hana") -> int:
    return client.post("/staff/sign-in/", {"username": username, "password": password}).status_code


def guessed(failures: int, username: str = "hana") -> None:
    """As many wrong passwords, each from a network of its own."""
    for number in range(failures):
        assert tried(Client(REMOTE_ADDR=f"198.18.{number}.1"), "wrong", username) == 200


def test_guessing_from_many_networks_makes_an_unknown_browser_wait_and_not_for_long(clock: Clock) -> None:
    staff("hana", "handler", password=PASSWORD)
    guessed(20)
    stranger = Client(REMOTE_ADDR="203.0.113.7")
    assert tried(stranger) == 429
    clock.now += timedelta(seconds=1)
    assert tried(stranger) == 302


def test_a_browser_that_signed_in_before_does_not_wait(clock: Clock) -> None:
    staff("hana", "handler", password=PASSWORD)
    known = Client(REMOTE_ADDR="203.0.113.7")
    assert tried(known) == 302
    known.post("/staff/sign-out/")
    guessed(20)
    assert tried(Client(REMOTE_ADDR="203.0.113.8")) == 429
    assert tried(known) == 302


def test_a_known_browser_that_errs_slows_itself_and_neither_its_network_nor_its_account(clock: Clock) -> None:
    staff("hana", "handler", password=PASSWORD)
    known = Client(REMOTE_ADDR="203.0.113.7")
    tried(known)
    known.post("/staff/sign-out/")
    for _ in range(5):
        assert tried(known, "wrong") == 200
    assert tried(known) == 429
    assert tried(Client(REMOTE_ADDR="203.0.113.7")) == 302
    assert {bytes(one) for one in FailedSignIn.objects.values_list("account_key", flat=True)} <= {b""}


def test_a_browser_known_to_one_account_is_a_stranger_to_another(clock: Clock) -> None:
    staff("hana", "handler", password=PASSWORD)
    staff("bob", "handler", password=PASSWORD)
    bobs = Client(REMOTE_ADDR="203.0.113.7")
    assert tried(bobs, username="bob") == 302
    guessed(20)
    assert tried(bobs) == 429


def test_a_cookie_of_ones_own_making_makes_nobody_known(clock: Clock) -> None:
    staff("hana", "handler", password=PASSWORD)
    guessed(20)
    forger = Client(REMOTE_ADDR="203.0.113.7")
    forger.cookies[COOKIE] = "0123456789abcdef:hana:1vNnnn:forged"
    assert tried(forger) == 429


def test_a_name_that_is_nobodys_waits_as_somebodys_does(clock: Clock) -> None:
    guessed(20, "nobody")
    assert tried(Client(REMOTE_ADDR="203.0.113.7"), username="nobody") == 429


def test_the_cookie_is_for_the_sign_in_alone_and_no_script_reads_it(clock: Clock) -> None:
    staff("hana", "handler", password=PASSWORD)
    client = Client()
    tried(client)
    cookie = client.cookies[COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/staff/", True, "Strict")


@given(st.integers(min_value=0, max_value=10_000))
def test_the_delay_of_an_account_only_grows_and_stays_under_half_a_minute(failures: int) -> None:
    assert account_delay(failures) <= account_delay(failures + 1) <= 30
    assert account_delay(min(failures, 19)) == 0
