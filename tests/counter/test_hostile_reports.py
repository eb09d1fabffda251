"""Three hundred hostile strings in every field and as file names: kept and shown unchanged, obeyed by nobody."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT
from django.utils import timezone

from console.cast import handler
from hostile_strings import STRINGS
from incidents.forms import hand_in, understand
from madoguchi.incidents.models import Report
from madoguchi.intake.accepting import raw_of
from madoguchi.intake.models import Arrival
from madoguchi.intake.queries import draft_of
from madoguchi.lib.templatetags.madoguchi import hostile, typed
from madoguchi.mail.forms import INCIDENT_REPORT, readable, shown_name, submitted
from madoguchi.mail.forms.readable import visible
from madoguchi.mail.reading import read

pytestmark = [pytest.mark.store, pytest.mark.django_db]

AT_ONCE = 12
"""Strings in one report; each stands in every field that takes words, and names a file."""

STEPS = [section.id for section in INCIDENT_REPORT.sections]
OURS = re.compile(r"</?([a-z0-9]+)")


def batches() -> Iterator[list[str]]:
    for start in range(0, len(STRINGS), AT_ONCE):
        yield list(STRINGS[start : start + AT_ONCE])


def part(name: str, value: str, filename: str | None = None) -> bytes:
    """One part as a browser writes it: names with their quotes and line ends in percents, all in UTF-8."""
    named = ""
    if filename is not None:
        escaped = filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        named = f'; filename="{escaped}"\r\nContent-Type: text/plain'
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n{value}\r\n'.encode()


def post(client: Client, step: str, *parts: bytes) -> Any:
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    return client.generic("POST", f"/report/{step}/", body, MULTIPART_CONTENT)


def begun() -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.post("/report/")
    return client


def tags(page: str) -> list[str]:
    return OURS.findall(page)


def browsers(text: str) -> str:
    """A text as a browser sends it from a text area."""
    return text.replace("\n", "\r\n")


def test_there_are_three_hundred() -> None:
    assert len(STRINGS) >= 300


@pytest.mark.parametrize("strings", list(batches()), ids=lambda strings: ascii(strings[0])[:20])
def test_a_hostile_report_is_kept_and_shown_as_it_was_typed(strings: list[str]) -> None:
    client, plain = begun(), begun()
    text = "\n".join(strings)
    for one in (client, plain):
        words = text if one is client else "x"
        post(one, "what", part("kind", "other"), part("what", browsers("." + words)))
        post(one, "systems", part("systems", browsers(words)), part("others", browsers(words)))
        post(one, "contact", part("contact", "anonymous"))
        names = [f"{number}{name}" if one is client else f"{number}" for number, name in enumerate(strings)]
        post(one, "files", *(part("files", "content", name) for name in names), part("add", "1"))
    page, quiet = (one.get("/report/check/").content.decode() for one in (client, plain))
    assert page.count(str(typed(text))) == 2
    marks = page.count('<span class="mark"')
    defanged = page.count('class="defanged"')  # in the names of files, which are shown as staff see them
    assert len(tags(page)) == len(tags(quiet)) + 2 * (marks + defanged)
    for step in ("what", "systems"):
        shown = client.get(f"/report/{step}/").content.decode()
        [first, *_] = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", shown, re.DOTALL)
        assert (
            html.unescape(first.replace("&#x27;", "'")) == ("." if step == "what" else "") + text
            or "&#" in text
        )
        assert len(tags(shown)) == len(tags(plain.get(f"/report/{step}/").content.decode()))
    response = client.post("/report/check/")
    assert response.status_code == 302
    kept_as_typed(text, strings)
    done = client.get("/report/done/")
    assert done.status_code == 200
    assert not any(name.lower() in {"bcc", "x-evil", "x", "reply-to"} for name in done.headers)


def kept_as_typed(text: str, strings: list[str]) -> None:
    """What was stored is what was typed: in the answers, in the readable text, in the names."""
    [arrival] = Arrival.objects.all()
    raw = raw_of(arrival)
    letter, form = read(raw), submitted(raw)
    assert form is not None
    assert form.text("what") == "." + text
    assert form.text("systems") == form.text("others") == text
    # A browser writes quotes and line ends in percents; two backslashes are one in a quoted string (RFC 2045).
    sent = (f"{number}{name}".replace('"', "%22").replace("\n", "%0A") for number, name in enumerate(strings))
    names = [name.replace("\\\\", "\\") for name in sent]
    assert list(form.files) == names
    assert [one.name for one in letter.parts[2:]] == [shown_name(name) for name in names]
    assert letter.text == readable(INCIDENT_REPORT, form.answers, names, "en")
    assert letter.from_ == letter.to == letter.cc == letter.reply_to == ()
    assert {one.content for one in letter.parts[2:]} == {b"content"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "fields"),
    [("what", ["kind"]), ("when", ["when", "zone"]), ("wish", ["wish"]), ("share", ["share"]), ("contact", ["contact"]),
     ("contact", ["name", "address"])],
)  # fmt: skip
def test_no_string_in_any_other_field_breaks_a_page_or_is_obeyed(step: str, fields: list[str]) -> None:
    client = begun()
    quiet = len(tags(client.get(f"/report/{step}/").content.decode()))
    for text in STRINGS:
        more = [part("contact", "contact")] if "name" in fields else []
        response = post(client, step, *more, *(part(field, browsers(text)) for field in fields))
        assert response.status_code in {200, 302}, ascii(text)
        draft = draft_of(response.wsgi_request)
        assert draft is not None
        for field in {"when", "name", "address"}.intersection(fields):
            assert draft.answers.get(field, "") == text, ascii(text)
        page = client.get(f"/report/{step}/").content.decode()
        assert len(tags(page)) == quiet, ascii(text)
    assert client.get("/report/check/").status_code == 200


def test_at_the_desk_every_string_stands_as_text_and_nothing_of_it_is_obeyed() -> None:
    bob = handler()
    plain, hostile_one = (desk(bob, words) for words in (["x"], list(STRINGS)))
    assert len(tags(hostile_one)) > len(tags(plain))  # marks, and the files
    assert set(tags(hostile_one)) <= set(tags(plain)) | {
        "mark",
        "ul",
        "li",
        "details",
        "summary",
        "div",
        "span",
        "bdi",
        "a",
    }
    for text in STRINGS:
        words = [line for line in visible(text).split("\n") if line.strip() and line.isprintable()]
        for line in words:
            shown = re.sub(r"^<bdi[^>]*>|</bdi>$", "", str(hostile(line)))
            assert shown in hostile_one or shown.strip() in hostile_one, ascii(line)


def desk(bob: Client, strings: list[str]) -> str:
    """The report's page at the desk, of a report with these strings in what happened and as names of files."""
    now = timezone.now()
    answers = {"kind": "other", "what": "\n".join(strings), "contact": "anonymous"}
    names = [name.replace("\n", "%0A") for name in strings[:80]]
    handed = hand_in(now, answers, [(name, b"x") for name in names])
    understand(now)
    report = Report.objects.get(correspondence=handed.correspondence)
    page = bob.get(f"/console/reports/{report.id}/").content.decode()
    assert "odd about this mail" not in page
    return page
