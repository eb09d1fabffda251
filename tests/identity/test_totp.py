"""Codes of authenticator apps, against the examples of RFC 6238 and around the edges of their time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.identity import totp

SECRET = b"12345678901234567890"
MOMENTS = st.integers(min_value=0, max_value=2**33)


def at(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_examples_of_rfc_6238_appendix_b_in_six_digits(seconds: int, code: str) -> None:
    assert totp.matching_step(SECRET, code, at(seconds)) == seconds // 30


@given(MOMENTS, st.integers(min_value=-5, max_value=5))
def test_a_code_counts_one_step_before_and_after_its_own_and_no_further(seconds: int, steps: int) -> None:
    step = seconds // 30 + 6
    code = totp.code_at(SECRET, step).decode()
    near = [totp.code_at(SECRET, step + steps + one).decode() for one in (-1, 0, 1)]
    found = totp.matching_step(SECRET, code, at((step + steps) * 30))
    assert (found is not None) == (code in near)
    if found is not None:
        assert totp.code_at(SECRET, found).decode() == code


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_code_or_not(typed: str) -> None:
    step = totp.matching_step(SECRET, typed, at(59))
    assert step is None or totp.code_at(SECRET, step).decode() == typed


def test_secrets_are_twenty_bytes_and_never_the_same() -> None:
    made = {totp.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(one) for one in made} == {20}


def test_an_app_reads_account_issuer_and_secret_from_the_address() -> None:
    address = totp.address(SECRET, account="hanako", issuer="Example CSIRT")
    assert address.startswith("otpauth://totp/Example%20CSIRT:hanako?")
    assert f"secret={totp.as_text(SECRET)}" in address
    assert "period=30" in address
