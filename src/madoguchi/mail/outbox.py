"""Letters into the outbox: written in the verb's transaction, each with its clearance."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.lib.verbs import verb
from madoguchi.mail.composition import Transport, content_hash
from madoguchi.mail.models import Clearance, Letter, State
from madoguchi.vault.actions import Place, Unit, blind_index, keep

LABEL = "mail.letter"


class NotClearedError(Exception):
    """This letter is not what was cleared, so it does not leave. Have it cleared as it is."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter to enqueue: its id and unit were made by the caller, who may name the id in its own rows."""

    id: UUID
    unit: Unit
    clearance: Clearance
    kind: str
    automatic: bool
    content: bytes
    transport: Transport
    recipients: tuple[str, ...]


@verb
def enqueue(*, actor: Actor, now: datetime, letters: Sequence[Outgoing]) -> None:
    """Stores letters as due now. Raises NotClearedError where content and clearance differ."""
    keep(letter.unit for letter in letters)
    Letter.objects.bulk_create([_row(letter, now, State.QUEUED) for letter in letters])
    record(actor=actor, now=now, deeds=[Deed("queued", "letter", letter.id) for letter in letters])


@verb
def publish(*, actor: Actor, now: datetime, letters: Sequence[Outgoing]) -> None:
    """Stores letters that stand on a page of ours and are never sent. Raises NotClearedError, as `enqueue`."""
    keep(letter.unit for letter in letters)
    Letter.objects.bulk_create([_row(letter, now, State.PUBLISHED) for letter in letters])
    record(actor=actor, now=now, deeds=[Deed("published", "letter", letter.id) for letter in letters])


def _row(letter: Outgoing, now: datetime, state: State) -> Letter:
    if content_hash(letter.content) != letter.clearance.content_hash:
        raise NotClearedError(NotClearedError.__doc__)
    key = letter.unit.key

    def sealed(field: str, value: object) -> bytes:
        return key.seal_text(Place(LABEL, letter.id, field), json.dumps(value))

    domain = letter.recipients[0].rpartition("@")[2].casefold()
    return Letter(
        id=letter.id,
        clearance=letter.clearance,
        data_key=key.id,
        kind=letter.kind,
        automatic=letter.automatic,
        content=key.seal(Place(LABEL, letter.id, "content"), letter.content),
        transport=sealed("transport", letter.transport.as_dict()),
        recipients=sealed("recipients", letter.recipients),
        domain_key=blind_index().key("domain", domain),
        made_at=now,
        state=state,
        state_at=now,
        due_at=now if state == State.QUEUED else None,
    )
