"""Verbs of second factors: adding, using and ending them. What they seal opens for their owner alone."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Q

from madoguchi.audit.actions import PUBLIC, Actor, Deed, record
from madoguchi.identity import recovery
from madoguchi.identity.errors import LastFactorError
from madoguchi.identity.models import Factor, RecoveryCode, Staff
from madoguchi.identity.passkeys import Passkey
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import GuardedQuerySet, verb
from madoguchi.vault.actions import Place, Unit, keep, new_unit, shred

Kind = Literal["totp", "passkey"]


def place(staff: UUID, kind: str, field: str) -> Place:
    """Where a sealed value of a factor belongs: to its owner, so that a row given to somebody else does not open."""
    return Place("identity.factor", staff, f"{kind}.{field}")


@verb
def add_app(*, actor: Actor, now: datetime, staff: Staff, secret: bytes, step: int) -> list[str]:
    """An authenticator app whose code of time step `step` was just shown; it takes the place of a former one.

    Gives recovery codes where the person had none left, to be shown once.
    """
    _lock(staff)
    _end(_live(staff).filter(kind="totp"), now)
    return _add(actor=actor, now=now, staff=staff, kind="totp", secret=secret, label="", counter=step)


@verb
def add_passkey(*, actor: Actor, now: datetime, staff: Staff, passkey: Passkey, label: str) -> list[str]:
    """A passkey, under the name that its owner gives it. Gives recovery codes as `add_app` does."""
    _lock(staff)
    return _add(
        actor=actor,
        now=now,
        staff=staff,
        kind="passkey",
        secret=passkey.credential,
        label=label,
        counter=passkey.counter,
    )


@verb
def note_factor_used(*, actor: Actor, now: datetime, factor: UUID, counter: int) -> bool:
    """Notes a use and keeps the counter; False, and nothing is noted, where it did not rise or the factor has ended.

    A passkey that does not count says 0 each time, and is taken so.
    """
    rises = Q(counter__lt=counter) | Q(kind="passkey", counter=0) & Q(counter=counter)
    live = Factor.objects.filter(rises, pk=factor, ended_at__isnull=True)
    if not live.update(counter=counter, used_at=now):
        return False
    record(actor=actor, now=now, deeds=[Deed("showed", "factor", factor)])
    return True


@verb
def spend_recovery_code(*, actor: Actor, now: datetime, staff: Staff, code: str) -> bool:
    """Spends one of the person's codes; False where it is none of them, or was spent."""
    found = RecoveryCode.objects.filter(
        staff=staff, code_hash=recovery.hashed(staff.id, code), spent_at__isnull=True
    )
    if not found.update(spent_at=now):
        return False
    record(actor=actor, now=now, deeds=[Deed("spent a recovery code", "staff", staff.id)])
    return True


@verb
def note_wrong_code(*, now: datetime, staff: Staff) -> None:
    """Somebody who knew this person's password, or claimed a passkey of theirs, failed to show a second factor."""
    record(actor=PUBLIC, now=now, deeds=[Deed("failed to show a factor", "staff", staff.id)])


@verb
def renew_recovery_codes(*, actor: Actor, now: datetime, staff: Staff) -> list[str]:
    """Ten fresh codes, to be shown once; earlier ones end."""
    _lock(staff)
    codes = _renew(staff, now)
    record(actor=actor, now=now, deeds=[Deed("renewed recovery codes", "staff", staff.id)])
    return codes


@verb
def end_factor(*, actor: Actor, now: datetime, staff: Staff, factor: UUID, last_may_end: bool) -> bool:
    """Ends one's own factor and shreds its secret; False where there is no such one any more.

    With the last one the recovery codes end too. Raises LastFactorError where the centre asks for one.
    """
    _lock(staff)
    live = _live(staff)
    if not live.filter(pk=factor).exists():
        return False
    last = live.count() == 1
    if last and not last_may_end:
        raise LastFactorError(LastFactorError.__doc__)
    _end(live.filter(pk=factor), now)
    if last:
        _spend_all(staff, now)
    record(actor=actor, now=now, deeds=[Deed("ended", "factor", factor)])
    return True


@verb
def drop_factors(*, actor: Actor, now: datetime, staff: Staff) -> None:
    """Ends every factor and recovery code of somebody, who lost them or leaves; without any it changes nothing."""
    _lock(staff)
    ended = _end(_live(staff), now) + _spend_all(staff, now)
    if ended:
        record(actor=actor, now=now, deeds=[Deed("dropped factors", "staff", staff.id)])


def _add(
    *, actor: Actor, now: datetime, staff: Staff, kind: Kind, secret: bytes, label: str, counter: int
) -> list[str]:
    unit: Unit = new_unit("person", now)
    keep([unit])
    factor = Factor(
        id=new_id(now),
        staff=staff,
        kind=kind,
        data_key=unit.key.id,
        secret=unit.key.seal(place(staff.id, kind, "secret"), secret),
        label=unit.key.seal_text(place(staff.id, kind, "label"), label),
        counter=counter,
        made_at=now,
    )
    Factor.objects.bulk_create([factor])
    record(actor=actor, now=now, deeds=[Deed(f"added {kind}", "factor", factor.id)])
    some = RecoveryCode.objects.filter(staff=staff, spent_at__isnull=True).exists()
    return [] if some else _renew(staff, now)


def _lock(staff: Staff) -> None:
    # So that two deeds at once see each other's rows.
    Staff.objects.select_for_update().get(pk=staff.pk)


def _live(staff: Staff) -> GuardedQuerySet[Factor]:
    return Factor.objects.filter(staff=staff, ended_at__isnull=True)


def _end(live: GuardedQuerySet[Factor], now: datetime) -> int:
    keys = list(live.values_list("data_key", flat=True))
    shred(keys, now=now)
    return Factor.objects.filter(data_key__in=keys).update(ended_at=now)


def _renew(staff: Staff, now: datetime) -> list[str]:
    _spend_all(staff, now)
    codes = recovery.new_codes()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(staff=staff, code_hash=recovery.hashed(staff.id, code), made_at=now) for code in codes
    )
    return codes


def _spend_all(staff: Staff, now: datetime) -> int:
    return RecoveryCode.objects.filter(staff=staff, spent_at__isnull=True).update(spent_at=now)
