"""The public door of incidents' verbs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from madoguchi.audit.actions import Actor
from madoguchi.incidents.answering import answer, send_held_acknowledgement, set_aside
from madoguchi.incidents.confirming import confirm_contact
from madoguchi.incidents.errors import (
    ChangedMeanwhileError,
    NoContactError,
    NothingToSendError,
    PageEndedError,
    ThreadNotReadyError,
    UnknownReportError,
)
from madoguchi.incidents.opening import OpenedThread, open_thread
from madoguchi.incidents.reading import note_download, open_report, open_rows
from madoguchi.incidents.receiving import receive_batch
from madoguchi.incidents.submission import WEB, Became, Submission
from madoguchi.incidents.tray import empty_tray, take_out
from madoguchi.incidents.visiting import ask_for, close_page, mark_unsafe, renew_link, withdraw
from madoguchi.lib.verbs import verb

__all__ = [
    "WEB",
    "Became",
    "ChangedMeanwhileError",
    "NoContactError",
    "NothingToSendError",
    "OpenedThread",
    "PageEndedError",
    "Submission",
    "ThreadNotReadyError",
    "UnknownReportError",
    "answer",
    "ask_for",
    "close_page",
    "confirm_contact",
    "empty_tray",
    "mark_unsafe",
    "note_download",
    "open_report",
    "open_rows",
    "open_thread",
    "receive",
    "renew_link",
    "send_held_acknowledgement",
    "set_aside",
    "take_out",
    "withdraw",
]


@verb
def receive(*, actor: Actor, now: datetime, submissions: Sequence[Submission]) -> Mapping[UUID, Became]:
    """Receives submissions: each becomes a report, a reply in its thread, or a repeat of what came before.

    Acknowledgements are decided, cleared and enqueued in the same transaction.
    """
    return receive_batch(actor, now, submissions)
