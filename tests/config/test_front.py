"""In front of all pages: nobody but our own proxies is believed about who a visitor is."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from madoguchi.config.front import BelieveOurProxies
from madoguchi.lib.floods import plain_address

OURS = ("192.0.2.0/28", "2001:db8:ffff::/48")
PROXY, STRANGER = "192.0.2.1", "198.51.100.7"


@pytest.fixture(autouse=True)
def trusted(settings: Any) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"trusted_proxies": OURS})


def seen(**environ: str) -> HttpRequest:
    """The request as the pages get it."""
    kept: list[HttpRequest] = []

    def page(request: HttpRequest) -> HttpResponse:
        kept.append(request)
        return HttpResponse()

    BelieveOurProxies(page)(RequestFactory().get("/", **environ))
    return kept[0]


@pytest.mark.parametrize(
    ("peer", "chain", "visitor"),
    [
        (PROXY, "198.51.100.7", "198.51.100.7"),
        (PROXY, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (PROXY, "203.0.113.9, 198.51.100.7, 192.0.2.2", "198.51.100.7"),
        (PROXY, "203.0.113.9,198.51.100.7,2001:db8:ffff::1 , 192.0.2.2", "198.51.100.7"),
        (PROXY, "192.0.2.2, 192.0.2.3", "192.0.2.2"),
        (PROXY, "2001:db8::7", "2001:db8::7"),
        (PROXY, "[2001:db8::7]:50000", "2001:db8::7"),
        (PROXY, "198.51.100.7:50000", "198.51.100.7"),
        (PROXY, "::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:192.0.2.1", "198.51.100.7", "198.51.100.7"),
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, "198.51.100.7, unknown", PROXY),
        (PROXY, "198.51.100.7, unknown, 192.0.2.2", "192.0.2.2"),
        (PROXY, "<script>", PROXY),
        (STRANGER, "203.0.113.9", STRANGER),
        (STRANGER, "192.0.2.1", STRANGER),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_visitor_is_the_rightmost_who_is_no_proxy_of_ours(peer: str, chain: str, visitor: str) -> None:
    request = seen(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=chain)
    assert request.META["REMOTE_ADDR"] == visitor


@pytest.mark.parametrize(
    ("peer", "said", "secure"),
    [
        (PROXY, "https", True),
        (PROXY, "HTTPS", True),
        (PROXY, "http, https", True),
        (PROXY, "https, http", False),
        (PROXY, "gopher", False),
        (PROXY, "", False),
        (STRANGER, "https", False),
    ],
)
def test_only_our_proxy_says_that_the_way_was_encrypted(peer: str, said: str, secure: bool) -> None:
    assert seen(REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO=said).is_secure() is secure


def test_no_page_ever_sees_what_was_forwarded() -> None:
    for peer in (PROXY, STRANGER):
        request = seen(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="203.0.113.9", HTTP_X_FORWARDED_PROTO="https")
        assert not [name for name in request.META if "FORWARDED" in name]


def test_without_the_setting_nothing_is_believed(settings: Any) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"trusted_proxies": ()})
    request = seen(
        REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9", HTTP_X_FORWARDED_PROTO="https"
    )
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == ("127.0.0.1", False)


@given(st.text(st.characters(codec="latin-1"), max_size=300))
@profile(deadline=None)  # the first example loads what the pages need
def test_whatever_stands_in_the_field_the_visitor_has_an_address(chain: str) -> None:
    middleware = BelieveOurProxies(lambda _request: HttpResponse())
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=chain)
    middleware(request)
    assert plain_address(request.META["REMOTE_ADDR"]) is not None


@pytest.mark.store
@pytest.mark.django_db
def test_a_form_behind_a_proxy_that_ends_tls_is_taken(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["counter.csirt.example"]
    client = Client(enforce_csrf_checks=True, HTTP_HOST="counter.csirt.example")
    behind = {
        "REMOTE_ADDR": PROXY,
        "HTTP_X_FORWARDED_FOR": "198.51.100.7",
        "HTTP_X_FORWARDED_PROTO": "https",
    }
    client.get("/staff/sign-in/", **behind)
    given = {
        "username": "nobody",
        "password": "wrong",
        "csrfmiddlewaretoken": client.cookies["madoguchi_csrf"].value,
    }
    origin = {"HTTP_ORIGIN": "https://counter.csirt.example"}
    assert client.post("/staff/sign-in/", given, **behind, **origin).status_code == 200
    stranger = {**behind, "REMOTE_ADDR": STRANGER}
    assert client.post("/staff/sign-in/", given, **stranger, **origin).status_code == 403


@pytest.mark.store
@pytest.mark.django_db
def test_failed_sign_ins_of_one_visitor_delay_no_other_behind_the_same_proxy() -> None:
    given = {"username": "nobody", "password": "wrong"}

    def signs_in(visitor: str) -> int:
        behind = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": visitor}
        return Client().post("/staff/sign-in/", given, **behind).status_code

    assert 429 in [signs_in("198.51.100.7") for _ in range(30)]
    assert signs_in("203.0.113.9") == 200


@pytest.mark.store
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_load_balancer_is_answered_under_whatever_name_it_asks(path: str) -> None:
    assert Client(HTTP_HOST="10.0.0.5:8000").get(path).status_code == 200
    assert Client(HTTP_HOST="10.0.0.5:8000").get("/staff/sign-in/").status_code == 400


OFFICE = ("192.0.2.128/25", "2001:db8:1::/48")
STAFF_PAGES = ("/console/", "/console/work/", "/staff/sign-in/", "/staff/password/guessed/", "/staff/own/")


@pytest.mark.store
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("there", "inside"),
    [
        ({"REMOTE_ADDR": "192.0.2.200"}, True),
        ({"REMOTE_ADDR": "2001:db8:1::7"}, True),
        ({"REMOTE_ADDR": "::ffff:192.0.2.200"}, True),
        ({"REMOTE_ADDR": STRANGER}, False),
        ({"REMOTE_ADDR": ""}, False),
        ({"REMOTE_ADDR": STRANGER, "HTTP_X_FORWARDED_FOR": "192.0.2.200"}, False),
        ({"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": "192.0.2.200"}, True),
        ({"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": f"192.0.2.200, {STRANGER}"}, False),
        ({"REMOTE_ADDR": PROXY}, False),
    ],
)
def test_outside_of_the_consoles_networks_the_staffs_pages_are_not_there(
    settings: Any, there: dict[str, str], inside: bool
) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"console_networks": OFFICE})
    client = Client(**there)  # type: ignore[arg-type]
    assert client.get("/").status_code == 200
    answers = [client.get(page).status_code for page in STAFF_PAGES]
    assert answers == ([302, 302, 200, 410, 302] if inside else [404] * 5)
    nothing, hidden = client.get("/nothing/"), client.get("/console/")
    if not inside:
        assert without_address(hidden) == without_address(nothing)


def without_address(page: HttpResponse) -> str:
    return page.content.decode().replace("/nothing/", "").replace("/console/", "")


@pytest.mark.store
@pytest.mark.django_db
def test_without_networks_the_staffs_pages_are_everywhere() -> None:
    assert Client(REMOTE_ADDR=STRANGER).get("/staff/sign-in/").status_code == 200
