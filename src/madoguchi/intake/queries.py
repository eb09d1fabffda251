"""Questions about arrivals (the sealed original of a message, what waits) and about the draft of a browser."""

from collections.abc import Iterator
from itertools import chain
from uuid import UUID

from madoguchi.intake.accepting import raw_of
from madoguchi.intake.drafts import find_draft
from madoguchi.intake.models import Arrival, DraftFile
from madoguchi.intake.uploads import draft_of, room_for_files
from madoguchi.lib.due import Backlog, backlog

__all__ = ["arrival_backlog", "blobs_named", "draft_of", "find_draft", "original", "room_for_files"]

SHOWN = 100


def original(arrival: UUID) -> bytes:
    """The bytes of an arrival as they came in. Raises Arrival.DoesNotExist, VaultError."""
    return raw_of(Arrival.objects.get(pk=arrival))


def arrival_backlog() -> Backlog[Arrival]:
    """What waits to be understood, and what could not be: ids and error classes only."""
    troubled = (
        Arrival.objects.filter(handled_at__isnull=True).exclude(last_error="").order_by("received_at")[:SHOWN]
    )
    return backlog(Arrival, troubled.defer("raw", "envelope"))


def blobs_named() -> Iterator[UUID]:
    """Every blob that a row names and that was written to its end."""
    arrivals = Arrival.objects.filter(blob__isnull=False).order_by("pk").values_list("blob", flat=True)
    drafts = DraftFile.objects.filter(size__isnull=False).order_by("pk").values_list("blob", flat=True)
    return chain((blob for blob in arrivals.iterator() if blob), drafts.iterator())
