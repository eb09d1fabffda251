"""Questions about letters: what was written and where it stands; and, for operators, what waits."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from uuid import UUID

from django.db.models import Q

from madoguchi.lib.due import Backlog, backlog
from madoguchi.mail.clearances import recipients_key
from madoguchi.mail.models import Letter, State
from madoguchi.mail.outbox import LABEL
from madoguchi.vault.actions import Place, UnitKey
from madoguchi.vault.queries import open_units

__all__ = [
    "SentLetter",
    "letter_backlog",
    "letter_keys",
    "letter_states",
    "letters_on_page",
    "recent_letters",
    "sent_letters",
    "waiting_clearances",
]

TROUBLED = (State.DEFERRED, State.FAILED, State.UNKNOWN)
SHOWN = 100


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter of ours, opened."""

    id: UUID
    kind: str
    at: datetime
    state: str
    recipients: Sequence[str] = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


def letter_states(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Where these letters stand."""
    return dict(Letter.objects.filter(pk__in=list(ids)).values_list("pk", "state"))


def letter_keys(ids: Iterable[UUID]) -> list[UUID]:
    """The data keys of these letters."""
    return list(Letter.objects.filter(pk__in=list(ids)).values_list("data_key", flat=True))


def sent_letters(ids: Iterable[UUID]) -> dict[UUID, SentLetter]:
    """These letters, opened; shredded ones are left out."""
    return {letter.id: letter for letter in _opened(list(Letter.objects.filter(pk__in=list(ids))))}


def letters_on_page(ids: Iterable[UUID], page: str) -> list[SentLetter]:
    """The answers among these letters that the private page `page` shows, oldest first.

    Those put there, if cleared for this very page, and those mailed; none that was withdrawn.
    """
    here = Q(state=State.PUBLISHED, clearance__recipients_key=recipients_key([page]))
    mailed = ~Q(state__in=(State.PUBLISHED, State.CANCELLED))
    rows = Letter.objects.filter(here | mailed, pk__in=list(ids), kind="answer", clearance__revocation=None)
    return _opened(list(rows.order_by("made_at", "pk")))


def waiting_clearances(ids: Iterable[UUID]) -> list[UUID]:
    """The clearances of those of these letters that are mailed and may still leave."""
    still = (State.QUEUED, State.SENDING, State.DEFERRED, State.FAILED, State.UNKNOWN)
    return list(
        Letter.objects.filter(pk__in=list(ids), state__in=still).values_list("clearance_id", flat=True)
    )


def recent_letters(most: int) -> list[SentLetter]:
    """The newest letters, opened."""
    return _opened(list(Letter.objects.order_by("-made_at")[:most]))


def _opened(rows: Sequence[Letter]) -> list[SentLetter]:
    keys = open_units(row.data_key for row in rows)
    return [_letter(row, keys[row.data_key]) for row in rows if row.data_key in keys]


def _letter(row: Letter, key: UnitKey) -> SentLetter:
    content = key.open(Place(LABEL, row.id, "content"), bytes(row.content))
    message = message_from_bytes(content, policy=policy.SMTP)
    return SentLetter(
        id=row.id,
        kind=row.kind,
        at=row.made_at,
        state=row.state,
        recipients=json.loads(key.open_text(Place(LABEL, row.id, "recipients"), bytes(row.recipients))),
        subject=str(message["Subject"]),
        text=message.get_content().replace("\r\n", "\n"),
    )


def letter_backlog() -> Backlog[Letter]:
    """What waits to be sent, and what is in trouble: ids and error classes only."""
    troubled = Letter.objects.filter(state__in=TROUBLED).order_by("state_at")[:SHOWN]
    return backlog(Letter, troubled.defer("content", "transport", "recipients"))
