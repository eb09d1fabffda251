"""Incoming text can be shown: nothing in it acts, hides or is clicked."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.lib.hostile import Segment, defang, escaped, segments

TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("\u202e\u200b\ufe0f\U000e0041.@:/ah\n⚠漢\U000e0100"))
)


def harmful(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs"} and char not in "\n\t"


@given(TEXTS)
def test_the_harmless_text_is_all_there(text: str) -> None:
    shown = "".join(
        one.title if one.kind == "link" else one.text for one in segments(text) if one.kind != "mark"
    )
    marks = {one.text.split("×")[0] for one in segments(text) if one.kind == "mark"}
    assert shown == "".join(char for char in text if f"U+{ord(char):04X}" not in marks or char in shown)
    assert not any(map(harmful, shown))


@given(TEXTS)
def test_nothing_that_acts_survives_as_text(text: str) -> None:
    assert not any(harmful(char) for one in segments(text) for char in one.text + one.title)
    assert not any(map(harmful, escaped(text)))


@given(TEXTS)
def test_marks_count_what_they_stand_for(text: str) -> None:
    marks = [one.text.partition("×") for one in segments(text) if one.kind == "mark"]
    plain = sum(
        len(one.title if one.kind == "link" else one.text) for one in segments(text) if one.kind != "mark"
    )
    assert plain + sum(int(count or 1) for _, _, count in marks) == len(text)


def test_every_control_and_format_character_of_unicode_is_a_mark() -> None:
    for code in range(0x110000):
        if harmful(chr(code)):
            assert [one.kind for one in segments(f"a{chr(code)}b")] == ["text", "mark", "text"], hex(code)


@pytest.mark.parametrize(
    ("char", "text", "title"),
    [
        ("\u202e", "U+202E", "RIGHT-TO-LEFT OVERRIDE"),
        ("\u2066", "U+2066", "LEFT-TO-RIGHT ISOLATE"),
        ("\u200b", "U+200B", "ZERO WIDTH SPACE"),
        ("\ufeff", "U+FEFF", "ZERO WIDTH NO-BREAK SPACE"),
        ("\U000e0041", "U+E0041", "TAG LATIN CAPITAL LETTER A"),
        ("\x1b", "U+001B", "CONTROL ESC"),
        ("\r", "U+000D", "CONTROL CR"),
        ("\u3164", "U+3164", "HANGUL FILLER"),
        ("\u2028", "U+2028", "LINE SEPARATOR"),
        ("\ufe00", "U+FE00", "VARIATION SELECTOR-1"),
    ],
)
def test_a_mark_says_what_it_stands_for(char: str, text: str, title: str) -> None:
    assert segments(f"a{char}") == [Segment("text", "a"), Segment("mark", text, title)]


def test_a_run_of_the_same_is_one_mark() -> None:
    assert segments("\u200b" * 3) == [Segment("mark", "U+200B×3", "ZERO WIDTH SPACE")]


@pytest.mark.parametrize("text", ["⚠️ 1️⃣", "葛\U000e0100", "e\u0301 が", "表\tと\n改行", ""])
def test_ordinary_text_is_untouched(text: str) -> None:
    assert segments(text) == ([Segment("text", text)] if text else [])


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("http://evil.example/a.b?c=d", "hxxp[:]//evil[.]example/a.b?c=d"),
        ("HTTPS://evil.example", "hxxps[:]//evil[.]example"),
        ("ftp://evil.example/", "fxp[:]//evil[.]example/"),
        ("https://good.example@evil.example:80/", "hxxps[:]//good[.]example[@]evil[.]example:80/"),
        ("https://192.0.2.1/x", "hxxps[:]//192[.]0[.]2[.]1/x"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("a.b@evil.example", "a[.]b[@]evil[.]example"),
        ("mailto:a@evil.example", "mailto[:]a[@]evil[.]example"),
        ("javascript:alert(1", "javascript[:]alert(1"),
        ("https://例え.example/パス", "hxxps[:]//例え[.]example/パス"),
    ],
)
def test_a_link_is_shown_defanged(link: str, shown: str) -> None:
    assert segments(f"見て {link} と") == [
        Segment("text", "見て "),
        Segment("link", shown, link),
        Segment("text", " と"),
    ]
    assert defang(link) == shown
    assert defang(shown) == shown


def test_what_ends_a_sentence_is_no_part_of_a_link() -> None:
    assert [one.kind for one in segments("(http://a.example/).")] == ["text", "link", "text"]
    assert segments("「http://a.example/」です")[1].title == "http://a.example/"


def test_text_for_a_log_is_one_line() -> None:
    assert escaped("a\nb\t\x1b[31m\u202e\U000e0041\ud800") == "a\nb\t\\x1b[31m\\u202e\\U000e0041\\ud800"
    assert escaped("a\nb\t", one_line=True) == "a\\nb\\t"
