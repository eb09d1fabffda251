"""Where somebody is signed in: listed for them alone, ended by them, and ended with their account."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from console.cast import PASSWORD, staff
from madoguchi.audit.actions import OPERATOR
from madoguchi.audit.models import Entry
from madoguchi.identity import actions, queries
from madoguchi.identity.models import Staff, StaffSession
from madoguchi.vault.actions import NotOpenedError
from madoguchi.vault.models import DataKey

pytestmark = [pytest.mark.store, pytest.mark.django_db]

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
OWN = "/staff/own/"


@pytest.fixture
def hana() -> Staff:
    return staff("hana", "handler", password=PASSWORD)


def browser(address: str = "198.51.100.77", username: str = "hana") -> Client:
    """A browser in which somebody signed in."""
    client = Client(REMOTE_ADDR=address, headers={"user-agent": FIREFOX})
    client.cookies["madoguchi_language"] = "en"
    assert client.post("/staff/sign-in/", {"username": username, "password": PASSWORD}).status_code == 302
    return client


def opens(client: Client) -> bool:
    return bool(client.get("/console/").status_code == 200)


def test_a_session_is_listed_with_its_program_and_network_and_never_an_address(hana: Staff) -> None:
    page = browser().get(OWN).content.decode()
    assert "Firefox, Windows" in page
    assert "198.51.100.0/24" in page
    assert "198.51.100.77" not in page
    assert "(this one)" in page
    [row] = StaffSession.objects.all()
    assert b"Firefox" not in bytes(row.device)
    assert b"198.51" not in bytes(row.network)


def test_another_browser_is_signed_out_from_here(hana: Staff) -> None:
    home, office = browser("2001:db8::5"), browser()
    [other] = [one for one in queries.sessions_of(hana, timezone.now()) if one.network == "2001:db8::/64"]
    response = office.post(f"{OWN}sessions/{other.id}/ended/", follow=True)
    assert "Whoever used it is signed out." in response.content.decode()
    assert (opens(home), opens(office)) == (False, True)
    assert Entry.objects.filter(verb="ended", object_kind="session", object_id=str(other.id)).count() == 1


def test_everywhere_else_is_signed_out_at_once(hana: Staff) -> None:
    others = [browser() for _ in range(3)]
    here = browser()
    here.post(f"{OWN}sessions/ended/")
    assert [opens(one) for one in others] == [False] * 3
    assert opens(here)
    assert len(queries.sessions_of(hana, timezone.now())) == 1


def test_nobody_ends_or_sees_the_sessions_of_somebody_else(hana: Staff) -> None:
    staff("bob", "handler", password=PASSWORD)
    mine, bob = browser(), browser("203.0.113.9", "bob")
    [row] = StaffSession.objects.filter(staff=hana)
    response = bob.post(f"{OWN}sessions/{row.id}/ended/", follow=True)
    assert "This was done in the meantime." in response.content.decode()
    bob.post(f"{OWN}sessions/ended/")
    assert opens(mine)
    assert "198.51.100.0/24" not in bob.get(OWN).content.decode()


def test_the_address_of_the_button_ends_nothing_when_it_is_opened(hana: Staff) -> None:
    first, second = browser(), browser()
    assert second.get(f"{OWN}sessions/ended/")["Location"] == OWN
    assert opens(first)


def test_sessions_end_with_the_account_with_a_new_password_and_with_lost_factors(hana: Staff) -> None:
    now = timezone.now()

    def renewed() -> None:
        token = actions.issue_link(actor=OPERATOR, now=now, username="hana")
        actions.set_password_by_link(now=now, token=token, password=PASSWORD)

    for ended in (
        renewed,
        lambda: actions.forget_factors(actor=OPERATOR, now=now, username="hana"),
        lambda: actions.disable_staff(actor=OPERATOR, now=now, username="hana"),
    ):
        client = browser()
        assert opens(client)
        ended()
        assert not opens(client)
        assert queries.sessions_of(hana, now) == []
        assert not StaffSession.objects.filter(ended_at__isnull=True).exists()


def test_what_a_session_told_is_shredded_when_it_ends(hana: Staff) -> None:
    client = browser()
    client.post("/staff/sign-out/")
    [row] = StaffSession.objects.all()
    assert row.session_key is None
    assert DataKey.objects.get(pk=row.data_key).wrapped is None


def test_a_session_that_ran_out_is_not_listed_and_is_forgotten_at_the_next_sign_in(hana: Staff) -> None:
    browser()
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    assert queries.sessions_of(hana, timezone.now()) == []
    browser()
    assert StaffSession.objects.filter(ended_at__isnull=True).count() == 1


def test_an_idle_session_is_not_listed(hana: Staff, settings: Any) -> None:
    browser()
    later = timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS + 5)
    assert queries.sessions_of(hana, later) == []


def test_a_row_given_to_somebody_else_does_not_open(hana: Staff) -> None:
    from madoguchi.lib.verbs import verb

    browser()
    bob = staff("bob", "handler")

    @verb
    def given() -> None:
        StaffSession.objects.update(staff=bob)

    given()
    with pytest.raises(NotOpenedError):
        queries.sessions_of(bob, timezone.now())


@pytest.mark.parametrize("count", [1, 6])
def test_the_list_asks_no_more_of_the_store_the_more_sessions_there_are(
    hana: Staff, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        browser()
    with django_assert_num_queries(3):
        assert len(queries.sessions_of(hana, timezone.now())) == count
