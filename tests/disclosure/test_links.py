"""Links in our letters: ours alone, each of one kind, and left out where the letter is shown to others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.disclosure.letters import (
    CentreWords,
    acknowledgement_text,
    answer_text,
    form_acknowledgement_text,
    without_signature,
)
from madoguchi.disclosure.links import link_to, read_link, without_tokens

BASE = "https://report.csirt.example"
TOKEN = "abcdefghijklmnopqrstuvwxyz234567"
CENTRE = CentreWords("Example CSIRT", "見本シーサート", "9-17", "9時から17時", "report@csirt.example")


@pytest.mark.parametrize("kind", ["private", "confirmation"])
def test_a_link_is_read_back(kind: str) -> None:
    assert read_link(link_to(kind, BASE, TOKEN), BASE) == (kind, TOKEN)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "link",
    [
        f"https://evil.example/status/{TOKEN}/",
        f"https://report.csirt.example.evil.example/status/{TOKEN}/",
        f"{BASE}/status/{TOKEN}",
        f"{BASE}/status/{TOKEN}/x",
        f"{BASE}/status/{TOKEN}/\nhttps://evil.example/",
        f"{BASE}/status/{TOKEN}/\n",
        f"{BASE}/elsewhere/{TOKEN}/",
        f"{BASE}/status/{TOKEN.upper()}/",
        f"{BASE}/status/{TOKEN[:-1]}/",
        "Buy here",
    ],
)
def test_whatever_is_not_to_the_letter_one_of_ours_is_another(link: str) -> None:
    assert read_link(link, BASE) == ("other", "")


def test_no_link_is_no_link() -> None:
    assert read_link("", BASE) == ("", "")


@given(st.text())
def test_nothing_but_our_own_links_is_read_as_one(link: str) -> None:
    kind, token = read_link(link, BASE)
    assert (kind, token) in {("", ""), ("other", "")} or link_to(kind, BASE, token) == link


def test_what_others_are_shown_has_no_token() -> None:
    text = acknowledgement_text("EXAMPLE#12345678", CENTRE, link_to("private", BASE, TOKEN))
    assert text.count(TOKEN) == 2
    assert TOKEN not in without_tokens(text)
    assert without_tokens("nothing here") == "nothing here"


def test_the_words_without_a_link_speak_of_none() -> None:
    text = acknowledgement_text("EXAMPLE#12345678", CENTRE)
    assert "http" not in text
    assert "専用ページ" not in text
    assert "private page" not in text


def test_the_acknowledgement_of_a_form_says_its_reference_and_its_link_in_both_languages() -> None:
    text = form_acknowledgement_text("EXAMPLE#12345678", CENTRE, link_to("confirmation", BASE, TOKEN))
    assert text.count("EXAMPLE#12345678") == 2
    assert text.count(f"{BASE}/confirm/{TOKEN}/") == 2
    assert "/status/" not in text


def test_a_page_shows_a_handlers_words_alone() -> None:
    text = answer_text("Hello.\n\n-- \nHana", "EXAMPLE#12345678", CENTRE)
    assert without_signature(text.replace("\n", "\r\n")) == "Hello.\n\n-- \nHana"
    assert without_signature("no signature") == "no signature"
