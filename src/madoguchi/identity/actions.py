"""Accounts: made and reset by one-time link, disabled, given roles; sign-ins counted."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.contrib.auth.password_validation import validate_password

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.identity.errors import (
    DisabledError,
    LinkSpentError,
    NameTakenError,
    RolesConflictError,
    UnknownStaffError,
)
from madoguchi.identity.factors import (
    add_app,
    add_passkey,
    drop_factors,
    end_factor,
    renew_recovery_codes,
)
from madoguchi.identity.models import FailedSignIn, OneTimeLink, RoleGrant, Staff
from madoguchi.identity.own_sessions import end_sessions, keep_session
from madoguchi.identity.policy import Role, conflict
from madoguchi.identity.showing import show_code, show_passkey
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb

__all__ = [
    "add_app",
    "add_passkey",
    "add_staff",
    "disable_staff",
    "end_factor",
    "end_sessions",
    "forget_factors",
    "grant_role",
    "issue_link",
    "keep_session",
    "note_failed_sign_in",
    "note_sign_in",
    "renew_recovery_codes",
    "set_password_by_link",
    "show_code",
    "show_passkey",
]

LINK_LASTS = timedelta(hours=24)
FAILURES_KEPT = timedelta(days=1)


@verb
def add_staff(*, actor: Actor, now: datetime, username: str, name: str, roles: Iterable[Role]) -> Staff:
    """A new account without a password. Raises NameTakenError, RolesConflictError."""
    if Staff.objects.filter(username=username).exists():
        raise NameTakenError(NameTakenError.__doc__)
    staff = Staff(id=new_id(now), username=username, name=name, made_at=now)
    staff.set_unusable_password()
    staff.save(force_insert=True)
    record(actor=actor, now=now, deeds=[Deed("added", "staff", staff.id)])
    for role in roles:
        grant_role(actor=actor, now=now, staff=staff, role=role)
    return staff


@verb
def grant_role(*, actor: Actor, now: datetime, staff: Staff, role: Role) -> None:
    """Gives a role; one already held stays as it is. Raises RolesConflictError."""
    # Locked, so that two who give roles at once see each other's.
    Staff.objects.select_for_update().get(pk=staff.pk)
    found = RoleGrant.objects.filter(staff=staff, ended_at__isnull=True).values_list("role", flat=True)
    held = cast("list[Role]", list(found))
    if role in held:
        return
    if conflict([*held, role]):
        raise RolesConflictError(RolesConflictError.__doc__)
    grant = RoleGrant(
        id=new_id(now), staff=staff, role=role, granted_at=now, granted_by=f"{actor.kind}:{actor.id}"
    )
    RoleGrant.objects.bulk_create([grant])
    record(actor=actor, now=now, deeds=[Deed(f"granted {role}", "staff", staff.id)])


@verb
def issue_link(*, actor: Actor, now: datetime, username: str) -> str:
    """A fresh one-time token for setting the password; earlier links end. Raises UnknownStaffError, DisabledError."""
    staff = _staff(username)
    if not staff.is_active:
        raise DisabledError(DisabledError.__doc__)
    OneTimeLink.objects.filter(staff=staff, spent_at__isnull=True).update(spent_at=now)
    token = secrets.token_urlsafe(32)
    link = OneTimeLink(
        id=new_id(now), staff=staff, token_hash=_hash(token), made_at=now, ends_at=now + LINK_LASTS
    )
    OneTimeLink.objects.bulk_create([link])
    record(actor=actor, now=now, deeds=[Deed("issued a link", "staff", staff.id)])
    return token


@verb
def set_password_by_link(*, now: datetime, token: str, password: str) -> Staff:
    """Spends the link and sets the password; whoever holds the link acts.

    Raises LinkSpentError, and Django's ValidationError where the password is too weak.
    """
    link = OneTimeLink.objects.select_related("staff").filter(token_hash=_hash(token)).first()
    if link is None:
        raise LinkSpentError(LinkSpentError.__doc__)
    validate_password(password, link.staff)
    live = OneTimeLink.objects.filter(
        pk=link.pk, spent_at__isnull=True, ends_at__gt=now, staff__disabled_at__isnull=True
    )
    if not OneTimeLink.objects.filter(pk__in=live.values("pk")).update(spent_at=now):
        raise LinkSpentError(LinkSpentError.__doc__)
    link.staff.set_password(password)
    link.staff.save(update_fields=["password"])
    record(
        actor=Actor("staff", str(link.staff.id)),
        now=now,
        deeds=[Deed("set a password", "staff", link.staff.id)],
    )
    end_sessions(actor=Actor("staff", str(link.staff.id)), now=now, staff=link.staff)
    return link.staff


@verb
def disable_staff(*, actor: Actor, now: datetime, username: str) -> None:
    """Ends an account: it signs in no more and its sessions end at once. One ended before stays as it is."""
    staff = _staff(username)
    if not staff.is_active:
        return
    staff.disabled_at = now
    staff.set_unusable_password()
    staff.save(update_fields=["disabled_at", "password"])
    record(actor=actor, now=now, deeds=[Deed("disabled", "staff", staff.id)])
    end_sessions(actor=actor, now=now, staff=staff)
    drop_factors(actor=actor, now=now, staff=staff)


@verb
def forget_factors(*, actor: Actor, now: datetime, username: str) -> None:
    """Ends every second factor and recovery code of an account. Raises UnknownStaffError.

    Whoever sets its password next signs in without one, and is asked to add one where the centre wants it.
    """
    staff = _staff(username)
    end_sessions(actor=actor, now=now, staff=staff)
    drop_factors(actor=actor, now=now, staff=staff)


@verb
def note_sign_in(
    *,
    actor: Actor,
    now: datetime,
    staff: Staff,
    session_key: str,
    device: str,
    network: str,
    network_key: bytes,
) -> UUID:
    """Notes a sign-in, keeps its session as one of this person's, and forgets the failures of its network."""
    FailedSignIn.objects.filter(network_key=network_key).delete()
    return keep_session(
        actor=actor, now=now, staff=staff, session_key=session_key, device=device, network=network
    )


@verb
def note_failed_sign_in(*, now: datetime, network_key: bytes, account_key: bytes = b"") -> None:
    """Counts a failure of this network or device, and of this account's name; forgets those older than a day."""
    FailedSignIn.objects.filter(at__lt=now - FAILURES_KEPT).delete()
    failure = FailedSignIn(network_key=network_key, account_key=account_key, at=now)
    FailedSignIn.objects.bulk_create([failure])


def _staff(username: str) -> Staff:
    try:
        return Staff.objects.get(username=username)
    except Staff.DoesNotExist as unknown:
        raise UnknownStaffError(UnknownStaffError.__doc__) from unknown


def _hash(token: str) -> bytes:
    # The token has 256 random bits, so a plain hash can't be guessed back.
    return hashlib.sha256(token.encode()).digest()
