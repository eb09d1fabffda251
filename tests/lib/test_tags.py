"""Text from outside stays text, and a moment is exact whatever the page says in words."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.lib.templatetags.madoguchi import (
    dated,
    described_by,
    exact,
    figure,
    groups,
    hint_of,
    hostile,
    hour_only,
    in_words,
    moment,
    relative,
    typed,
    within_the_hour,
)

NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
OURS = re.compile(r'</?bdi(?: dir="auto")?>|<span class="(?:mark" title="[^"<>]*|defanged)">|</span>')


@pytest.fixture(autouse=True)
def _in_tokyo() -> Iterator[None]:
    with timezone.override(ZoneInfo("Asia/Tokyo")), translation.override("en"):
        yield


def test_markup_in_a_subject_is_shown_and_not_obeyed() -> None:
    shown = hostile('<script>alert(1)</script> <b onclick="x">&amp;')
    assert "&lt;script&gt;" in shown
    assert "&amp;amp;" in shown
    assert "<" not in OURS.sub("", shown)


def test_text_is_isolated_from_the_direction_of_the_page() -> None:
    assert hostile("שלום") == '<bdi dir="auto">שלום</bdi>'


def test_a_character_that_reverses_text_is_shown_as_a_mark_with_its_name() -> None:
    shown = hostile("gpj.\u202eexe")
    assert "\u202e" not in shown
    assert re.search(r'<span class="mark" title="[^"]+">[^<]+</span>', shown)


def test_a_link_cannot_be_followed() -> None:
    shown = hostile("see https://evil.example/login now")
    assert '<span class="defanged">' in shown
    assert "https://evil.example" not in shown
    assert "href" not in shown


def test_what_a_reader_wrote_is_shown_unchanged_and_only_as_text() -> None:
    assert typed("https://site.example/?a=1\u202e") == '<bdi dir="auto">https://site.example/?a=1\u202e</bdi>'
    assert typed('<b onclick="x">') == '<bdi dir="auto">&lt;b onclick=&quot;x&quot;&gt;</bdi>'


@given(st.text())
def test_no_text_opens_a_tag_or_an_attribute(text: str) -> None:
    rest = OURS.sub("", hostile(text))
    assert "<" not in rest
    assert ">" not in rest
    assert '"' not in rest


@pytest.mark.parametrize(
    ("distance", "english", "japanese"),
    [
        (timedelta(seconds=59), "just now", "たった今"),
        (timedelta(minutes=1), "1 minute ago", "1分前"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago", "59分前"),
        (timedelta(hours=1), "1 hour ago", "1時間前"),
        (timedelta(hours=23, minutes=59), "23 hours ago", "23時間前"),
        (timedelta(days=6, hours=23), "6 days ago", "6日前"),
        (timedelta(days=7), "18 November 2026", "2026年11月18日"),
        (timedelta(minutes=-5), "in 5 minutes", "5分後"),
        (timedelta(hours=-1), "in 1 hour", "1時間後"),
        (timedelta(days=-2), "in 2 days", "2日後"),
    ],
)
def test_the_distance_is_told_in_words(distance: timedelta, english: str, japanese: str) -> None:
    assert relative(NOW - distance, NOW) == english
    with translation.override("ja"):
        assert relative(NOW - distance, NOW) == japanese


def test_a_date_is_that_of_the_centre_and_not_of_greenwich() -> None:
    assert relative(datetime(2026, 11, 1, 16, 0, tzinfo=UTC), NOW) == "2 November 2026"


def test_a_moment_carries_the_exact_time_with_its_zone() -> None:
    assert moment(NOW - timedelta(hours=2), NOW) == (
        '<time class="moment" datetime="2026-11-24T23:02:03+00:00" title="2026-11-25 08:02:03 (UTC+09:00)">2 hours ago</time>'
    )
    assert ">2026-11-25 10:02:03 (UTC+09:00)</time>" in exact(NOW)


@pytest.mark.parametrize(
    ("zone", "english", "japanese"),
    [
        ("Asia/Tokyo", "25 November 2026, 10:02 JST (UTC+09:00)", "2026年11月25日（水）10:02 JST"),
        (
            "Europe/Berlin",
            "25 November 2026, 02:02 CET (UTC+01:00)",
            "2026年11月25日（水）02:02 CET（UTC+01:00）",
        ),
        ("America/Sao_Paulo", "24 November 2026, 22:02 UTC-03:00", "2026年11月24日（火）22:02 UTC-03:00"),
        ("Asia/Kathmandu", "25 November 2026, 06:47 UTC+05:45", "2026年11月25日（水）06:47 UTC+05:45"),
    ],
)
def test_a_moment_is_written_in_the_manner_of_its_reader_with_its_zone(
    zone: str, english: str, japanese: str
) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert in_words(NOW) == english
        assert f">{english}</time>" in dated(NOW)
        with translation.override("ja"):
            assert in_words(NOW) == japanese


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("ABCDEFGH23", ["ABCD", "EFGH", "23"]),
        ("ABCDE-FGHIJ-KL", ["ABCDE", "FGHIJ", "KL"]),
        ("AB CD", ["AB", "CD"]),
        ("", []),
    ],
)
def test_a_code_is_shown_in_the_groups_in_which_it_is_typed(code: str, shown: list[str]) -> None:
    assert groups(code) == shown


def test_a_choice_has_the_hint_that_its_field_gives_it() -> None:
    field = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    field.hints = {"b": "The second."}  # type: ignore[attr-defined]
    bound = forms.forms.DeclarativeFieldsMetaclass("One", (forms.Form,), {"letter": field})()["letter"]
    assert [hint_of(bound, choice) for choice in bound] == ["", "The second."]
    first, second = (described_by(choice, hint_of(bound, choice)) for choice in bound)
    assert "aria-describedby" not in first
    assert 'aria-describedby="id_letter_1_hint"' in second


def test_no_moment_is_no_text() -> None:
    assert moment(None) == ""
    assert exact(None) == ""
    assert dated(None) == ""


def test_thousands_are_separated() -> None:
    assert figure(1234567) == "1,234,567"


def test_of_a_moment_that_is_known_to_the_hour_the_hour_is_said() -> None:
    at = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    with translation.override("en"):
        assert within_the_hour(at) == "24 November 2026, between 23:00 and 00:00"
        assert (
            hour_only(at, at + timedelta(hours=3))
            == '<span title="24 November 2026, between 23:00 and 00:00">23:00–00:00</span>'
        )
        assert "2 days ago" in hour_only(at, at + timedelta(days=2))
    assert within_the_hour(None) == hour_only(None) == ""
