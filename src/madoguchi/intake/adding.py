"""What a reporter adds on the private page: words and files become one message, taken in as everything is."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from madoguchi.intake.draft_files import content_of
from madoguchi.intake.drafts import OpenDraft, end_draft
from madoguchi.intake.handing import accept_addition
from madoguchi.intake.reporting import TooLargeError
from madoguchi.mail.forms import ADDITION, File, Language, compose, tidy


def add_to_report(
    *,
    now: datetime,
    text: str,
    draft: OpenDraft | None,
    language: Language,
    correspondence: UUID,
    anonymous: bool,
) -> UUID:
    """Adds words, and the files of a draft if there is one, to a thread; gives the arrival. The draft has ended then.

    Raises TooLargeError where the whole is larger than a message may be.
    """
    files = _files(draft) if draft else []
    raw = compose(ADDITION, tidy(ADDITION, {"text": text}), files, language=language, notice="")
    if raw.size > settings.OPTIONS.max_message_bytes:
        raise TooLargeError(TooLargeError.__doc__)
    arrival = accept_addition(now=now, raw=raw, correspondence=correspondence, anonymous=anonymous)
    if draft:
        end_draft(draft=draft.id, now=now)
    return arrival


def _files(draft: OpenDraft) -> list[File]:
    return [File(file.name, file.type, file.size, content_of(draft.key, file)) for file in draft.files]
