"""Opening a thread before its report is understood, and the codes by which its reporter comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.incidents.codes import fresh_receipt, fresh_token
from madoguchi.incidents.models import Correspondence, Handle
from madoguchi.incidents.numbers import fresh_references
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import blind_index

Code = Literal["receipt", "link", "confirm"]
RECEIPT: Final[Code] = "receipt"
LINK: Final[Code] = "link"
CONFIRM: Final[Code] = "confirm"
FRESH: Final = {RECEIPT: fresh_receipt, LINK: fresh_token, CONFIRM: fresh_token}


@dataclass(frozen=True, slots=True)
class OpenedThread:
    """A thread that was just opened; `receipt` and `link` are in clear here and nowhere else."""

    correspondence: UUID
    reference: str
    receipt: str = field(repr=False)
    link: str = field(repr=False)


def code_key(kind: Code, code: str) -> bytes:
    """The stored form of a code in its plain form."""
    return blind_index().key(kind, code)


def issue(now: datetime, correspondence: UUID, kinds: tuple[Code, ...]) -> Mapping[Code, str]:
    """Fresh codes of a thread, in clear; their keyed hashes are stored. Call it inside a verb."""
    codes = {kind: FRESH[kind]() for kind in kinds}
    Handle.objects.bulk_create(
        Handle(key=code_key(kind, code), kind=kind, correspondence_id=correspondence, made_at=now)
        for kind, code in codes.items()
    )
    return codes


@verb
def open_thread(*, actor: Actor, now: datetime, anonymous: bool) -> OpenedThread:
    """Opens a thread with its reference, a receipt and a private link.

    `anonymous`: no moment of this reporter is kept closer than the hour; the caller passes `now` cut to it.
    """
    [reference] = fresh_references(1)
    thread = Correspondence(id=new_id(now), reference=reference, opened_at=now, anonymous=anonymous)
    Correspondence.objects.bulk_create([thread])
    codes = issue(now, thread.id, (RECEIPT, LINK))
    record(actor=actor, now=now, deeds=[Deed("opened", "correspondence", thread.id)])
    return OpenedThread(thread.id, reference, codes[RECEIPT], codes[LINK])
