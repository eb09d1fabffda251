"""Receipts: written down by hand, read back in any manner, and every slip of the pen found."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from madoguchi.incidents.codes import (
    ALPHABET,
    LENGTH,
    fresh_receipt,
    fresh_token,
    in_groups,
    is_receipt,
    is_token,
    plain_receipt,
    receipt_of,
)

receipts = st.builds(receipt_of, st.lists(st.integers(0, 31), min_size=20, max_size=20))
places = st.integers(0, LENGTH - 1)
FULL_WIDTH = {ord(char): ord(char) + 0xFEE0 for char in "".join(map(chr, range(0x21, 0x7F)))}


def test_a_receipt_has_a_hundred_random_bits_and_two_check_characters() -> None:
    receipt = fresh_receipt()
    assert (len(receipt), len(ALPHABET), len(set(ALPHABET))) == (22, 32, 32)
    assert is_receipt(receipt)
    assert len({fresh_receipt() for _ in range(1000)}) == 1000


def test_it_is_shown_in_groups_of_four() -> None:
    assert in_groups("0123456789ABCDEFGHJKMN") == "0123-4567-89AB-CDEF-GHJK-MN"


@given(receipts, places, st.sampled_from(ALPHABET))
def test_every_wrong_character_is_found(receipt: str, place: int, other: str) -> None:
    wrong = receipt[:place] + other + receipt[place + 1 :]
    assert is_receipt(wrong) is (wrong == receipt)


@settings(max_examples=5, deadline=None)  # each tries all 682 wrong characters
@given(receipts)
def test_each_single_wrong_character_of_a_receipt_is_found(receipt: str) -> None:
    for place in range(LENGTH):
        for other in set(ALPHABET) - {receipt[place]}:
            assert not is_receipt(receipt[:place] + other + receipt[place + 1 :])


@given(receipts, places, places)
def test_every_swap_of_two_characters_is_found(receipt: str, one: int, other: int) -> None:
    letters = list(receipt)
    letters[one], letters[other] = letters[other], letters[one]
    assert is_receipt("".join(letters)) is ("".join(letters) == receipt)


@given(receipts, st.tuples(places, st.sampled_from(ALPHABET)), st.tuples(places, st.sampled_from(ALPHABET)))
def test_every_two_wrong_characters_are_found(
    receipt: str, one: tuple[int, str], other: tuple[int, str]
) -> None:
    letters = list(receipt)
    for place, letter in (one, other):
        letters[place] = letter
    assert is_receipt("".join(letters)) is ("".join(letters) == receipt)


@given(receipts, st.data())
def test_it_is_read_back_whatever_the_case_width_and_groups(receipt: str, data: st.DataObject) -> None:
    typed = ""
    for letter in in_groups(receipt):
        manners = {letter, letter.lower(), letter.translate(FULL_WIDTH), letter.lower().translate(FULL_WIDTH)}
        manners |= {
            "0": {"O", "o", "Ｏ"},
            "1": {"I", "l", "L", "ｉ"},
            "-": {" ", "　", "ー", "—", "－", ""},
        }.get(letter, set())
        typed += data.draw(st.sampled_from(sorted(manners)))
    assert plain_receipt(f" {typed}\n") == receipt


@given(st.text())
def test_whatever_is_typed_is_read_without_trouble(typed: str) -> None:
    plain = plain_receipt(typed)
    assert plain_receipt(plain) == plain or unicodedata.normalize("NFKC", plain) != plain
    assert is_receipt(plain) in {True, False}


@pytest.mark.parametrize(
    "typed", ["", "U" * LENGTH, "0" * 21, "0" * 23, "é" * LENGTH, "0000 0000 0000 0000 0000 01"]
)
def test_what_can_be_no_receipt_is_known_by_its_form(typed: str) -> None:
    assert not is_receipt(plain_receipt(typed))


def test_a_link_has_a_hundred_and_sixty_random_bits() -> None:
    token = fresh_token()
    assert is_token(token)
    assert len(token) == 32
    assert not is_token(token.upper())
    assert not is_token(token + "a")
