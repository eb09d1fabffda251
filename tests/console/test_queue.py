"""The queue as a handler meets it: order, pages by position, views, empty states, and a fixed number of questions."""

import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console.cast import handler, received, report
from incidents.mails import ALICE, incoming, mail
from madoguchi.audit.actions import Actor
from madoguchi.audit.models import Entry
from madoguchi.incidents import actions
from madoguchi.incidents.models import Message, Report
from madoguchi.incidents.queries import PAGE

pytestmark = [pytest.mark.store, pytest.mark.django_db]

QUEUE = "/console/"
START = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
BOB = Actor("staff", "0198c0de-0000-7000-8000-000000000001")


def arrive(count: int, *, first: int = 0, apart: timedelta = timedelta(seconds=7)) -> list[Report]:
    """So many reports, `apart` from each other; every third at the same moment as the one before it."""
    return received(
        [
            incoming(
                mail(f"Text {n}", subject=f"Report number {n:03}", message_id=f"<{n}@reporter.example>"),
                START + apart * (n - (n % 3 == 2)),
            )
            for n in range(first, first + count)
        ]
    )


def shown(response: Any) -> list[str]:
    """The addresses of the reports on a page of the queue, from the top."""
    assert response.status_code == 200
    return re.findall(r'class="row-subject" href="([^"]+)"', response.content.decode())


def way(response: Any, direction: str) -> str:
    """The address behind "Newer" (prev) or "Older" (next); empty where there is none."""
    found = re.search(rf'rel="{direction}" href="([^"]+)"', response.content.decode())
    return found[1].replace("&amp;", "&") if found else ""


def walk(client: Client, response: Any, direction: str) -> list[list[str]]:
    """The pages from here to the end in one direction."""
    pages = [shown(response)]
    while further := way(response, direction):
        response = client.get(further)
        pages.append(shown(response))
        assert len(pages) < 10
    return pages


def newest_first(reports: list[Report], column: str = "received_at") -> list[str]:
    ordered = sorted(reports, key=lambda row: (getattr(row, column), row.id), reverse=True)
    return [reverse("console:report", args=[row.id]) for row in ordered]


@pytest.mark.parametrize("view", ["waiting", "all"])
def test_paging_back_and_forth_shows_every_report_once_and_in_order(view: str) -> None:
    reports = arrive(2 * PAGE + 20)
    bob = handler()
    first = bob.get(QUEUE, {"view": view})
    older = walk(bob, first, "next")
    assert [len(page) for page in older] == [PAGE, PAGE, 20]
    assert list(chain(*older)) == newest_first(reports)
    assert way(first, "prev") == ""
    last = bob.get(way(bob.get(way(first, "next")), "next"))
    newer = walk(bob, last, "prev")
    assert list(chain(*reversed(newer))) == newest_first(reports)


def test_what_comes_in_while_somebody_pages_moves_nothing_of_what_follows() -> None:
    arrive(60)
    bob = handler()
    first = bob.get(QUEUE)
    expected = shown(bob.get(way(first, "next")))
    arrive(5, first=200)
    assert shown(bob.get(way(first, "next"))) == expected


@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize(
    "place",
    ["x", "1.", ".", "1.x", "-1.00000000000000000000000000000000", "9" * 30 + "." + "0" * 32, "9" * 5000 + ".0", "1.%00"],
)  # fmt: skip
def test_a_place_that_is_nonsense_shows_a_page_and_no_failure(name: str, place: str) -> None:
    report()
    assert handler().get(QUEUE, {name: place}).status_code == 200


def test_an_unknown_view_is_the_first_one() -> None:
    report()
    page = handler().get(QUEUE, {"view": "<script>"})
    assert len(shown(page)) == 1
    assert "<h1>Waiting for us</h1>" in page.content.decode()


def test_each_view_holds_what_its_name_says() -> None:
    answered, aside, waiting = arrive(3)
    bounce = report(
        mail(
            "I am away.",
            subject="Out of office",
            message_id="<away@x.example>",
            more="Auto-Submitted: auto-replied\r\n",
        )
    )
    actions.answer(actor=BOB, now=START, report_id=answered.id, version=1, subject="", text="Thanks")
    actions.set_aside(actor=BOB, now=START, report_id=aside.id, version=1)
    bob = handler()
    views = {name: shown(bob.get(QUEUE, {"view": name})) for name in ("waiting", "done", "automatic", "all")}
    assert views["waiting"] == newest_first([waiting])
    assert views["done"] == newest_first([answered, aside])
    assert views["automatic"] == newest_first([bounce])
    assert views["all"] == newest_first([answered, aside, waiting, bounce])


