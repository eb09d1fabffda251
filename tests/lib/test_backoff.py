"""When to try again."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.lib.backoff import JITTER, next_after

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
WAITS = (timedelta(minutes=1), timedelta(minutes=10))


@given(st.integers(1, 2), st.randoms(use_true_random=False))
def test_a_wait_is_never_shorter_than_the_table_says_and_little_longer(
    tries: int, source: random.Random
) -> None:
    following = next_after(WAITS, tries=tries, now=NOW, random=source)
    assert following is not None
    assert WAITS[tries - 1] <= following - NOW <= WAITS[tries - 1] * (1 + JITTER)


@pytest.mark.parametrize("tries", [3, 4, 1000])
def test_there_is_an_end(tries: int) -> None:
    assert next_after(WAITS, tries=tries, now=NOW, random=random.Random(1)) is None


@pytest.mark.parametrize("tries", [0, -1])
def test_a_try_that_did_not_fail_has_no_next(tries: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        next_after(WAITS, tries=tries, now=NOW, random=random.Random(1))
