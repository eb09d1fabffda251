"""The public door of intake: everything that comes in ends in `accept` or `accept_form`."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.intake.accepting import store
from madoguchi.intake.adding import add_to_report
from madoguchi.intake.collecting import collect_spool
from madoguchi.intake.draft_files import DraftGoneError, KeptFile, remove_file
from madoguchi.intake.drafts import (
    Confirmation,
    OpenDraft,
    begin_draft,
    end_draft,
    end_expired_drafts,
    keep_answers,
)
from madoguchi.intake.handing import Handed, accept_addition, accept_form
from madoguchi.intake.incoming import Envelope, Incoming
from madoguchi.intake.models import Arrival
from madoguchi.intake.reporting import NotReadyError, TooLargeError, hand_in
from madoguchi.intake.shredding import shred_all_of
from madoguchi.intake.understanding import Opened, Vouch, understand_due
from madoguchi.intake.uploads import COOKIE, Received
from madoguchi.lib.due import release_all, run_again
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb

__all__ = [
    "COOKIE",
    "Confirmation",
    "DraftGoneError",
    "Envelope",
    "Handed",
    "Incoming",
    "KeptFile",
    "NotReadyError",
    "OpenDraft",
    "Opened",
    "Received",
    "TooLargeError",
    "Vouch",
    "accept",
    "accept_addition",
    "accept_form",
    "add_to_report",
    "begin_draft",
    "collect_spool",
    "end_draft",
    "end_expired_drafts",
    "hand_in",
    "keep_answers",
    "remove_file",
    "shred_all_of",
    "store",
    "take_back_leases",
    "understand_again",
    "understand_due",
]


def accept(*, now: datetime, envelope: Envelope, raw: bytes) -> Incoming:
    """Takes one submission in: sealed, durable and due when this returns. Raises where it is not."""
    incoming = Incoming(id=new_id(now), received_at=now, envelope=envelope, raw=raw)
    store([incoming])
    return incoming


@verb
def understand_again(*, actor: Actor, now: datetime, arrival: UUID) -> bool:
    """Makes an arrival that failed due at once; false where it was understood in the meantime."""
    again = run_again(model=Arrival, key=arrival, now=now, still=Q(handled_at__isnull=True))
    if again:
        record(actor=actor, now=now, deeds=[Deed("ran again", "arrival", arrival)])
    return again


def take_back_leases() -> int:
    """For a lone worker at its start: whatever a dead one had under way is free again."""
    return release_all(model=Arrival)
