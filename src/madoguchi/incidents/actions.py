"""The public door of incidents' verbs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from madoguchi.audit.actions import Actor
from madoguchi.incidents.answering import answer, send_held_acknowledgement, set_aside
from madoguchi.incidents.errors import (
    ChangedMeanwhileError,
    NoContactError,
    NothingToSendError,
    UnknownReportError,
)
from madoguchi.incidents.opening import OpenedThread, open_thread
from madoguchi.incidents.reading import note_download, open_report, open_rows
from madoguchi.incidents.receiving import receive_batch
from madoguchi.incidents.submission import Became, Submission
from madoguchi.lib.verbs import verb

__all__ = [
    "Became",
    "ChangedMeanwhileError",
    "NoContactError",
    "NothingToSendError",
    "OpenedThread",
    "Submission",
    "UnknownReportError",
    "answer",
    "note_download",
    "open_report",
    "open_rows",
    "open_thread",
    "receive",
    "send_held_acknowledgement",
    "set_aside",
]


@verb
def receive(*, actor: Actor, now: datetime, submissions: Sequence[Submission]) -> Mapping[UUID, Became]:
    """Receives submissions: each becomes a report, a reply in its thread, or a repeat of what came before.

    Acknowledgements are decided, cleared and enqueued in the same transaction.
    """
    return receive_batch(actor, now, submissions)
