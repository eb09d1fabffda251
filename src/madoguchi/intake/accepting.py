"""Accepting: sealed raw bytes on disk before anybody is told that they are safe. Nothing is parsed here."""

from collections.abc import Iterator, Sequence
from typing import cast
from uuid import UUID

from django.conf import settings

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.intake.incoming import Incoming
from madoguchi.intake.models import Arrival
from madoguchi.lib.ids import new_id
from madoguchi.lib.pipelined import pipelined
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import Place, Unit, blobs, keep, new_unit
from madoguchi.vault.queries import open_unit
from madoguchi.vault.scheme import UnitKey

LABEL = "intake.arrival"
SLICE = 1 << 20


def store(incoming: Sequence[Incoming]) -> None:
    """Seals and stores arrivals as due, in one transaction; returns when they are durable.

    An arrival whose id is there already (handed over again after a crash) stays as it is.
    Raises KeyringError, OSError and database errors; then none of them is stored.
    """
    known = _known(incoming)
    sealed = [_sealed(one) for one in incoming if one.id not in known]
    if sealed:
        with pipelined():
            _store(sealed=sealed)


def _known(incoming: Sequence[Incoming]) -> set[UUID]:
    # Only the spool hands over twice: a socket's mail has a fresh id.
    from_spool = [one.id for one in incoming if one.envelope.door == "pipe"]
    return (
        set(Arrival.objects.filter(pk__in=from_spool).values_list("pk", flat=True)) if from_spool else set()
    )


@verb
def _store(*, sealed: Sequence[tuple[Arrival, Unit]]) -> None:
    keep(unit for _, unit in sealed)
    Arrival.objects.bulk_create([row for row, _ in sealed])
    doors: dict[str, list[Arrival]] = {}
    for row, _ in sealed:
        doors.setdefault(row.door, []).append(row)
    for door, rows in doors.items():
        deeds = [Deed("accepted", "arrival", row.id) for row in rows]
        record(actor=Actor("public", door), now=rows[0].received_at, deeds=deeds)


def _sealed(incoming: Incoming) -> tuple[Arrival, Unit]:
    """The row of one arrival; what is large is written to the blob store and synced there first."""
    unit = new_unit("arrival", incoming.received_at)
    raw, blob = None, None
    if len(incoming.raw) <= settings.OPTIONS.blob_bytes:
        raw = unit.key.seal(Place(LABEL, incoming.id, "raw"), incoming.raw)
    else:
        # An id of its own: where two take one spooled mail over at once, neither may write over the other's blob.
        blob = new_id(incoming.received_at)
        blobs().put(blob, unit.key.seal_stream(Place(LABEL, incoming.id, "raw"), _slices(incoming.raw)))
    row = Arrival(
        id=incoming.id,
        data_key=unit.key.id,
        door=incoming.envelope.door,
        received_at=incoming.received_at,
        size=len(incoming.raw),
        envelope=unit.key.seal_text(Place(LABEL, incoming.id, "envelope"), incoming.envelope.to_json()),
        raw=raw,
        blob=blob,
        due_at=incoming.received_at,
    )
    return row, unit


def _slices(raw: bytes) -> Iterator[bytes]:
    view = memoryview(raw)
    for start in range(0, len(raw), SLICE):
        yield bytes(view[start : start + SLICE])


def raw_of(arrival: Arrival, key: UnitKey | None = None) -> bytes:
    """The bytes as they came in. Raises VaultError."""
    key = key or open_unit(arrival.data_key)
    place = Place(LABEL, arrival.id, "raw")
    if arrival.raw is not None:
        return key.open(place, bytes(arrival.raw))
    return b"".join(key.open_stream(place, blobs().get(cast("UUID", arrival.blob))))


def envelope_json(arrival: Arrival, key: UnitKey) -> str:
    """The envelope as it was sealed. Raises VaultError."""
    return key.open_text(Place(LABEL, arrival.id, "envelope"), bytes(arrival.envelope))
