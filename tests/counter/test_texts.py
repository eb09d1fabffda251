"""The longer texts of the public pages: the same in both languages, and a privacy notice that stays as it was shown."""

import hashlib
import re
from typing import Any

import pytest
from django.conf import settings as configured

from glossary import astray, glossary
from madoguchi.counter import guidance, notices
from madoguchi.counter.prose import Points, Section, Shown, Where, filled
from madoguchi.lib.centre import centre

JAPANESE = range(0x3041, 0x9FFF)
# Digest of each version as it was first shown. Reports refer to it: to change a word, add a version.
DIGESTS = {"1": "b9778df5bd24577b651706d5ecb63f1f1d6ab4045060d3bced338f375e0cf157"}


def words(sections: tuple[Section, ...]) -> str:
    return repr([(one.id, one.title, one.body) for one in sections])


@pytest.mark.parametrize("version", [one.version for one in notices.VERSIONS])
def test_a_version_that_was_shown_stays_as_it_was(version: str) -> None:
    shown = notices.notice(version)
    text = repr((shown.version, shown.since, words(shown.sections["ja"]), words(shown.sections["en"])))
    assert hashlib.sha256(text.encode()).hexdigest() == DIGESTS[version]


def test_the_newest_version_holds_and_versions_are_told_apart() -> None:
    versions = [one.version for one in notices.VERSIONS]
    assert notices.current() == versions[-1]
    assert len(set(versions)) == len(versions)
    assert [one.since for one in notices.VERSIONS] == sorted(one.since for one in notices.VERSIONS)


@pytest.mark.parametrize("version", [one.version for one in notices.VERSIONS])
def test_a_notice_says_the_same_in_both_languages(version: str) -> None:
    sections = notices.notice(version).sections
    shapes = [
        [(one.id, [shape(part) for part in one.body]) for one in sections[tongue]] for tongue in ("ja", "en")
    ]
    assert shapes[0] == shapes[1]


def shape(part: str | Points | Where) -> Any:
    match part:
        case tuple():
            return len(part)
        case Where():
            return part.word, bool(part.silent)
        case _:
            return "paragraph"


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("given", [{}, {"responsible": "Someone, Tokyo", "kept_for": "three years"}])
def test_every_word_that_a_notice_names_is_known(language: str, given: dict[str, str]) -> None:
    facts = centre(configured.OPTIONS.model_copy(update=given), language)
    for one in notices.VERSIONS:
        shown = [filled(section.body, facts) for section in one.sections[language]]
        said = repr(shown)
        assert "{" not in said
        assert facts["report_address"] in said
        assert ("three years" in said) is bool(given)


def test_a_part_that_hangs_on_a_setting_is_left_out_where_it_has_nothing_to_say() -> None:
    facts = {"name": "C", "report_address": "r@c.example", "kept_for": ""}
    assert filled([Where("kept_for", "{kept_for}"), ("{centre}",), "{address}"], facts) == [
        Shown(points=("C",)),
        Shown(text="r@c.example"),
    ]


def test_each_kind_of_incident_has_a_guide_of_the_same_shape_in_both_languages() -> None:
    for ours, theirs in zip(guidance.guides("ja"), guidance.guides("en"), strict=True):
        assert ours.id == theirs.id
        for part in ("now", "leave", "keep"):
            assert len(getattr(ours, part)) == len(getattr(theirs, part)) > 0, (ours.id, part)
    assert guidance.KINDS == ("intrusion", "malware", "phishing", "denial", "scan", "leak")


def test_japanese_sentences_are_japanese_and_polite() -> None:
    for one in guidance.guides("ja"):
        for sentence in (*one.now, *one.leave):
            assert any(ord(letter) in JAPANESE for letter in sentence)
            assert sentence.endswith(("ます。", "ません。", "です。", "ください。")), sentence


def texts(section: Section) -> list[str]:
    """Every sentence of a section, in its order."""
    found = [section.title]
    for part in section.body:
        match part:
            case tuple():
                found += part
            case Where():
                found += [part.said, part.silent]
            case _:
                found.append(part)
    return found


def pairs() -> list[tuple[str, str]]:
    """Each English sentence of guides and notices with the Japanese one in its place."""
    found = []
    for ours, theirs in zip(guidance.guides("en"), guidance.guides("ja"), strict=True):
        for part in ("now", "leave", "keep"):
            found += zip(getattr(ours, part), getattr(theirs, part), strict=True)
        found += [(ours.title, theirs.title), (ours.sign, theirs.sign)]
    for notice in notices.VERSIONS:
        for english, japanese in zip(notice.sections["en"], notice.sections["ja"], strict=True):
            found += zip(texts(english), texts(japanese), strict=True)
    return found


@pytest.mark.parametrize(("english", "japanese"), glossary())
def test_guides_and_notices_use_the_terms_of_the_glossary(english: str, japanese: str) -> None:
    said = [(re.sub(r"{\w+}", "", text), theirs) for text, theirs in pairs()]
    assert astray(english, japanese, said) == []