def test_the_counts_are_those_of_the_views_they_lead_to() -> None:
    arrive(4)
    page = handler().get(QUEUE).content.decode()
    assert re.search(
        r'href="/console/\?view=waiting" aria-keyshortcuts="1" aria-current="page">Waiting for us <span class="count">4<',
        page,
    )


@pytest.mark.parametrize(
    ("view", "empty", "todo"),
    [
        (
            "waiting",
            "Nobody waits for us.",
            "A mail to report@csirt.example appears in this queue by itself.",
        ),
        ("done", "No report is done yet.", "A report comes here when you answer it"),
        ("automatic", "No automatic mail is here.", "when they belong to no report."),
        (
            "all",
            "No mail has come in yet.",
            "A mail to report@csirt.example appears in this queue by itself.",
        ),
    ],
)
def test_an_empty_view_says_what_would_come_here(view: str, empty: str, todo: str) -> None:
    page = handler().get(QUEUE, {"view": view}).content.decode()
    assert empty in page
    assert todo in page


def test_a_row_says_what_is_out_of_the_ordinary_and_only_that() -> None:
    plain = report()
    bob = handler()
    page = bob.get(QUEUE).content.decode()
    assert "Acknowledged" not in page.replace("Acknowledgement on its way", "")
    assert '<span class="badge waiting">' not in page
    report(mail(message_id="<held@x.example>", subject="Held"), by="")
    report(mail(message_id="<held2@x.example>", subject="Held too"), by="")
    assert "Acknowledgement held back" in bob.get(QUEUE).content.decode()
    received([incoming(mail(), plain.received_at)])
    assert "Sent again 1 time" in bob.get(QUEUE).content.decode()
    assert '<span class="badge waiting">' in bob.get(QUEUE, {"view": "all"}).content.decode()


def test_a_reply_brings_its_report_back_and_says_so() -> None:
    from incidents.test_receiving import letters_of, reply_address

    row = report(now=START)
    actions.answer(actor=BOB, now=START, report_id=row.id, version=1, subject="", text="Thanks")
    to = reply_address(letters_of(row)[1])
    later = START + timedelta(hours=1)
    received([incoming(mail("More", to=to, message_id="<more@reporter.example>"), later, to=to)])
    page = handler().get(QUEUE).content.decode()
    assert "New reply" in page
    assert shown(handler("carol").get(QUEUE)) == newest_first([row])


def questions(client: Client, address: str) -> int:
    """How many queries a page needs when it was shown before."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_a_full_page_asks_the_store_as_much_as_a_short_one() -> None:
    bob = handler()
    arrive(5)
    few = questions(bob, QUEUE)
    arrive(PAGE - 5, first=100)
    assert len(shown(bob.get(QUEUE))) == PAGE
    assert questions(bob, QUEUE) == few
    assert few <= 20


def test_a_long_correspondence_asks_the_store_as_much_as_a_short_one() -> None:
    from incidents.test_receiving import letters_of, reply_address

    bob = handler()
    row = report(now=START)
    to = reply_address(letters_of(row)[0])

    def reply(first: int, count: int) -> None:
        received(
            [
                incoming(
                    mail(f"More {n}", to=to, message_id=f"<r{n}@reporter.example>"),
                    START + timedelta(minutes=n),
                    to=to,
                )
                for n in range(first, first + count)
            ]
        )

    address = reverse("console:report", args=[row.id])
    reply(1, 3)
    few = questions(bob, address)
    reply(10, 45)
    assert Message.objects.filter(correspondence=row.correspondence_id).count() == 50
    assert questions(bob, address) == few
    assert few <= 25


def test_showing_the_same_list_again_is_not_noted_again() -> None:
    report()
    bob = handler()
    bob.get(QUEUE)
    bob.get(QUEUE)
    assert Entry.objects.filter(verb="listed").count() == 1
    report(mail(message_id="<another@reporter.example>", sender=ALICE, subject="Another"))
    bob.get(QUEUE)
    assert Entry.objects.filter(verb="listed").count() == 2
