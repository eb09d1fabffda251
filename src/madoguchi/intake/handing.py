"""What the web pages hand over: sealed raw first, as a mail is, and the codes to come back with in the same commit."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from uuid import UUID

from django.conf import settings

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.incidents.actions import open_thread
from madoguchi.intake.accepting import LABEL
from madoguchi.intake.incoming import ADDITION, ANONYMOUS, Envelope
from madoguchi.intake.models import Arrival
from madoguchi.lib.clock import whole_hour
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import Place, Unit, blobs, keep, new_unit

WEB = Actor("public", "web")


@dataclass(frozen=True, slots=True)
class Handed:
    """What a reporter is given at once: `receipt` and `link` (a token) in clear, here and never again."""

    reference: str
    receipt: str = field(repr=False)
    link: str = field(repr=False)
    correspondence: UUID


class _Counted:
    """Pieces that are counted as they pass."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            yield piece


class HandedInBeforeError(Exception):
    """This was handed in already; show what that gave."""


def _nothing_more(_: Handed) -> None:
    """For a form that nothing else is to be noted of."""


def accept_form(
    *,
    now: datetime,
    raw: Iterable[bytes],
    language: str,
    anonymous: bool,
    also: Callable[[Handed], None] = _nothing_more,
) -> Handed:
    """Takes a filled form in, as the pieces of its MIME message; durable, due, and with its reference on return.

    Of an anonymous one no moment is kept closer than the hour. Raises where it is not durable; then nothing is kept
    that a page could show. `also` is done in the same transaction: where it raises HandedInBeforeError nothing is kept.
    """
    now = whole_hour(now) if anonymous else now
    options = (f"language={language}", *((ANONYMOUS,) if anonymous else ()))
    sealed = _sealed(now, raw, Envelope(door="web", options=options))
    try:
        return _store_form(now=now, sealed=sealed, anonymous=anonymous, also=also)
    except HandedInBeforeError:
        if blob := sealed[0].blob:
            blobs().remove(blob)
        raise


def accept_addition(*, now: datetime, raw: Iterable[bytes], correspondence: UUID, anonymous: bool) -> UUID:
    """Takes in what a reporter adds on the private page; durable and due when this gives its id."""
    now = whole_hour(now) if anonymous else now
    options = (ADDITION, *((ANONYMOUS,) if anonymous else ()))
    arrival, unit = _sealed(now, raw, Envelope(door="web", options=options))
    arrival.correspondence = correspondence
    _store_addition(now=now, sealed=(arrival, unit))
    return arrival.id


@verb
def _store_form(
    *,
    now: datetime,
    sealed: tuple[Arrival, Unit],
    anonymous: bool,
    also: Callable[[Handed], None] = _nothing_more,
) -> Handed:
    opened = open_thread(actor=WEB, now=now, anonymous=anonymous)
    arrival, _ = sealed
    arrival.correspondence = opened.correspondence
    _store(now, sealed)
    handed = Handed(opened.reference, opened.receipt, opened.link, opened.correspondence)
    also(handed)
    return handed


@verb
def _store_addition(*, now: datetime, sealed: tuple[Arrival, Unit]) -> None:
    _store(now, sealed)


def _store(now: datetime, sealed: tuple[Arrival, Unit]) -> None:
    arrival, unit = sealed
    keep([unit])
    Arrival.objects.bulk_create([arrival])
    record(actor=WEB, now=now, deeds=[Deed("accepted", "arrival", arrival.id)])


def _sealed(now: datetime, raw: Iterable[bytes], envelope: Envelope) -> tuple[Arrival, Unit]:
    """The row of one arrival: small in the row; large streamed into the blob store and synced before the row is."""
    unit, arrival = new_unit("arrival", now), new_id(now)
    place, pieces = Place(LABEL, arrival, "raw"), _Counted(raw)
    coming = iter(pieces)
    first = _up_to(coming, settings.OPTIONS.blob_bytes)
    whole, blob = None, None
    if pieces.size <= settings.OPTIONS.blob_bytes:
        whole = unit.key.seal(place, b"".join(first))
    else:
        blob = new_id(now)
        blobs().put(blob, unit.key.seal_stream(place, chain(first, coming)))
    row = Arrival(
        id=arrival,
        data_key=unit.key.id,
        door=envelope.door,
        received_at=now,
        size=pieces.size,
        envelope=unit.key.seal_text(Place(LABEL, arrival, "envelope"), envelope.to_json()),
        raw=whole,
        blob=blob,
        due_at=now,
    )
    return row, unit


def _up_to(pieces: Iterator[bytes], most: int) -> list[bytes]:
    """The first pieces, until they are more than `most` bytes or at their end."""
    taken, size = list[bytes](), 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size > most:
            break
    return taken
