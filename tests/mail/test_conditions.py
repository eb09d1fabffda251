"""Conditions that a centre writes as lines: what they say of a mail, and what is said of a wrong one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.mail.conditions import LONGEST, Fields, condition, conditions, first_of

HEADER = {"x-spam-flag": ["YES"], "x-spamd-result": ["default: True [12.30 / 15.00]"], "x-bulk": ["a", "b c"]}
MAIL = Fields(["Sale@News.Bulk.example"], "【ＳＡＬＥ】 Only   today", lambda name: HEADER.get(name, []))


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("from ends @bulk.example", False),
        ("from ends .bulk.example", True),
        ("from is sale@news.bulk.example", True),
        ("From Begins SALE@", True),
        ("subject contains sale】 only today", True),
        ("subject is only today", False),
        ("header X-Spam-Flag is yes", True),
        ("header x-spam-flag begins y", True),
        ("header X-Spam-Flag is no", False),
        ("header X-Bulk is B  C", True),
        ("header X-Absent contains a", False),
        ("header X-Spamd-Result over 12", True),
        ("header X-Spamd-Result over 12.5", False),
        ("header X-Spam-Flag over 0", False),
        ("header X-Absent over -5", False),
    ],
)
def test_a_line_says_of_a_mail_what_stands_in_it(line: str, holds: bool) -> None:
    assert first_of([condition(line)], MAIL) == (line if holds else "")


def test_the_first_line_that_is_true_is_named() -> None:
    lines = ["subject is nothing", "from ends .example", "header X-Spam-Flag is yes"]
    assert first_of(conditions(lines), MAIL) == "from ends .example"
    assert first_of((), MAIL) == ""


@pytest.mark.parametrize(
    "line",
    [
        "",
        "from",
        "from @bulk.example",
        "to ends @bulk.example",
        "subject matches .*",
        "header is yes",
        "header X Y is yes",
        "from is",
        "subject over 5",
        "header X-Score over many",
        "subject contains " + "x" * LONGEST,
    ],
)
def test_a_wrong_line_is_named_by_its_number_with_what_to_write_instead(line: str) -> None:
    with pytest.raises(ValueError, match=r"line 2 is no condition; (write it as|“over” compares)"):
        conditions(["from ends @a.example", line])


@given(st.text(max_size=40), st.sampled_from(["is", "contains", "begins", "ends"]))
def test_any_words_are_found_in_themselves(words: str, test: str) -> None:
    line = f"subject {test} {words}"
    try:
        one = condition(line)
    except ValueError:
        assert not words.strip() or "\n" in words or len(line) > LONGEST or not words.isprintable()
    else:
        assert one.holds([words])
