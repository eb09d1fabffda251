"""Who may open which address: a table made from the routes themselves, so that none is forgotten."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from console.cast import handler, report, signed_in, staff, with_attachment
from incidents.mails import ALICE
from madoguchi.audit.actions import OPERATOR
from madoguchi.audit.models import Entry
from madoguchi.identity import actions
from madoguchi.identity.policy import TABLE, Role
from madoguchi.incidents.models import Message, Report

pytestmark = [pytest.mark.store, pytest.mark.django_db]

PUBLIC = {
    "counter:home",
    "counter:help",
    "counter:help-with",
    "counter:privacy",
    "counter:privacy-version",
    "counter:report",
    "counter:report-step",
    "counter:report-files",
    "counter:report-check",
    "counter:report-done",
    "counter:report-delete",
    "counter:come-back",
    "counter:status",
    "counter:status-add",
    "counter:status-files",
    "counter:status-leave",
    "counter:status-deed",
    "counter:status-link",
    "counter:confirm",
    "counter:centre-style",
    "counter:centre-logo",
    "identity:sign-in",
    "identity:second",
    "identity:passkey",
    "identity:sign-out",
    "identity:signed-out",
    "identity:set-password",
    "alive",
    "ready",
}
# A centre without a colour and a mark of its own has none of these.
NOT_SET = {"counter:centre-style", "counter:centre-logo"}
# A link that was guessed confirms nothing, and a step that was guessed asks nothing.
GUESSED = {"counter:confirm", "counter:report-step"}
# Answers a browser's script, and nothing that is opened by address.
ASKED_BY_SCRIPT = {"identity:passkey-options", "identity:own-passkey-options"}
# The console's first page leads each role to its own first page.
SEVERAL = {"console:queue": {"read-reports", "see-queues"}}
POSTS = {
    "console:answer",
    "console:set-aside",
    "console:acknowledgement",
    "console:take-out",
    "console:empty-tray",
    "console:arrival-again",
    "console:letter-again",
}


def routes(patterns: list[Any] | None = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every route by its full name."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern.url_patterns, inner)
        else:
            assert isinstance(pattern, URLPattern)
            yield f"{namespace}{pattern.name or pattern.callback.__name__}", pattern


VIEWS: dict[str, Callable[..., HttpResponse]] = {name: pattern.callback for name, pattern in routes()}
PARAMETERS = {name: tuple(pattern.pattern.converters) for name, pattern in routes()}
assert VIEWS.keys() >= ASKED_BY_SCRIPT
GUARDED = sorted(VIEWS.keys() - PUBLIC - ASKED_BY_SCRIPT)


def needed(name: str) -> set[str]:
    """The permissions of which one is enough for this route; any at all for the pages about oneself."""
    own = VIEWS[name].permission is None if name not in SEVERAL else False  # type: ignore[attr-defined]
    everything = {one for role in TABLE.values() for one in role}
    return everything if own else SEVERAL.get(name) or {VIEWS[name].permission}  # type: ignore[attr-defined]


def address(name: str, *, report_id: UUID, message_id: UUID, part: int = 1) -> str:
    """A route's address, filled in."""
    given: dict[str, Any] = {
        "report_id": report_id,
        "message_id": message_id,
        "key": message_id,
        "part": part,
        "token": "guessed",
        "kind": "leak",
        "name": "withdrawal",
        "version": "1",
    }
    return reverse(name, kwargs={one: given[one] for one in PARAMETERS[name]})


def ask(client: Client, name: str, of: Report) -> Any:
    """Asks for a route as its pages do: with a GET, or the POST of a form."""
    message = Message.objects.get(correspondence=of.correspondence_id, kind="report")
    where = address(name, report_id=of.id, message_id=message.id, part=1)
    if name not in POSTS:
        return client.get(where)
    return client.post(
        where, {"text": "We look into it.", "subject": "", "version": of.version, "report": [of.id]}
    )


def test_every_route_says_who_may_use_it() -> None:
    without = [name for name in GUARDED if name not in SEVERAL and not hasattr(VIEWS[name], "permission")]
    assert without == [], "Guard these with `permitted`, or name them in PUBLIC."
    assert set() == PUBLIC - VIEWS.keys()


def test_every_permission_that_a_route_needs_is_held_by_some_role() -> None:
    held = frozenset().union(*TABLE.values())
    assert {one for name in GUARDED for one in needed(name)} <= held


@pytest.mark.parametrize("name", GUARDED)
def test_who_is_not_signed_in_is_sent_to_sign_in(name: str) -> None:
    of = report()
    before = Entry.objects.count()
    response = ask(Client(), name, of)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("identity:sign-in") + "?next=/")
    assert Entry.objects.count() == before


