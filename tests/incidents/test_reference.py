"""Reference numbers and reply tokens."""

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.incidents.reference import (
    MOST_REFERENCES,
    draw,
    plus_address,
    references_in,
    reply_token,
    token_of,
)

PREFIXES = ("EXAMPLE", "EXAMPLE-CC", "Formerly")
BASE = "report@csirt.example"


@pytest.mark.parametrize(
    ("used_share", "digits"),
    [(0.0, 8), (0.1999, 8), (0.2, 9), (0.9, 9)],
    ids=["empty", "nearly", "a fifth", "full"],
)
def test_a_drawn_reference_has_eight_digits_or_nine_when_a_fifth_is_used(
    used_share: float, digits: int
) -> None:
    source = random.Random(4)
    for _ in range(200):
        assert re.fullmatch(rf"EXAMPLE#[1-9][0-9]{{{digits - 1}}}", draw("EXAMPLE", source, used_share))


def test_references_are_drawn_not_counted() -> None:
    source = random.Random(5)
    drawn = [int(draw("EXAMPLE", source, 0).partition("#")[2]) for _ in range(1000)]
    assert drawn != sorted(drawn)
    assert len(set(drawn)) > 990
    assert min(drawn) < 2 * 10**7
    assert max(drawn) > 9 * 10**7


READ = [
    ("as we write it", "Re: EXAMPLE#12345678 Phishing", ["EXAMPLE#12345678"]),
    ("in any case", "example#12345678", ["EXAMPLE#12345678"]),
    ("full-width", "ＥＸＡＭＰＬＥ＃１２３４５６７８", ["EXAMPLE#12345678"]),
    ("full-width sign and ASCII digits", "EXAMPLE＃12345678", ["EXAMPLE#12345678"]),
    ("with spaces", "EXAMPLE # 12345678", ["EXAMPLE#12345678"]),
    ("with an ideographic space", "EXAMPLE＃　１２３４５６７８", ["EXAMPLE#12345678"]),
    ("broken by a folded header", "EXAMPLE#\r\n 12345678", ["EXAMPLE#12345678"]),
    ("inside Japanese", "件名EXAMPLE#12345678について", ["EXAMPLE#12345678"]),
    ("in brackets", "[EXAMPLE#12345678]", ["EXAMPLE#12345678"]),
    ("nine digits", "EXAMPLE#123456789", ["EXAMPLE#123456789"]),
    ("twelve digits", "EXAMPLE#123456789012", ["EXAMPLE#123456789012"]),
    ("a former prefix", "FORMERLY#00000001", ["Formerly#00000001"]),
    ("the longer prefix of two", "EXAMPLE-CC#12345678", ["EXAMPLE-CC#12345678"]),
    ("two, each once, in order", "Formerly#22222222 example#11111111 FORMERLY#22222222", ["Formerly#22222222", "EXAMPLE#11111111"]),
    ("seven digits are too few", "EXAMPLE#1234567", []),
    ("thirteen are too many", "EXAMPLE#1234567890123", []),
    ("no sign", "EXAMPLE 12345678", []),
    ("another's prefix", "OTHER#12345678", []),
    ("the end of another's prefix", "COUNTEREXAMPLE#12345678", []),
    ("digits of another script", "EXAMPLE#١٢٣٤٥٦٧٨", []),
    ("nothing", "", []),
]  # fmt: skip


@pytest.mark.parametrize(("case", "text", "expected"), READ, ids=[case for case, _, _ in READ])
def test_reading(case: str, text: str, expected: list[str]) -> None:
    assert references_in(text, PREFIXES) == expected


def test_without_prefixes_nothing_is_a_reference() -> None:
    assert references_in("#12345678", ()) == []


def test_a_prefix_is_text_and_no_pattern() -> None:
    assert references_in("AxB#12345678 A.B#12345678", ("A.B",)) == ["A.B#12345678"]


def test_a_text_full_of_references_gives_a_bounded_list() -> None:
    text = " ".join(f"EXAMPLE#{number}" for number in range(10**7, 10**7 + 1000))
    assert len(references_in(text, PREFIXES)) == MOST_REFERENCES


@pytest.mark.parametrize(
    "unit", ["EXAMPLE#", "EXAMPLE # ", "example    #    ", "EXAMPLE#1234567 ", "#", " ", "1"]
)
def test_reading_takes_linear_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    start = time.process_time()
    assert references_in(text, PREFIXES) == []
    assert time.process_time() - start < 5


@given(st.text())
def test_reading_never_fails(text: str) -> None:
    for reference in references_in(text, PREFIXES):
        assert re.fullmatch(r"(EXAMPLE|EXAMPLE-CC|Formerly)#[0-9]{8,12}", reference)


@given(st.randoms(use_true_random=False), st.floats(0, 1), st.text(alphabet=" .、。[]", max_size=5))
def test_what_is_drawn_is_read_again(source: random.Random, share: float, around: str) -> None:
    reference = draw("EXAMPLE", source, share)
    assert references_in(f"{around}{reference}{around}", PREFIXES) == [reference]


def test_a_token_has_at_least_100_random_bits_and_no_two_are_alike() -> None:
    tokens = {reply_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(re.fullmatch(r"[a-z2-7]{24}", token) for token in tokens)


def test_a_token_comes_back_out_of_its_address() -> None:
    token = reply_token()
    address = plus_address(BASE, token)
    assert address == f"report+{token}@csirt.example"
    assert token_of(address, BASE) == token
    assert token_of(f" {address.upper()}", BASE) == token


TOKEN = "mzxw6ytboimzxw6ytboimzxw"


@pytest.mark.parametrize(
    "address",
    [
        "report@csirt.example",
        "report+@csirt.example",
        "report+short@csirt.example",
        f"report+{TOKEN}a@csirt.example",
        f"report+{TOKEN[:-1]}1@csirt.example",
        f"report+{TOKEN}@other.example",
        f"other+{TOKEN}@csirt.example",
        f"{TOKEN}@csirt.example",
        f"report+{TOKEN}",
        "",
        "@",
    ],
)
def test_other_addresses_hold_no_token(address: str) -> None:
    assert token_of(address, BASE) is None


@given(st.text())
def test_no_address_is_too_strange(address: str) -> None:
    assert token_of(address, BASE) is None
