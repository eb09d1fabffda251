"""Writing clearances. Only disclosure may import this module; the layers contract checks it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb
from madoguchi.mail.composition import content_hash
from madoguchi.mail.models import Clearance, Revocation
from madoguchi.vault.actions import blind_index


def recipients_key(recipients: Sequence[str]) -> bytes:
    """Keyed hash over the recipients, in any order."""
    return blind_index().key("recipients", "\n".join(sorted(one.strip() for one in recipients)))


def clearance_for(
    *, actor: Actor, now: datetime, content: bytes, recipients: Sequence[str], rule: str, audience: str
) -> Clearance:
    """A clearance row, not yet stored."""
    return Clearance(
        id=new_id(now),
        content_hash=content_hash(content),
        recipients_key=recipients_key(recipients),
        rule=rule,
        audience=audience,
        actor_kind=actor.kind,
        actor_id=actor.id,
        at=now,
    )


@verb
def grant(*, actor: Actor, now: datetime, clearances: Sequence[Clearance]) -> None:
    """Stores clearances with their entries."""
    Clearance.objects.bulk_create(clearances)
    record(actor=actor, now=now, deeds=[Deed("cleared", "clearance", one.id) for one in clearances])


@verb
def revoke(*, actor: Actor, now: datetime, clearance_ids: Sequence[UUID]) -> None:
    """Ends clearances: what is not yet being sent does not leave. One revoked before stays revoked."""
    rows = [
        Revocation(clearance_id=one, at=now, actor_kind=actor.kind, actor_id=actor.id)
        for one in clearance_ids
    ]
    Revocation.objects.bulk_create(rows, ignore_conflicts=True)
    record(actor=actor, now=now, deeds=[Deed("revoked", "clearance", one) for one in clearance_ids])
