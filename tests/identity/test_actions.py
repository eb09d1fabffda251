"""Accounts: by one-time link, with roles that do not conflict, ended for good, and never locked out by a stranger."""

import threading
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from madoguchi.audit.actions import OPERATOR
from madoguchi.audit.models import Entry
from madoguchi.identity import actions, queries
from madoguchi.identity.errors import (
    DisabledError,
    LinkSpentError,
    NameTakenError,
    RolesConflictError,
    UnknownStaffError,
)
from madoguchi.identity.models import FailedSignIn, OneTimeLink, RoleGrant, Staff
from madoguchi.identity.policy import Role

pytestmark = [pytest.mark.store, pytest.mark.django_db]

WORDS = "a long pass phrase"
MINUTE = timedelta(minutes=1)


def hana(now: datetime, *roles: Role) -> Staff:
    return actions.add_staff(actor=OPERATOR, now=now, username="hana", name="Hana", roles=roles)


def link(now: datetime) -> str:
    return actions.issue_link(actor=OPERATOR, now=now, username="hana")


def grant(staff: Staff, role: Role, now: datetime) -> None:
    actions.grant_role(actor=OPERATOR, now=now, staff=staff, role=role)


# --- Roles -------------------------------------------------------------------------------------------------


def test_an_account_may_what_its_roles_may(now: datetime) -> None:
    staff = hana(now, "handler")
    assert queries.may(staff) == {"read-reports", "answer"}
    grant(staff, "auditor", now)
    assert queries.may(staff) == {"read-reports", "answer", "read-log"}


@pytest.mark.parametrize("roles", [("operator", "auditor"), ("duty-lead", "operator")])
def test_conflicting_roles_are_not_given_at_once_nor_one_after_the_other(
    now: datetime, roles: tuple[Role, Role]
) -> None:
    with pytest.raises(RolesConflictError, match="one person"):
        hana(now, *roles)
    assert not Staff.objects.exists()
    assert not Entry.objects.exists()
    staff = hana(now, roles[0])
    with pytest.raises(RolesConflictError):
        grant(staff, roles[1], now)
    assert RoleGrant.objects.get().role == roles[0]


@pytest.mark.usefixtures("committed")
def test_two_administrators_at_once_do_not_give_roles_that_conflict(now: datetime) -> None:
    staff = hana(now)
    start = threading.Barrier(2)
    refused: list[Role] = []

    def give(role: Role) -> None:
        start.wait()
        try:
            grant(staff, role, now)
        except RolesConflictError:
            refused.append(role)
        finally:
            connections.close_all()

    roles: tuple[Role, Role] = ("operator", "auditor")
    threads = [threading.Thread(target=give, args=(role,)) for role in roles]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (RoleGrant.objects.count(), len(refused)) == (1, 1)


def test_a_role_that_is_held_is_not_given_twice(now: datetime) -> None:
    staff = hana(now, "handler")
    grant(staff, "handler", now + MINUTE)
    assert RoleGrant.objects.get().granted_at == now


def test_a_name_is_given_once(now: datetime) -> None:
    hana(now)
    with pytest.raises(NameTakenError, match="reset"):
        hana(now)


# --- One-time links ----------------------------------------------------------------------------------------


def test_a_link_sets_a_password_once(now: datetime) -> None:
    staff, token = hana(now), link(now)
    assert not staff.has_usable_password()
    assert queries.link_holder(token, now) == staff
    actions.set_password_by_link(now=now + MINUTE, token=token, password=WORDS)
    assert Staff.objects.get().check_password(WORDS)
    assert queries.link_holder(token, now + MINUTE) is None
    with pytest.raises(LinkSpentError, match="new one"):
        actions.set_password_by_link(now=now + MINUTE, token=token, password="another long phrase")
    assert Staff.objects.get().check_password(WORDS)
    assert Entry.objects.filter(verb="set a password", actor_id=str(staff.id)).count() == 1


def test_a_weak_password_does_not_spend_the_link(now: datetime) -> None:
    hana(now)
    token = link(now)
    for weak in ("short", "password1234", "123456789012"):
        with pytest.raises(ValidationError):
            actions.set_password_by_link(now=now, token=token, password=weak)
    actions.set_password_by_link(now=now, token=token, password=WORDS)
    assert Staff.objects.get().check_password(WORDS)