@pytest.mark.parametrize("name", GUARDED)
@pytest.mark.parametrize("role", sorted(TABLE))
def test_a_role_opens_what_its_permissions_cover_and_nothing_else(
    name: str, role: Role, settings: Any
) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"demonstration": True})
    of = report(with_attachment('filename="log.txt"'))
    client = signed_in(staff("charlie", role))
    before = Entry.objects.count()
    response = ask(client, name, of)
    if needed(name) & TABLE[role]:
        assert response.status_code in {200, 302}
        assert not response.get("Location", "").startswith(reverse("identity:sign-in"))
    else:
        assert response.status_code == 403
        assert "Your role does not include this" in response.content.decode()
        assert Entry.objects.count() == before


@pytest.mark.parametrize("name", GUARDED)
def test_a_disabled_account_opens_nothing_more(name: str) -> None:
    of = report()
    client = handler()
    assert client.get(reverse("console:queue")).status_code == 200
    actions.disable_staff(actor=OPERATOR, now=of.received_at, username="bob")
    response = ask(client, name, of)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("identity:sign-in"))


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_page_asks_for_no_sign_in_and_shows_nothing_of_a_report(name: str) -> None:
    of = report()
    response = ask(Client(), name, of)
    assert response.status_code in ({404} if name in NOT_SET | GUESSED else {200, 302, 410})
    assert "next=" not in response.get("Location", "")
    assert of.correspondence.reference not in response.content.decode()
    assert ALICE not in response.content.decode()


@pytest.mark.parametrize(
    "name", [name for name in GUARDED if {"report_id", "message_id"} & {*PARAMETERS[name]}]
)
def test_an_unknown_id_is_told_in_the_same_words_as_an_id_of_something_else(name: str) -> None:
    of = report()
    client = handler()
    pages = []
    for foreign in (uuid4(), of.correspondence_id):
        where = address(name, report_id=foreign, message_id=foreign)
        send = client.post if name in POSTS else client.get
        pages.append(send(where, {"text": "Hello", "version": 1}))
    assert [page.status_code for page in pages] == [404, 404]
    first, second = (page.content.decode() for page in pages)
    assert "There is no such page" in first
    assert without_tokens(first) == without_tokens(second).replace(str(of.correspondence_id), "")


def without_tokens(page: str) -> str:
    """A page without what differs at every request: the form's token and the page's own address."""
    import re

    return re.sub(r'name="(?:csrfmiddlewaretoken|next)" value="[^"]*"', "", page)


@pytest.mark.parametrize("role", ["auditor", "operator", "account-administrator"])
def test_the_outsider_learns_nothing_from_asking_for_ids(role: Role) -> None:
    of = report()
    client = signed_in(staff("charlie", role))
    known = client.get(reverse("console:report", args=[of.id]))
    unknown = client.get(reverse("console:report", args=[uuid4()]))
    assert (known.status_code, unknown.status_code) == (403, 403)
    assert without_tokens(known.content.decode()) == without_tokens(unknown.content.decode())


@pytest.mark.parametrize("name", sorted(POSTS))
def test_a_form_sent_from_elsewhere_changes_nothing(name: str) -> None:
    of = report()
    bob = staff("bob", "handler") if "again" not in name else staff("bob", "operator")
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    client.cookies["madoguchi_language"] = "en"
    before = Entry.objects.count()
    response = ask(client, name, of)
    assert response.status_code == 403
    assert "This page had grown old" in response.content.decode()
    assert Entry.objects.count() == before


@pytest.mark.parametrize("name", sorted(POSTS))
def test_the_address_of_a_form_leads_back_to_its_page_when_it_is_opened(name: str) -> None:
    """So it is after signing in again, after a switch of language, and on reloading."""
    of = report()
    client = signed_in(staff("bob", "operator" if "again" in name else "handler"))
    where = address(name, report_id=of.id, message_id=uuid4())
    response = client.get(where)
    page = reverse("console:work") if "again" in name else reverse("console:report", args=[of.id])
    page = reverse("console:queue") if name == "console:empty-tray" else page
    assert (response.status_code, response["Location"]) == (302, page)


@pytest.mark.parametrize("role", ["auditor", "account-administrator"])
def test_who_has_no_page_of_their_own_yet_can_sign_out_all_the_same(role: Role) -> None:
    client = signed_in(staff("charlie", role))
    page = client.get(reverse("console:queue"))
    assert page.status_code == 403
    assert f'action="{reverse("identity:sign-out")}"' in page.content.decode()
