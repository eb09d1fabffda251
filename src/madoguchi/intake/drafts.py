"""Drafts: answers and files kept sealed between the pages of the form, and ended for good.

No moment but a whole hour is kept of a draft, nothing of it is logged, and when it ends its key is destroyed: it was
nobody's report yet, and who decides against reporting leaves nothing behind.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from madoguchi.intake.draft_files import DraftGoneError, KeptFile, files_of, remove_blobs
from madoguchi.intake.handing import Handed, HandedInBeforeError
from madoguchi.intake.models import Draft, DraftFile
from madoguchi.lib.clock import whole_hour
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb
from madoguchi.mail.forms import Answer, Answers
from madoguchi.vault.actions import Place, Unit, UnitKey, blind_index, keep, new_unit, shred
from madoguchi.vault.queries import open_units

LABEL = "intake.draft"
LIFE = timedelta(hours=24)
SHOWN = timedelta(minutes=15)
"""How long the confirmation can be seen again."""

TRIES, BATCH = 10, 100


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is shown once a draft was handed in: the codes stand here in clear."""

    reference: str
    receipt: str = field(repr=False)
    link: str = field(repr=False)
    anonymous: bool
    until: datetime


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A draft with its answers in clear. `notice`: the version of the privacy notice that was shown at its start.

    `thread`: the one that its files are added to; None for a report.
    """

    id: UUID
    key: UnitKey = field(repr=False)
    version: int
    notice: str
    answers: Mapping[str, Answer] = field(repr=False)
    files: tuple[KeptFile, ...] = field(repr=False)
    confirmation: Confirmation | None = field(repr=False)
    thread: UUID | None = None


def begin_draft(*, now: datetime, notice: str, thread: UUID | None = None) -> str:
    """Begins an empty draft; its token, which is kept nowhere, belongs into the reporter's cookie."""
    token = secrets.token_urlsafe(24)
    hour = whole_hour(now)
    unit, draft = new_unit("draft", hour), new_id(hour)
    content: dict[str, Any] = {"notice": notice, "answers": {}}
    if thread:
        content["thread"] = thread.hex
    row = Draft(
        id=draft,
        data_key=unit.key.id,
        token_key=_token_key(token),
        ends_at=hour + LIFE,
        content=_sealed(unit.key, draft, "content", content),
    )

    _begin(unit=unit, draft=row)
    return token


def find_draft(token: str, now: datetime) -> OpenDraft | None:
    """The draft of this token; None where there is none, or it has ended."""
    row = Draft.objects.filter(token_key=_token_key(token), ends_at__gt=now).first()
    return None if row is None else _opened(row, now)


def reopen(draft: OpenDraft, now: datetime) -> OpenDraft | None:
    """The draft as it stands now; None where it has ended."""
    row = Draft.objects.filter(pk=draft.id).first()
    return None if row is None else _opened(row, now)


def keep_answers(*, draft: OpenDraft, given: Answers, asked: Iterable[str]) -> None:
    """Keeps what one page asked: the answers `given` to the fields `asked`, in place of earlier ones.

    Two pages that are sent at once both count: each replaces its own fields. Raises DraftGoneError.
    """
    asked = frozenset(asked)
    for _ in range(TRIES):
        row = Draft.objects.filter(pk=draft.id, handed__isnull=True).first()
        if row is None:
            raise DraftGoneError(DraftGoneError.__doc__)
        content = _unsealed(draft.key, row.id, "content", bytes(row.content))
        before = {name: answer for name, answer in content["answers"].items() if name not in asked}
        content["answers"] = before | {name: answer for name, answer in given.items() if name in asked}
        sealed = _sealed(draft.key, row.id, "content", content)
        if _replace(draft=draft.id, version=row.version, content=sealed):
            return
    raise DraftGoneError(DraftGoneError.__doc__)


def note_handed_in(draft: OpenDraft, handed: Handed, *, now: datetime, anonymous: bool) -> None:
    """Seals what the confirmation shows into the draft, within accept_form's verb. Raises HandedInBeforeError."""
    told = {
        "reference": handed.reference,
        "receipt": handed.receipt,
        "link": handed.link,
        "anonymous": anonymous,
        "until": (now + SHOWN).isoformat(),
    }
    ends_at = whole_hour(now + SHOWN) + timedelta(hours=1)
    there = Draft.objects.filter(pk=draft.id, handed__isnull=True, version=draft.version)
    if not there.update(handed=_sealed(draft.key, draft.id, "handed", told), ends_at=ends_at):
        raise HandedInBeforeError(HandedInBeforeError.__doc__)


def empty_draft(draft: OpenDraft) -> None:
    """Deletes what a draft held once it was handed in; what the confirmation shows stays until it ends."""
    remove_blobs([draft.id])
    nothing = _sealed(draft.key, draft.id, "content", {"notice": draft.notice, "answers": {}})
    _empty(draft=draft.id, content=nothing)


def end_draft(*, draft: UUID, now: datetime) -> None:
    """Ends a draft: its files deleted, its key destroyed, its rows gone."""
    _end([draft], now)


def end_expired_drafts(*, now: datetime) -> int:
    """Ends up to a hundred drafts whose time is over; how many there were."""
    over = list(Draft.objects.filter(ends_at__lte=now).values_list("pk", flat=True)[:BATCH])
    if over:
        _end(over, now)
    return len(over)


def _end(drafts: list[UUID], now: datetime) -> None:
    # The blobs first: where this breaks off, the rows still name what is left to do.
    remove_blobs(drafts)
    _delete(drafts=drafts, now=whole_hour(now))


@verb
def _begin(*, unit: Unit, draft: Draft) -> None:
    keep([unit])
    draft.save(force_insert=True)


@verb
def _replace(*, draft: UUID, version: int, content: bytes) -> bool:
    there = Draft.objects.filter(pk=draft, version=version, handed__isnull=True)
    return bool(there.update(content=content, version=version + 1))


@verb
def _empty(*, draft: UUID, content: bytes) -> None:
    DraftFile.objects.filter(draft_id=draft).delete()
    Draft.objects.filter(pk=draft).update(content=content)


@verb
def _delete(*, drafts: list[UUID], now: datetime) -> None:
    rows = Draft.objects.filter(pk__in=drafts)
    keys = list(rows.values_list("data_key", flat=True))
    DraftFile.objects.filter(draft_id__in=drafts).delete()
    rows.delete()
    shred(keys, now=now)


def _opened(row: Draft, now: datetime) -> OpenDraft | None:
    key = open_units([row.data_key]).get(row.data_key)
    if key is None:
        return None
    content = _unsealed(key, row.id, "content", bytes(row.content))
    confirmation = None
    if row.handed is not None:
        told = _unsealed(key, row.id, "handed", bytes(row.handed))
        confirmation = Confirmation(**told | {"until": datetime.fromisoformat(told["until"])})
        if confirmation.until <= now:
            return None
    return OpenDraft(
        id=row.id,
        key=key,
        version=row.version,
        notice=content["notice"],
        answers=content["answers"],
        files=tuple(files_of(row.id, key)),
        confirmation=confirmation,
        thread=UUID(content["thread"]) if "thread" in content else None,
    )


def _token_key(token: str) -> bytes:
    return blind_index().key("draft", token)


def _sealed(key: UnitKey, draft: UUID, field_name: str, told: Mapping[str, Any]) -> bytes:
    return key.seal_text(Place(LABEL, draft, field_name), json.dumps(told, separators=(",", ":")))


def _unsealed(key: UnitKey, draft: UUID, field_name: str, sealed: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(key.open_text(Place(LABEL, draft, field_name), sealed))
    return told