def test_a_link_ends_after_a_day(now: datetime) -> None:
    hana(now)
    token, end = link(now), now + actions.LINK_LASTS
    assert queries.link_holder(token, end - MINUTE) is not None
    assert queries.link_holder(token, end) is None
    with pytest.raises(LinkSpentError):
        actions.set_password_by_link(now=end, token=token, password=WORDS)


def test_a_new_link_ends_the_earlier_ones(now: datetime) -> None:
    hana(now)
    first, second = link(now), link(now + MINUTE)
    assert queries.link_holder(first, now + MINUTE) is None
    with pytest.raises(LinkSpentError):
        actions.set_password_by_link(now=now + MINUTE, token=first, password=WORDS)
    actions.set_password_by_link(now=now + MINUTE, token=second, password=WORDS)
    assert OneTimeLink.objects.filter(spent_at__isnull=True).count() == 0


def test_a_guessed_link_opens_nothing_and_the_token_itself_is_not_stored(now: datetime) -> None:
    hana(now)
    token = link(now)
    with pytest.raises(LinkSpentError):
        actions.set_password_by_link(now=now, token="guessed", password=WORDS)
    assert queries.link_holder("guessed", now) is None
    assert token.encode() not in bytes(OneTimeLink.objects.get().token_hash)


def test_there_is_no_link_for_nobody(now: datetime) -> None:
    with pytest.raises(UnknownStaffError, match="staff list"):
        link(now)


# --- The end of an account ---------------------------------------------------------------------------------


def test_who_was_disabled_may_nothing_and_gets_in_by_no_link(now: datetime) -> None:
    staff, token = hana(now, "handler"), link(now)
    actions.disable_staff(actor=OPERATOR, now=now, username="hana")
    staff.refresh_from_db()
    assert (staff.is_active, staff.has_usable_password(), queries.may(staff)) == (False, False, frozenset())
    assert queries.link_holder(token, now) is None
    with pytest.raises(LinkSpentError):
        actions.set_password_by_link(now=now, token=token, password=WORDS)
    with pytest.raises(DisabledError, match="another name"):
        link(now)
    assert [(one.username, roles) for one, roles in queries.staff_list()] == [("hana", ["handler"])]


def test_disabling_again_keeps_the_time_of_the_first(now: datetime) -> None:
    hana(now)
    actions.disable_staff(actor=OPERATOR, now=now, username="hana")
    actions.disable_staff(actor=OPERATOR, now=now + MINUTE, username="hana")
    assert Staff.objects.get().disabled_at == now
    assert Entry.objects.filter(verb="disabled").count() == 1


# --- Sign-ins ----------------------------------------------------------------------------------------------


def test_a_network_waits_longer_with_each_failure_and_not_for_another_s(now: datetime) -> None:
    waits = []
    for n in range(8):
        waits.append(queries.seconds_to_wait(b"one", now))
        actions.note_failed_sign_in(now=now + timedelta(milliseconds=n), network_key=b"one")
    assert waits == [0, 0, 0, 0, 0, 1, 2, 4]
    assert queries.seconds_to_wait(b"other", now) == 0
    assert queries.seconds_to_wait(b"one", now + timedelta(seconds=9)) == 0
    assert queries.seconds_to_wait(b"one", now + timedelta(hours=2)) == 0


def test_not_even_a_part_of_a_second_of_the_wait_is_given_away(now: datetime) -> None:
    for _ in range(5):
        actions.note_failed_sign_in(now=now, network_key=b"one")
    assert queries.seconds_to_wait(b"one", now + timedelta(milliseconds=500)) == 1
    assert queries.seconds_to_wait(b"one", now + timedelta(seconds=1)) == 0


def test_a_sign_in_forgives_its_network_and_a_day_forgives_all(now: datetime) -> None:
    staff = hana(now)
    for key in (b"one", b"other"):
        actions.note_failed_sign_in(now=now, network_key=key)
    actor = queries.Actor("staff", str(staff.id))
    actions.note_sign_in(
        actor=actor,
        now=now,
        staff=staff,
        session_key="k" * 32,
        device="Firefox",
        network="192.0.2.0/24",
        network_key=b"one",
    )
    assert [bytes(row.network_key) for row in FailedSignIn.objects.all()] == [b"other"]
    actions.note_failed_sign_in(now=now + timedelta(days=2), network_key=b"one")
    assert [bytes(row.network_key) for row in FailedSignIn.objects.all()] == [b"one"]
