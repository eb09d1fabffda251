"""The sessions of a person: kept when they sign in, listed for them alone, ended by them or with their account.

What a session is to the pages stands in the framework's own table; a row here says whose it is and, sealed, from where.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.identity.middleware import SEEN
from madoguchi.identity.models import Staff, StaffSession
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import Place, keep, new_unit, shred
from madoguchi.vault.queries import open_units


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A session as its owner's page shows it: `network` is a prefix, never an address."""

    id: UUID
    device: str
    network: str
    begun_at: datetime
    used_at: datetime


def sessions_of(staff: Staff, now: datetime) -> list[OwnSession]:
    """Where somebody is signed in now, the newest first. Three queries."""
    rows = list(StaffSession.objects.filter(staff=staff, ended_at__isnull=True).order_by("-begun_at", "-id"))
    live = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=now)
    idle_since = now.timestamp() - settings.SESSION_IDLE_SECONDS
    seen = {one.session_key: one.get_decoded().get(SEEN) for one in live}
    keys = open_units(row.data_key for row in rows)
    return [
        OwnSession(
            row.id,
            keys[row.data_key].open_text(_place(staff.id, "device"), bytes(row.device)),
            keys[row.data_key].open_text(_place(staff.id, "network"), bytes(row.network)),
            row.begun_at,
            datetime.fromtimestamp(used, UTC),
        )
        for row in rows
        if (used := seen.get(row.session_key or "")) and used >= idle_since
    ]


@verb
def keep_session(
    *, actor: Actor, now: datetime, staff: Staff, session_key: str, device: str, network: str
) -> UUID:
    """Keeps whose a new session is and from where; forgets those of this person that are over."""
    _forget_over(staff, now)
    unit = new_unit("person", now)
    keep([unit])
    row = StaffSession(
        id=new_id(now),
        staff=staff,
        session_key=session_key,
        data_key=unit.key.id,
        device=unit.key.seal_text(_place(staff.id, "device"), device),
        network=unit.key.seal_text(_place(staff.id, "network"), network),
        begun_at=now,
    )
    StaffSession.objects.bulk_create([row])
    record(actor=actor, now=now, deeds=[Deed("signed in", "session", row.id)])
    return row.id


@verb
def end_sessions(
    *, actor: Actor, now: datetime, staff: Staff, only: UUID | None = None, but: UUID | None = None
) -> int:
    """Ends this person's sessions at once, or one of them, or all but one; gives how many. None of another's."""
    rows = StaffSession.objects.filter(staff=staff, ended_at__isnull=True)
    found = [row for row in rows if row.id != but and only in {None, row.id}]
    if found:
        _end(found, now)
        record(actor=actor, now=now, deeds=[Deed("ended", "session", row.id) for row in found])
    return len(found)


def _forget_over(staff: Staff, now: datetime) -> None:
    rows = list(StaffSession.objects.filter(staff=staff, ended_at__isnull=True))
    live = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=now)
    there = set(live.values_list("session_key", flat=True))
    _end([row for row in rows if row.session_key not in there], now)


def _end(rows: Iterable[StaffSession], now: datetime) -> None:
    rows = list(rows)
    shred([row.data_key for row in rows], now=now)
    Session.objects.filter(session_key__in=[row.session_key for row in rows]).delete()
    StaffSession.objects.filter(pk__in=[row.pk for row in rows]).update(ended_at=now, session_key=None)


def _place(staff: UUID, field: str) -> Place:
    return Place("identity.session", staff, field)
