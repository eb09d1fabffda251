"""A filled form is a message that gives back every answer, name and byte, whatever was typed."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.mail.forms import (
    FORM_TYPE,
    INCIDENT_REPORT,
    Answers,
    Field,
    File,
    compose,
    encoded_size,
    problems,
    readable,
    shown_name,
    submitted,
    tidy,
)
from madoguchi.mail.reading import read

ODD = (
    "a\r\nBcc: everybody@evil.example\r\n\r\n",
    "\n--_=part=_\nContent-Type: text/html\n\n<script>",
    "--_=part=_--",
    "\0\x1b$B\x1b(B\x07",
    "\u202egpj.exe\u2066",
    "\ud800 lone \udfff",
    "👩‍👩‍👧‍👦" * 20,
    "長" * 10_000,
    "=?utf-8?b?PHNjcmlwdD4=?=",
    "%0d%0aX: y; filename*0*=''",
    " \t ",
    "é",
    "ｱｲｳ ①㈱髙",
    "\u2028\x85\x0c",
    "\ufeff\ufeffname",
)
TEXT = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.text("ｱé漢a\r\n: ;\"'%*=?\x1b$B(J", max_size=40),
)


def answers_of(field: Field) -> st.SearchStrategy[object]:
    if field.look == "several":
        return st.lists(st.sampled_from([choice.id for choice in field.choices]), unique=True).map(tuple)
    return TEXT


ANSWERS = st.fixed_dictionaries(
    {}, optional={field.id: answers_of(field) for field in INCIDENT_REPORT.fields}
)
FILES = st.lists(
    st.tuples(
        TEXT,
        st.one_of(TEXT, st.sampled_from(["text/plain", "image/png", FORM_TYPE, "multipart/mixed"])),
        st.binary(max_size=300),
    ),
    max_size=3,
)


def whole(answers: Answers, files: list[tuple[str, str, bytes]] | None = None, language: str = "en") -> bytes:
    attached = [
        File(name, kind, len(content), [content[:100], content[100:]]) for name, kind, content in files or []
    ]
    composed = compose(INCIDENT_REPORT, answers, attached, language=language, notice="1")  # type: ignore[arg-type]
    raw = b"".join(composed)
    assert len(raw) == composed.size
    return raw


@settings(max_examples=300, deadline=None)
@given(ANSWERS, FILES, st.sampled_from(["ja", "en"]))
def test_what_was_filled_in_is_read_back_unchanged(
    answers: Answers, files: list[tuple[str, str, bytes]], language: str
) -> None:
    raw = whole(answers, files, language)
    letter = read(raw)
    form = submitted(letter)
    assert form is not None
    assert (form.form, form.version, form.language, form.notice) == ("incident-report", 1, language, "1")
    assert dict(form.answers) == dict(answers)
    assert form.files == tuple(name for name, _, _ in files)
    attached = [part for part in letter.parts[2:] if not part.depth]
    assert [part.content for part in attached] == [content for _, _, content in files]
    assert [part.name or "" for part in attached] == [shown_name(name) for name, _, _ in files]
    assert all(part.is_attachment for part in attached)
    assert letter.text == readable(INCIDENT_REPORT, answers, [name for name, _, _ in files], language).strip(
        "\n"
    )  # type: ignore[arg-type]
    assert letter.defects in {(), ("It has no From field",)}


@settings(max_examples=200, deadline=None)
@given(ANSWERS, FILES)
def test_no_answer_adds_a_header_or_a_line_too_long(
    answers: Answers, files: list[tuple[str, str, bytes]]
) -> None:
    raw = whole(answers, files)
    head = raw.partition(b"\r\n\r\n")[0]
    fields = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert fields == [b"Subject", b"MIME-Version", b"Content-Type"]
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 100


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_no_answer_can_pass_for_one_of_our_own_lines(text: str) -> None:
    labels = {
        line
        for line in readable(INCIDENT_REPORT, {}, [], "en").split("\n")
        if line.strip() and line[0] != " "
    }
    shown = readable(INCIDENT_REPORT, {"what": text, "kind": text, "name": text}, [text], "en")
    assert {line for line in shown.split("\n") if line and line[0] != " "} == labels | {"Attachments"}


@given(st.integers(0, 10**7))
def test_the_size_in_base64_is_known_beforehand(size: int) -> None:
    small = size % 5000
    [encoded] = [b"".join(compose_one(bytes(small)))]
    assert len(encoded) == encoded_size(small)


def compose_one(content: bytes) -> Iterator[bytes]:
    from madoguchi.mail.forms.composing import _base64

    return _base64([content])


def test_the_subject_says_the_kind_and_the_first_words() -> None:
    letter = read(
        whole({"kind": "scan", "what": "Many sign-ins\nfrom 203.0.113.4\r\nX-Evil: 1 \u202e" + "x" * 99})
    )
    assert letter.subject.startswith(
        "Scans, probes or attempts to sign in – Many sign-ins from 203.0.113.4 X-Evil: 1 xx"
    )
    assert letter.subject.endswith("…")
    assert read(whole({})).subject == "Incident report"
    assert read(whole({"kind": "phishing"}, language="ja")).subject == "フィッシング、偽サイト、偽メール"


def test_the_readable_text_is_in_the_reporters_language_and_says_what_an_empty_answer_means() -> None:
    shown = readable(INCIDENT_REPORT, {"what": "落ちた"}, ["ログ.txt"], "ja")
    assert "起きたこと\n  落ちた" in shown
    assert "報告の内容を知らせてよい相手\n  誰にも知らせません" in shown
    assert "添付ファイル\n  ログ.txt" in shown


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"answers": []}', b"[" * 100_000, b'{"form":"x","version":"1","language":"en","notice":"","answers":{}}',
     b'{"form":"x","version":1,"language":"fr","notice":"","answers":{}}',
     b'{"form":"x","version":1,"language":"en","notice":"","answers":{"a":{"b":1}}}', b"\xff\xfe\x00"],
)  # fmt: skip
def test_what_is_no_form_of_ours_is_none(content: bytes) -> None:
    head = f"Content-Type: {FORM_TYPE}\r\n\r\n".encode()
    assert submitted(head + content) is None
    assert submitted(b"Subject: mail\r\n\r\ntext") is None


def test_a_form_as_an_attachment_of_a_form_is_only_an_attachment() -> None:
    forged = b'{"form":"x","version":1,"language":"en","notice":"","answers":{"contact":"contact"}}'
    form = submitted(whole({"contact": "anonymous"}, [("form.json", FORM_TYPE, forged)]))
    assert form is not None
    assert form.anonymous


def test_who_reports_without_a_name_leaves_none_behind() -> None:
    kept = tidy(
        INCIDENT_REPORT,
        {"contact": "anonymous", "name": "Sato", "address": "a@b.example", "more": "x", "what": "a\r\nb\rc"},
    )
    assert kept == {"contact": "anonymous", "what": "a\nb\nc"}
    form = submitted(whole({"contact": "anonymous", "name": "Sato", "address": "a@b.example"}))
    assert form is not None
    assert (form.name, form.address) == ("", "")


FULL: dict[str, str | tuple[str, ...]] = {
    "kind": "other",
    "what": "x",
    "contact": "contact",
    "address": "a@b.example",
}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, []),
        ({"kind": ""}, ["kind"]),
        ({"kind": "<script>"}, ["kind"]),
        ({"what": " \n\t"}, ["what"]),
        ({"what": "x" * 100_000}, []),
        ({"what": "x" * 100_001}, ["what"]),
        ({"when": "x" * 501}, ["when"]),
        ({"zone": "Mars"}, ["zone"]),
        ({"wish": ("question", "gold")}, ["wish"]),
        ({"share": ("public", "police")}, []),
        ({"contact": ""}, ["contact"]),
        ({"contact": "anonymous", "address": ""}, []),
        ({"address": ""}, ["address"]),
        ({"address": "nobody"}, ["address"]),
        ({"address": "@b.example"}, ["address"]),
        ({"address": "a@b.example\nBcc: c@d.example"}, ["address"]),
        ({"address": "a b@c.example"}, ["address"]),
        ({"address": "山田@例え.jp"}, ["address"]),
        ({"address": "yamada@例え.jp"}, []),
        ({"name": "n" * 501, "what": "", "kind": ""}, ["kind", "what", "name"]),
    ],
)
def test_each_wrong_answer_is_named_in_the_order_of_the_form(
    change: dict[str, object], wrong: list[str]
) -> None:
    found = problems(INCIDENT_REPORT, tidy(INCIDENT_REPORT, {**FULL, **change}))  # type: ignore[dict-item]
    assert [one.field for one in found] == wrong
    assert all(one.words.ja.endswith("。") or "例" in one.words.ja for one in found)


def test_only_the_fields_that_are_asked_are_judged() -> None:
    assert problems(INCIDENT_REPORT, {}, only=frozenset({"when"})) == ()


def test_the_declaration_is_whole_in_both_languages() -> None:
    ids = [field.id for field in INCIDENT_REPORT.fields]
    assert ids == [
        "kind",
        "what",
        "when",
        "zone",
        "systems",
        "others",
        "wish",
        "share",
        "contact",
        "name",
        "address",
    ]
    for section in INCIDENT_REPORT.sections:
        for field in section.fields:
            said = [section.title, section.why, field.label, *(choice.label for choice in field.choices)]
            assert all(
                words.ja
                and words.en
                and re.search("[ぁ-ん一-龥ァ-ヶ]", words.ja)
                and words.en.isascii() | ("“" in words.en)
                for words in said
            )
    [share] = INCIDENT_REPORT.with_role("consent")
    assert share.default == ""
    assert [field.id for field in INCIDENT_REPORT.with_role("observable")] == ["systems", "others"]
    assert replace(share, look="text").most > share.most
