"""What becomes of a letter in the outbox."""

import random
import ssl
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.lib.backoff import JITTER
from madoguchi.mail.policy import (
    MOVES,
    WAITS,
    Refused,
    State,
    Unsure,
    after_lease,
    after_unknown,
    may_move,
    next_try,
    outcome,
    pace,
)

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
STATES: tuple[State, ...] = get_args(State)

LEGAL: set[tuple[State, State]] = {
    ("queued", "sending"),  # a worker takes it
    ("queued", "cancelled"),  # withdrawn in time
    ("sending", "sent"),
    ("sending", "deferred"),
    ("sending", "failed"),
    ("sending", "queued"),  # the relay was slow and its turn did not come
    ("sending", "unknown"),  # the worker died, or no answer came
    ("deferred", "sending"),  # its next try
    ("deferred", "queued"),  # an operator does not wait for that
    ("deferred", "cancelled"),
    ("failed", "queued"),  # an operator runs it again
    ("failed", "cancelled"),
    ("unknown", "queued"),
    ("unknown", "sent"),
    ("unknown", "cancelled"),
}


@pytest.mark.parametrize("current", STATES)
@pytest.mark.parametrize("following", STATES)
def test_a_letter_moves_by_the_table_alone(current: State, following: State) -> None:
    assert may_move(current, following) is ((current, following) in LEGAL)


def test_what_is_sent_cancelled_or_on_a_page_stays_so() -> None:
    assert {state for state in STATES if not MOVES[state]} == {"sent", "cancelled", "published"}


@pytest.mark.parametrize(
    ("state", "lease", "expected"),
    [
        ("sending", NOW + timedelta(seconds=1), "sending"),
        ("sending", NOW, "unknown"),
        ("sending", NOW - timedelta(hours=1), "unknown"),
        ("sending", None, "unknown"),
        ("queued", None, "queued"),
        ("deferred", NOW - timedelta(hours=1), "deferred"),
        ("sent", NOW - timedelta(hours=1), "sent"),
    ],
)
def test_only_sending_beyond_its_lease_is_unknown(
    state: State, lease: datetime | None, expected: State
) -> None:
    assert after_lease(state, lease, NOW) == expected


def test_an_automatic_letter_goes_again_and_a_persons_waits() -> None:
    assert after_unknown(automatic=True) == "queued"
    assert after_unknown(automatic=False) == "unknown"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (250, "sent"),
        (251, "sent"),
        (421, "deferred"),
        (451, "deferred"),
        (550, "failed"),
        (554, "failed"),
        (354, "deferred"),
        (-1, "deferred"),
        (999, "deferred"),
        (Refused("greylisted", temporary=True, code=451), "deferred"),
        (Refused("the password is wrong", temporary=True, code=535), "deferred"),
        (Refused("no such user", temporary=False, code=550), "failed"),
        (Unsure("no answer"), "unknown"),
        (ConnectionRefusedError(), "deferred"),
        (TimeoutError(), "deferred"),
        (ssl.SSLError(), "deferred"),
        (UnicodeEncodeError("ascii", "é", 0, 1, "x"), "failed"),
        (KeyError("x"), "failed"),
    ],
)
def test_a_try_ends_in(answer: int | Exception, state: State) -> None:
    result = outcome(answer)
    assert result.state == state
    assert result.reason
    assert may_move("sending", result.state)


def test_the_reason_of_a_strange_error_tells_its_class_and_nothing_of_the_letter() -> None:
    assert "secret" not in outcome(ValueError("secret")).reason


@pytest.mark.parametrize(
    ("tries", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 120), (6, 240), (7, 360), (25, 360)]
)
def test_the_wait_after_each_failed_try(tries: int, minutes: int) -> None:
    following = next_try(tries, NOW, random.Random(1))
    assert following is not None
    assert timedelta(minutes=minutes) <= following - NOW <= timedelta(minutes=minutes) * (1 + JITTER)


def test_after_five_days_it_is_given_up() -> None:
    assert next_try(len(WAITS) + 1, NOW, random.Random(1)) is None
    assert timedelta(days=5) <= sum(WAITS, timedelta()) < timedelta(days=5, hours=6)


@given(st.integers(1, 60), st.randoms(use_true_random=False))
def test_a_next_try_lies_ahead_within_a_day(tries: int, source: random.Random) -> None:
    following = next_try(tries, NOW, source)
    assert following is None or NOW < following < NOW + timedelta(days=1)


def test_letters_that_failed_together_do_not_return_together() -> None:
    source = random.Random(2)
    assert len({next_try(1, NOW, source) for _ in range(100)}) == 100


Letter = tuple[str, tuple[str, ...]]


def _pace(due: list[Letter], sent: dict[str, int], most: int) -> list[str]:
    return [name for name, _ in pace(due, lambda letter: letter[1], sent, most=most)]


@pytest.mark.parametrize(
    ("case", "due", "sent", "going"),
    [
        ("nothing is due", [], {}, []),
        (
            "each domain has room for two",
            [("1", ("a",)), ("2", ("a",)), ("3", ("a",)), ("4", ("b",))],
            {},
            ["1", "2", "4"],
        ),
        ("the last minute counts", [("1", ("a",)), ("2", ("a",)), ("3", ("b",))], {"a": 1}, ["1", "3"]),
        ("a full domain waits", [("1", ("a",)), ("2", ("b",))], {"a": 2}, ["2"]),
        ("case does not matter", [("1", ("A",))], {"a": 2}, []),
        (
            "all its domains need room",
            [("1", ("a", "b")), ("2", ("b",)), ("3", ("b",))],
            {"a": 2},
            ["2", "3"],
        ),
        ("two recipients of a domain are one letter", [("1", ("a", "a")), ("2", ("a",))], {}, ["1", "2"]),
    ],
)
def test_pace(case: str, due: list[Letter], sent: dict[str, int], going: list[str]) -> None:
    assert _pace(due, sent, 2) == going


@given(
    st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=2).map(tuple), max_size=30),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 5)),
    st.integers(1, 5),
)
def test_no_domain_gets_more_than_its_share(
    domains: list[tuple[str, ...]], sent: dict[str, int], most: int
) -> None:
    due = [(str(number), names) for number, names in enumerate(domains)]
    going = pace(due, lambda letter: letter[1], sent, most=most)
    assert going == [letter for letter in due if letter in going], "in their order"
    for domain in "abc":
        here = sum(domain in names for _, names in going)
        assert here == 0 or sent.get(domain, 0) + here <= most
