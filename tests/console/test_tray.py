"""The tray's page as a handler meets it: why each mail is there, what one press does, and to what."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.cast import handler, received, report, signed_in, staff
from incidents.mails import MALLORY, incoming, mail
from incidents.test_receiving import letters_of
from madoguchi.audit.models import Entry
from madoguchi.console.tray import REASONS
from madoguchi.incidents.models import Report
from madoguchi.incidents.policy import EVIDENCE
from madoguchi.incidents.queries import PAGE

pytestmark = [pytest.mark.store, pytest.mark.django_db]

TRAY = "/console/?view=tray"
EMPTY = "/console/tray/emptied/"


@pytest.fixture(autouse=True)
def centre(monkeypatch: pytest.MonkeyPatch) -> None:
    """A centre that takes mail from evil.example for no report."""
    rules = {"tray_rules": ("from ends @evil.example", "subject contains <b>sale</b>")}
    monkeypatch.setattr(settings, "OPTIONS", settings.OPTIONS.model_copy(update=rules))


@pytest.fixture
def bob() -> Client:
    return handler()


def spam(count: int = 1, *, first: int = 0, subject: str = "Sale") -> list[Report]:
    now = timezone.now() - timedelta(hours=1)
    return received(
        [
            incoming(
                mail("Buy!", sender=MALLORY, subject=f"{subject} {n}", message_id=f"<{n}@evil.example>"),
                now + timedelta(seconds=n),
                sender=MALLORY,
            )
            for n in range(first, first + count)
        ]
    )


def text_of(response: Any) -> str:
    assert response.status_code == 200
    text: str = response.content.decode()
    return text


def chosen(response: Any) -> list[str]:
    """The ids of the boxes that stand ticked on the page, from the top."""
    return re.findall(r'<input type="checkbox" name="report" value="([^"]+)" checked', text_of(response))


def take_out(client: Client, row: Report, **more: str) -> Any:
    return client.post(reverse("console:take-out", args=[row.id]), more, follow=True)


def test_the_view_stands_among_the_others_with_its_count(bob: Client) -> None:
    spam(3)
    assert re.search(
        r'href="/console/\?view=tray" aria-keyshortcuts="2">Probably no report <span class="count">3<',
        text_of(bob.get("/console/")),
    )
    assert "Sale" not in text_of(bob.get("/console/"))


def test_each_row_says_why_it_is_there(bob: Client) -> None:
    spam()
    shown = unescape(text_of(bob.get(TRAY)))
    assert "Sale 0" in shown
    assert "A rule of ours says so. <code>from ends @evil.example</code>" in shown


def test_a_rule_is_shown_as_text(bob: Client) -> None:
    received([incoming(mail(subject="<b>Sale</b>"), timezone.now())])
    assert "subject contains &lt;b&gt;sale" in text_of(bob.get(TRAY))


def test_all_that_is_shown_is_chosen_and_only_that(bob: Client) -> None:
    rows = spam(PAGE + 3)
    page = bob.get(TRAY)
    assert chosen(page) == [str(row.id) for row in reversed(rows)][:PAGE]
    assert 'rel="next"' in text_of(page)


def test_one_press_sets_aside_what_was_shown_and_what_came_in_meanwhile_stays(bob: Client) -> None:
    spam(4)
    ids = chosen(bob.get(TRAY))
    [late] = spam(1, first=50)
    answer = bob.post(EMPTY, {"report": ids}, follow=True)
    assert answer.redirect_chain == [(TRAY, 302)]
    assert "4 mails were set aside as no report." in text_of(answer)
    assert chosen(answer) == [str(late.id)]
    everything = text_of(bob.get("/console/?view=all"))
    assert everything.count("Set aside as no report") == 4
    assert everything.count("Probably no report</span>") == 1
    assert "Sale" not in text_of(bob.get("/console/?view=done"))


def test_what_is_not_ticked_stays(bob: Client) -> None:
    kept, gone = spam(2)
    answer = bob.post(EMPTY, {"report": [str(gone.id)]}, follow=True)
    assert "1 mail was set aside as no report." in text_of(answer)
    assert chosen(answer) == [str(kept.id)]


def test_with_nothing_chosen_nothing_happens_and_the_page_says_so(bob: Client) -> None:
    spam()
    before = Entry.objects.exclude(verb="listed").count()
    answer = bob.post(EMPTY, follow=True)
    assert "Nothing was set aside" in text_of(answer)
    assert len(chosen(answer)) == 1
    assert Entry.objects.exclude(verb="listed").count() == before


@pytest.mark.parametrize("ids", [["x"], ["<script>"], [str(uuid4()) for _ in range(PAGE + 1)]])
def test_what_no_page_would_send_is_refused(ids: list[str], bob: Client) -> None:
    [row] = spam()
    assert bob.post(EMPTY, {"report": [*ids, str(row.id)][: PAGE + 1]}).status_code == 400
    row.refresh_from_db()
    assert row.tray_since


def test_this_is_a_report_brings_one_into_the_queue_and_back_to_the_tray(bob: Client) -> None:
    row, other = spam(2)
    answer = take_out(bob, row, **{"from": "tray"})
    assert answer.redirect_chain == [(TRAY, 302)]
    assert "its acknowledgement is on the way" in text_of(answer)
    assert chosen(answer) == [str(other.id)]
    assert "Sale 0" in text_of(bob.get("/console/"))
    assert len(letters_of(row)) == 1


def test_the_page_of_such_a_mail_says_what_it_is_and_offers_both_ways(bob: Client) -> None:
    [row] = spam()
    address = reverse("console:report", args=[row.id])
    shown = text_of(bob.get(address))
    assert "Probably no report" in shown
    assert "A rule of ours says so." in shown
    assert "Send the acknowledgement" not in shown
    assert f'action="{EMPTY}"' in shown
    bob.post(EMPTY, {"report": str(row.id)})
    aside = text_of(bob.get(address))
    assert "Set aside as no report" in aside
    assert f'action="{EMPTY}"' not in aside
    answer = take_out(bob, row)
    assert answer.redirect_chain == [(address, 302)]
    assert "Waiting for us" in text_of(answer)
    assert "A rule of ours" not in text_of(answer)
    assert "It was among the reports already." in text_of(take_out(bob, row))


def test_a_report_has_nothing_of_the_tray_on_its_page(bob: Client) -> None:
    shown = text_of(bob.get(reverse("console:report", args=[report().id])))
    assert "This is a report" not in shown


def test_an_empty_tray_says_what_would_come_here(bob: Client) -> None:
    assert "The tray is empty." in text_of(bob.get(TRAY))


def test_a_full_tray_asks_the_store_as_much_as_a_short_one(bob: Client) -> None:
    def questions() -> int:
        bob.get(TRAY)
        with CaptureQueriesContext(connection) as captured:
            bob.get(TRAY)
        return len(captured)

    spam(3)
    few = questions()
    spam(PAGE, first=100)
    assert questions() == few
    assert few <= 20


def test_that_the_tray_was_shown_is_noted(bob: Client) -> None:
    spam()
    bob.get(TRAY)
    assert Entry.objects.filter(verb="listed").count() == 1


@pytest.mark.parametrize("role", ["auditor", "operator", "account-administrator"])
def test_charlie_of_another_role_can_neither_empty_it_nor_take_anything_out(role: Any) -> None:
    [row] = spam()
    charlie = signed_in(staff("charlie", role))
    assert charlie.get(TRAY).status_code in {200, 403}  # an operator's first page is the due work
    assert charlie.post(EMPTY, {"report": str(row.id)}).status_code == 403
    assert charlie.post(reverse("console:take-out", args=[row.id])).status_code == 403
    row.refresh_from_db()
    assert (row.tray_since is None, row.no_report_at) == (False, None)


def test_every_rule_that_decides_has_words_for_a_person() -> None:
    assert set(REASONS) == {rule.name for rule in EVIDENCE}
