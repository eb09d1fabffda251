"""Roles and what each may do, and how long a network waits that guessed wrong."""

from itertools import combinations
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.identity.policy import (
    NEVER_TOGETHER,
    TABLE,
    Permission,
    Role,
    conflict,
    device,
    permissions,
    sign_in_delay,
)

ROLES = get_args(Role)


def test_every_role_stands_in_the_table_and_every_permission_is_somebody_s() -> None:
    assert set(TABLE) == set(ROLES)
    assert permissions(ROLES) == set(get_args(Permission))


@pytest.mark.parametrize(
    ("role", "may_not"),
    [
        ("operator", {"read-reports", "answer", "approve", "read-log"}),
        ("auditor", {"read-reports", "answer", "run-again"}),
        ("account-administrator", {"read-reports", "answer", "approve", "read-log", "run-again"}),
        ("handler", {"approve", "grant-roles", "read-log", "see-queues"}),
        ("duty-lead", {"grant-roles", "read-log"}),
    ],
)
def test_no_role_reaches_into_another_s_work(role: Role, may_not: set[Permission]) -> None:
    assert not TABLE[role] & may_not


@pytest.mark.parametrize("pair", [{"operator", "auditor"}, {"operator", "duty-lead"}])
def test_who_runs_the_machine_neither_checks_it_nor_approves(pair: set[Role]) -> None:
    assert conflict(pair) == pair
    assert conflict(ROLES) in NEVER_TOGETHER


def test_every_other_two_roles_may_be_held_together() -> None:
    for pair in map(frozenset, combinations(ROLES, 2)):
        assert (conflict(pair) is None) is (pair not in NEVER_TOGETHER)


@given(st.sets(st.sampled_from(ROLES)), st.sampled_from(ROLES))
def test_one_more_role_takes_no_permission_and_no_conflict_away(held: set[Role], more: Role) -> None:
    assert permissions(held) <= permissions({*held, more})
    if conflict(held):
        assert conflict({*held, more})


@given(st.integers(0, 10_000))
def test_the_wait_grows_with_each_failure_and_never_becomes_a_lock(failures: int) -> None:
    assert 0 <= sign_in_delay(failures) <= sign_in_delay(failures + 1) <= 900


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (10, 32), (14, 512), (15, 900)]
)
def test_the_first_tries_are_free_and_then_the_wait_doubles(failures: int, seconds: int) -> None:
    assert sign_in_delay(failures) == seconds


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox, Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1 Version/18.4 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.4 Safari/605.1", "Safari, macOS"),
        ("curl/8.5.0", ""),
        ("<script>alert(1)</script> Firefox/1", "Firefox"),
        ("", ""),
    ],
)
def test_a_program_is_named_as_its_owner_would(said: str, known: str) -> None:
    assert device(said) == known
