"""Questions to the log."""

from uuid import UUID

from madoguchi.audit.actor import Actor
from madoguchi.audit.models import Entry

__all__ = ["entries_about", "last_object"]


def last_object(actor: Actor, verb: str) -> str | None:
    """The object of the actor's latest entry with this verb."""
    rows = Entry.objects.filter(actor_kind=actor.kind, actor_id=actor.id, verb=verb)
    return rows.order_by("-id").values_list("object_id", flat=True).first()


def entries_about(object_id: UUID | str) -> list[Entry]:
    """Every entry about one object, oldest first."""
    return list(Entry.objects.filter(object_id=str(object_id)).order_by("id"))
