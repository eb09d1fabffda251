"""The writer's own words: quotes and signatures go, words never."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.mail.reading import kinds, quotes

GONE = [
    (
        "Yes.\n\nOn Mon, 1 Jun 2026 at 10:00, CSIRT <report@csirt.example> wrote:\n> Is it?\n>\n> Yours\n",
        "Yes.",
    ),
    ("Yes.\n\nOn Mon, 1 Jun 2026 at 10:00, CSIRT\n<report@csirt.example> wrote:\n\n> Is it?\n", "Yes."),
    ("はい。\n\n2026年6月1日(月) 10:00 窓口 <report@csirt.example>:\n\n> どうですか。\n", "はい。"),
    ("はい。\n\n窓口さんは書きました:\n> どうですか。\n", "はい。"),
    ("はい。\n\n> どうですか。\n", "はい。"),
    ("はい。\n\n＞どうですか。\n", "はい。"),
    ("> One?\n\nAnswer one.\n\n> Two?\n\nAnswer two.", "Answer one.\n\n\nAnswer two."),
    ("Ja.\n\nAm 01.06.2026 um 10:00 schrieb CSIRT:\n> Frage?", "Ja."),
    ("Oui.\n\nLe lun. 1 juin 2026 à 10:00, CSIRT <r@c.example> a écrit :\n> Question ?", "Oui."),
    ("Yes.\n\n-----Original Message-----\nFrom: CSIRT\nSent: Monday\nTo: me\nSubject: x\n\nIs it?", "Yes."),
    (
        "はい。\n\n-----元のメッセージ-----\n差出人: 窓口\n送信日時: 月曜\n宛先: 私\n件名: x\n\nどう？",
        "はい。",
    ),
    (
        "Yes.\n\n________________________________\nFrom: CSIRT\nSent: Monday\nTo: me\nSubject: x\n\nIs it?",
        "Yes.",
    ),
    ("Yes.\n-- \nHana\nTel 000", "Yes."),
    ("Yes.\n--\nHana\n", "Yes."),
    ("Yes.\n\nSent from my iPhone", "Yes."),
    ("はい。\n\niPhoneから送信\n", "はい。"),
    ("はい。\n\n==========\n山田花子\n株式会社例\nTEL: 00-0000-0000\n==========\n", "はい。"),
]


@pytest.mark.parametrize(("text", "own"), GONE)
def test_what_others_wrote_goes_from_a_reply(text: str, own: str) -> None:
    assert quotes.new_text(text, is_reply=True, is_forward=False) == own


KEPT = [
    "The attacker wrote:\nsend me money",
    "> the whole form comes back quoted\n> 1. Name: Hana",
    "Log:\n-----\n192.0.2.1\n-----",
    "A\n----------\n1. Contact\nTEL: 00\n----------",
    "From: the log\nno header block",
    "The log:\n==========\n192.0.2.1 GET http://evil.example/\n==========",
    "It came:\n==========\n例株式会社です。\nTEL: 00\n==========",
    "-- \nonly a signature",
    "x\n--\n" + "\n".join(f"line {n}" for n in range(20)),
    "See -- this",
    "<script> and a > b",
    "http://a.example/\n>http://b.example/",
]


@pytest.mark.parametrize("text", KEPT)
def test_the_writers_words_stay(text: str) -> None:
    assert quotes.new_text(text, is_reply=True, is_forward=False) == text


def test_quoted_lines_stay_in_what_is_no_reply_unless_a_line_says_whose_they_are() -> None:
    evidence = "Look at this:\n\n> Dear customer, click here\n\nPlease act."
    assert quotes.new_text(evidence, is_reply=False, is_forward=False) == evidence.replace("\n\n> ", "\n\n> ")
    said = "Yes.\n\nOn 1 Jun 2026, CSIRT <r@c.example> wrote:\n> Is it?"
    assert quotes.new_text(said, is_reply=False, is_forward=False) == "Yes."


def test_a_forwarded_mail_stays_as_evidence() -> None:
    text = "FYI\n\n-----Original Message-----\nFrom: evil\nSent: x\nTo: y\n\n> click"
    assert quotes.new_text(text, is_reply=True, is_forward=True) == text


def test_answers_within_an_original_message_stay() -> None:
    text = "See below.\n-----Original Message-----\nFrom: CSIRT\nSent: Monday\n> Is it?\nYes, it is.\n> And?\nNo."
    assert quotes.new_text(text, is_reply=True, is_forward=False) == "See below.\nYes, it is.\nNo."


@pytest.mark.parametrize(
    ("subject", "reply", "forward"),
    [
        ("Re: x", True, False), ("RE：x", True, False), ("Re[2]: x", True, False), ("AW: x", True, False),
        ("返信: x", True, False), ("Fwd: x", False, True), ("転送: x", False, True), ("FW: Re: x", False, True),
        ("Report: x", False, False), ("x", False, False),
    ],
)  # fmt: skip
def test_reply_and_forward_by_subject(subject: str, reply: bool, forward: bool) -> None:
    assert (kinds.is_reply(subject, answers=False), kinds.is_forward(subject)) == (reply, forward)


LINES = st.sampled_from(
    ["words", "> quoted", "", "-- ", "--", "==========", "TEL: 00", "On 1 Jun 2026, A <a@b.example> wrote:", "From: x",
     "Sent: x", "To: y", "-----Original Message-----", "Sent from my iPhone", "1. Section", ">", "はい。"]
)  # fmt: skip


@given(st.lists(LINES, max_size=30), st.booleans(), st.booleans())
@settings(max_examples=300)
def test_nothing_is_added_and_never_everything_goes(lines: list[str], reply: bool, forward: bool) -> None:
    text = "\n".join(lines)
    own = quotes.new_text(text, is_reply=reply, is_forward=forward)
    rest = iter(lines)
    assert all(any(line.rstrip() == one.rstrip() for one in rest) for line in own.split("\n") if line.strip())
    assert bool(own.strip()) == bool(text.strip())
