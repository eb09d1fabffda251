"""Everything a page can say exists in both languages, in the words of the glossary."""

import gettext
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from glossary import astray, glossary
from madoguchi.config.catalogue import CatalogueError, compile_catalogue, main

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src/madoguchi"
LANGUAGES: Final = ("ja", "en")


def source_of(language: str) -> Path:
    return SOURCE / "locale" / language / "LC_MESSAGES/django.po"


def catalogue(path: Path) -> Catalog:
    with path.open("rb") as stream:
        return read_po(stream, abort_invalid=True)


def messages(path: Path) -> dict[tuple[str | None, str], Message]:
    return {(message.context, original(message)): message for message in catalogue(path) if message.id}


def original(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def translations(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str | None, str]]:
    """The messages of all templates and modules, as Django's makemessages finds them in a copy of the source."""
    copy = tmp_path_factory.mktemp("extracted") / "madoguchi"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("locale", "static", "__pycache__"))
    (copy / "locale").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [
        sys.executable,
        "-m",
        "django",
        "makemessages",
        "--locale",
        "en",
        "--no-location",
        "--verbosity",
        "0",
    ]
    subprocess.run(command, cwd=copy, env=environment, check=True)
    return set(messages(copy / "locale/en/LC_MESSAGES/django.po"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_holds_what_the_pages_say_and_nothing_else(
    language: str, extracted: set[tuple[str | None, str]]
) -> None:
    known = set(messages(source_of(language)))
    assert extracted - known == set(), "Add these messages to the catalogue."
    assert known - extracted == set(), "Nothing says these any more; remove them from the catalogue."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_none_is_a_guess(language: str) -> None:
    wanting = [
        text for (_, text), message in messages(source_of(language)).items() if not all(translations(message))
    ]
    assert wanting == []
    assert [message.id for message in catalogue(source_of(language)) if message.id and message.fuzzy] == []


def test_english_is_said_as_it_is_written_in_the_source() -> None:
    for message in messages(source_of("en")).values():
        assert translations(message) == ((message.id,) if isinstance(message.id, str) else tuple(message.id))


VERBS: Final = {"The mail answers letters of two threads."}  # "answers" is the deed of a mail, not our answer


@pytest.mark.parametrize(("english", "japanese"), glossary())
def test_japanese_uses_the_term_of_the_glossary(english: str, japanese: str) -> None:
    said = [
        (text, translation)
        for (_, text), message in messages(source_of("ja")).items()
        for translation in translations(message)
        if text not in VERBS
    ]
    assert astray(english, japanese, said) == []


def test_a_term_inside_a_longer_one_and_another_word_are_told_apart() -> None:
    said = [("Your receipt", "お客様番号"), ("Your receipts", "控え"), ("The RECEIPT", "控えの番号")]
    assert astray("receipt", "控え", said) == [said[0]]
    assert astray("acknowledgement", "受付のお知らせ", [("acknowledged", "確認済み")]) == []


def test_no_term_stands_twice_in_the_glossary() -> None:
    terms = [english for english, _ in glossary()]
    assert terms == sorted(set(terms))


def test_the_glossary_is_read() -> None:
    assert ("reference number", "受付番号") in glossary()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_compiled_catalogue_is_what_gettext_reads(language: str, tmp_path: Path) -> None:
    target = tmp_path / "django.mo"
    count = compile_catalogue(source_of(language), target)
    with target.open("rb") as stream:
        read = gettext.GNUTranslations(stream)
    known = messages(source_of(language)).values()
    assert count == len(known)
    singular = [message for message in known if isinstance(message.id, str)]
    assert [read.gettext(original(message)) for message in singular] == [
        message.string for message in singular
    ]


HEAD: Final = 'msgid ""\nmsgstr ""\n"Language: ja\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.mark.parametrize(
    "body",
    [
        '#, python-format\nmsgid "to %(address)s"\nmsgstr "%(adress)s 宛"\n',
        "this is no catalogue\n",
    ],
)
def test_a_broken_catalogue_stops_the_set_up_with_a_sentence(
    body: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "django.po"
    source.write_text(HEAD + body, encoding="utf-8")
    with pytest.raises(CatalogueError):
        compile_catalogue(source, tmp_path / "django.mo")
    assert main([str(source), str(tmp_path / "django.mo")]) == 65
    assert str(source) in capsys.readouterr().err
    assert not (tmp_path / "django.mo").exists()


def test_the_command_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 64
    assert "Usage:" in capsys.readouterr().err
