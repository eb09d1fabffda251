"""Which way an answer goes: every case of the table, and what must hold in all of them."""

from itertools import product

import pytest

from madoguchi.incidents.ways import WayFacts, way_of_answer

NAMES = ("has_address", "by_form", "confirmed", "unsafe", "page_open")
EVERY = [dict(zip(NAMES, values, strict=True)) for values in product((True, False), repeat=len(NAMES))]


@pytest.mark.parametrize(
    ("facts", "way", "reason"),
    [
        ({"has_address": True, "page_open": True}, "mail", "usable"),
        ({"has_address": True, "page_open": False}, "mail", "usable"),
        ({"has_address": True, "by_form": True, "confirmed": True, "page_open": True}, "mail", "usable"),
        ({"has_address": True, "by_form": True, "page_open": True}, "page", "unconfirmed"),
        ({"has_address": True, "by_form": True, "page_open": False}, "none", "unconfirmed"),
        ({"has_address": True, "unsafe": True, "page_open": True}, "page", "unsafe-mailbox"),
        ({"has_address": True, "by_form": True, "unsafe": True, "page_open": True}, "page", "unsafe-mailbox"),
        ({"has_address": False, "page_open": True}, "page", "no-address"),
        ({"has_address": False, "page_open": False}, "none", "no-address"),
    ],
)
def test_the_way_and_its_reason(facts: dict[str, bool], way: str, reason: str) -> None:
    decision = way_of_answer(WayFacts(**(dict.fromkeys(NAMES, False) | facts)))
    assert (decision.way, decision.reason) == (way, reason)


@pytest.mark.parametrize("facts", EVERY)
def test_nothing_is_mailed_to_a_mailbox_that_is_unsafe_or_that_nobody_confirmed(
    facts: dict[str, bool],
) -> None:
    if way_of_answer(WayFacts(**facts)).way == "mail":
        assert facts["has_address"]
        assert not facts["unsafe"]
        assert facts["confirmed"] or not facts["by_form"]


@pytest.mark.parametrize("facts", EVERY)
def test_the_page_is_used_only_while_somebody_can_open_it(facts: dict[str, bool]) -> None:
    if way_of_answer(WayFacts(**facts)).way == "page":
        assert facts["page_open"]
