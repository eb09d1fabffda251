"""Questions about second factors: which somebody has, opened; and whether a code or a passkey is right."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from madoguchi.identity import passkeys, totp
from madoguchi.identity.factors import place
from madoguchi.identity.models import Factor, RecoveryCode, Staff
from madoguchi.vault.queries import open_unit, open_units


@dataclass(frozen=True, slots=True)
class OwnFactor:
    """A factor as its owner's page shows it."""

    id: UUID
    kind: str
    label: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A factor that was shown rightly; to count, its counter must still rise: see `factors.note_factor_used`."""

    factor: UUID
    counter: int


@dataclass(frozen=True, slots=True)
class KnownPasskey:
    """Somebody's passkey, opened."""

    factor: UUID
    passkey: passkeys.Passkey = field(repr=False)


def has_factor(staff: Staff) -> bool:
    """Whether a password alone does not sign this person in."""
    return Factor.objects.filter(staff=staff, ended_at__isnull=True).exists()


def kinds_of(staff: Staff) -> frozenset[str]:
    """Which kinds of factors somebody has; nothing is opened."""
    rows = Factor.objects.filter(staff=staff, ended_at__isnull=True)
    return frozenset(rows.values_list("kind", flat=True))


def factors_of(staff: Staff) -> list[OwnFactor]:
    """All that somebody has, oldest first. Two queries."""
    rows = list(Factor.objects.filter(staff=staff, ended_at__isnull=True).order_by("made_at", "id"))
    keys = open_units(row.data_key for row in rows)
    return [
        OwnFactor(
            row.id,
            row.kind,
            keys[row.data_key].open_text(place(staff.id, row.kind, "label"), bytes(row.label)),
            row.made_at,
            row.used_at,
        )
        for row in rows
    ]


def codes_left(staff: Staff) -> int:
    """How many recovery codes somebody can still use."""
    return RecoveryCode.objects.filter(staff=staff, spent_at__isnull=True).count()


def passkeys_of(staff: Staff) -> list[KnownPasskey]:
    """Somebody's passkeys, opened. Two queries. Raises NotOpenedError for a row that was somebody else's."""
    rows = list(Factor.objects.filter(staff=staff, kind="passkey", ended_at__isnull=True).order_by("id"))
    keys = open_units(row.data_key for row in rows)
    return [
        KnownPasskey(
            row.id,
            passkeys.Passkey(
                keys[row.data_key].open(place(staff.id, "passkey", "secret"), bytes(row.secret)), row.counter
            ),
        )
        for row in rows
    ]


def code_shown(staff: Staff, code: str, now: datetime) -> Shown | None:
    """Whether this is a code of the person's app. Raises NotOpenedError for a row that was somebody else's."""
    row = Factor.objects.filter(staff=staff, kind="totp", ended_at__isnull=True).first()
    if row is None:
        return None
    secret = open_unit(row.data_key).open(place(staff.id, "totp", "secret"), bytes(row.secret))
    step = totp.matching_step(secret, code, now)
    return None if step is None else Shown(row.id, step)


def passkey_shown(staff: Staff, at: passkeys.Site, state: passkeys.State, answer: Any) -> Shown:
    """Which of the person's passkeys gave this answer. Raises PasskeyError, NotOpenedError."""
    known = passkeys_of(staff)
    by, counter = passkeys.used(at, state, [one.passkey for one in known], answer)
    return Shown(next(one.factor for one in known if one.passkey is by), counter)
