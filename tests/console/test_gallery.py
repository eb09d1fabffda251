"""The gallery shows every component there is, and every address, in the demonstration only."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from console.cast import signed_in, staff

pytestmark = [pytest.mark.store, pytest.mark.django_db]

COMPONENTS = Path(__file__).parents[2] / "src/madoguchi/lib/templates/lib/components"
PAGES = ("console:gallery", "console:gallery-console")


@pytest.fixture
def demonstration(settings: Any) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update={"demonstration": True})


def seen(name: str, language: str = "en") -> str:
    page: HttpResponse = signed_in(staff("bob", "handler"), language=language).get(reverse(name))
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_a_real_centre_has_no_gallery(name: str) -> None:
    assert signed_in(staff("bob", "handler")).get(reverse(name)).status_code == 404


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_every_component_stands_in_the_gallery(name: str, language: str, demonstration: None) -> None:
    page = seen(name, language)
    shown = set(re.findall(r"\b\w+\.html\b", page))
    # These stand on every page: the languages at its top, messages after a deed, and the keys of the desk.
    everywhere = {"languages.html", "messages.html", "keys.html"}
    assert {one.name for one in COMPONENTS.iterdir()} == shown | everywhere


def test_the_gallery_leads_to_every_address_that_needs_no_id(demonstration: None) -> None:
    page = seen("console:gallery")
    for name in ("counter:home", "counter:help", "counter:privacy", "console:queue", "identity:sign-in"):
        assert f'<li><a class="target" href="{reverse(name)}">' in page


def test_a_field_says_its_hint_and_its_error_to_a_screen_reader(demonstration: None) -> None:
    page = seen("console:gallery")
    assert 'aria-describedby="id_wrong-what_helptext id_wrong-what_error"' in page
    assert 'aria-invalid="true"' in page
    [group] = re.findall(r'<fieldset[^>]*id="id_wrong-kind"[^>]*>', page)
    assert 'aria-describedby="id_wrong-kind_helptext id_wrong-kind_error"' in group
    for described in re.findall(r'aria-describedby="([^"]+)"', page):
        for one in described.split():
            assert f'id="{one}"' in page, one


def test_a_file_name_and_an_answer_are_shown_as_text_only() -> None:
    from django.template.loader import render_to_string

    hostile = '"><img src=x onerror=alert(1)>'
    files = render_to_string(
        "lib/components/files.html", {"files": [{"id": "1", "name": hostile, "size": 1}]}
    )
    rows = render_to_string(
        "lib/components/summary_list.html", {"rows": [{"label": hostile, "values": [hostile], "href": "/"}]}
    )
    thread = render_to_string(
        "lib/components/letters.html",
        {"letters": [{"ours": False, "at": None, "subject": hostile, "text": hostile}]},
    )
    for page in (files, rows, thread):
        assert "<img" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
