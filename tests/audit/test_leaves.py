"""What goes into the tree: one canonical form per entry, opaque outside, and a note that can be forgotten."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.audit.leaves import DATA_BYTES, Fields, canonical, commitment, entry_id, leaf_data

ENTRY = Fields(
    7,
    datetime(2026, 11, 24, 1, 30, 0, 5, tzinfo=UTC),
    "staff",
    "0193",
    "opened",
    "report",
    "0194",
)


def test_the_form_is_fixed() -> None:
    assert canonical(ENTRY).hex() == (
        "010000000000000007"
        f"{1795483800000005:016x}"
        "00057374616666"
        "000430313933"
        "00066f70656e6564"
        "00067265706f7274" + "000430313934" + "0000"
    )
    digest = sha256(b"madoguchi audit entry\n" + canonical(ENTRY)).digest()
    assert leaf_data(ENTRY) == bytes(7) + b"\x07" + digest
    assert (len(leaf_data(ENTRY)), entry_id(leaf_data(ENTRY))) == (DATA_BYTES, 7)


OTHER = {
    "id": 8,
    "at": ENTRY.at + timedelta(microseconds=1),
    "actor_kind": "worker",
    "actor_id": "",
    "verb": "listed",
    "object_kind": "reports",
    "object_id": "0195",
    "commitment": bytes(32),
}


@pytest.mark.parametrize("field", OTHER)
def test_every_field_counts(field: str) -> None:
    assert leaf_data(replace(ENTRY, **{field: OTHER[field]})) != leaf_data(ENTRY)


fields = st.builds(
    Fields,
    id=st.integers(0, 3),
    at=st.sampled_from([ENTRY.at, ENTRY.at.astimezone(UTC)]),
    actor_kind=st.text("ab", max_size=2),
    actor_id=st.text("ab", max_size=2),
    verb=st.text("ab", max_size=2),
    object_kind=st.text("ab", max_size=2),
    object_id=st.text("ab", max_size=2),
)


@given(fields, fields)
def test_two_entries_never_have_one_form(one: Fields, other: Fields) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


def test_who_lacks_the_salt_can_t_test_a_guess() -> None:
    assert commitment(bytes(32), b"a reason") != commitment(b"s" * 32, b"a reason")
    assert commitment(bytes(32), b"a reason") != commitment(bytes(32), b"another")
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(b"", b"a reason")
