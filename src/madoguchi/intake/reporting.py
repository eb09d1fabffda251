"""Handing a draft in: its answers and files become one message, taken in as a mail is, once and not twice."""

from datetime import datetime

from django.conf import settings

from madoguchi.intake.draft_files import DraftGoneError, content_of
from madoguchi.intake.drafts import Confirmation, OpenDraft, empty_draft, note_handed_in, reopen
from madoguchi.intake.handing import Handed, HandedInBeforeError, accept_form
from madoguchi.mail.forms import INCIDENT_REPORT, Composed, File, Language, compose, is_anonymous, problems
from madoguchi.vault.actions import BlobMissingError


class NotReadyError(Exception):
    """Something in the report has to be mended first; nothing was sent and nothing is lost."""


class TooLargeError(NotReadyError):
    """The report with its files is too large. Remove a file, or send large files later; nothing is lost."""


def hand_in(*, now: datetime, draft: OpenDraft, language: Language) -> Confirmation:
    """Hands the draft in and gives what the confirmation shows; a second time gives the same, and no second report.

    Raises NotReadyError where answers are missing or changed since `draft` was read, DraftGoneError where it ended.
    """
    if draft.confirmation:
        return draft.confirmation
    if problems(INCIDENT_REPORT, draft.answers):
        raise NotReadyError(NotReadyError.__doc__)
    anonymous = is_anonymous(INCIDENT_REPORT, draft.answers)

    def note(handed: Handed) -> None:
        note_handed_in(draft, handed, now=now, anonymous=anonymous)

    try:
        accept_form(now=now, raw=_message(draft, language), language=language, anonymous=anonymous, also=note)
    except HandedInBeforeError:
        return _given_before(draft, now)
    except BlobMissingError:
        # The button was pressed twice: the first press has handed the draft in and emptied it while this one read.
        again = reopen(draft, now)
        if again and not again.confirmation and again.version == draft.version:
            raise
        return _given_before(draft, now)
    empty_draft(draft)
    return _given_before(draft, now)


def _given_before(draft: OpenDraft, now: datetime) -> Confirmation:
    again = reopen(draft, now)
    if again is None:
        raise DraftGoneError(DraftGoneError.__doc__)
    if again.confirmation is None:
        raise NotReadyError(NotReadyError.__doc__)
    return again.confirmation


def _message(draft: OpenDraft, language: Language) -> Composed:
    files = [File(file.name, file.type, file.size, content_of(draft.key, file)) for file in draft.files]
    message = compose(INCIDENT_REPORT, draft.answers, files, language=language, notice=draft.notice)
    if message.size > settings.OPTIONS.max_message_bytes:
        raise TooLargeError(TooLargeError.__doc__)
    return message
