"""The public door of incidents' verbs."""

from madoguchi.incidents.answering import answer, send_held_acknowledgement, set_aside
from madoguchi.incidents.confirming import confirm_contact
from madoguchi.incidents.errors import (
    ChangedMeanwhileError,
    NoContactError,
    NothingToSendError,
    PageEndedError,
    ShreddedBeforeError,
    ThreadNotReadyError,
    UnknownReportError,
)
from madoguchi.incidents.opening import OpenedThread, open_thread
from madoguchi.incidents.reading import note_download, open_report, open_rows
from madoguchi.incidents.receiving import Prepared, prepare, receive
from madoguchi.incidents.shredding import Shredded, shred_report, what_would_go
from madoguchi.incidents.submission import WEB, Became, Submission
from madoguchi.incidents.tray import empty_tray, take_out
from madoguchi.incidents.visiting import ask_for, close_page, mark_unsafe, renew_link, withdraw

__all__ = [
    "WEB",
    "Became",
    "ChangedMeanwhileError",
    "NoContactError",
    "NothingToSendError",
    "OpenedThread",
    "PageEndedError",
    "Prepared",
    "Shredded",
    "ShreddedBeforeError",
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
    "prepare",
    "receive",
    "renew_link",
    "send_held_acknowledgement",
    "set_aside",
    "shred_report",
    "take_out",
    "what_would_go",
    "withdraw",
]
