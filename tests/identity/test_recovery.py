"""Recovery codes: how they look, how they may be typed, and whose they are."""

import re
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from madoguchi.identity import recovery

HANA, BOB = uuid4(), uuid4()


def test_ten_codes_each_in_four_groups_all_different() -> None:
    codes = recovery.new_codes()
    assert len(set(codes)) == recovery.HOW_MANY == 10
    assert all(re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", code) for code in codes)


def test_a_code_may_be_typed_small_without_hyphens_in_full_width_or_with_look_alikes() -> None:
    code = "ABCO-IJKL-MNBP-QRS2"
    for typed in (
        "abcoijklmnbpqrs2",
        "ABCO IJKL MNBP QRS2",
        "ＡＢＣＯ-ＩＪＫＬ-ＭＮＢＰ-ＱＲＳ２",
        "ABC0-1JKL-MN8P-QRS2",
    ):
        assert recovery.hashed(HANA, typed) == recovery.hashed(HANA, code)


def test_the_same_code_of_somebody_else_is_another() -> None:
    code = recovery.new_codes()[0]
    assert recovery.hashed(HANA, code) != recovery.hashed(BOB, code)


@given(st.text(max_size=60))
def test_anything_can_be_typed(typed: str) -> None:
    assert len(recovery.hashed(HANA, typed)) == 32
    assert " " not in recovery.plain(typed)
