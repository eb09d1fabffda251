"""Files of drafts: sealed as they come in; nothing stays when they break off, are removed, or their draft ends."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import F, Max, Sum

from madoguchi.intake.models import Draft, DraftFile
from madoguchi.lib.clock import whole_hour
from madoguchi.lib.ids import new_id
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import Place, UnitKey, blobs

FILE_LABEL = "intake.draftfile"


class DraftGoneError(Exception):
    """What was typed here was deleted, or handed in, in the meantime. Please begin again."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a draft; `name` and `type` as the browser said them, so hostile."""

    id: UUID
    name: str = field(repr=False)
    type: str = field(repr=False)
    size: int
    blob: UUID


class Upload:
    """A file on its way into a draft: sealed as it comes, and there only once `keep` has returned."""

    def __init__(self, draft: UUID, key: UnitKey, now: datetime, *, name: str, kind: str) -> None:
        hour = whole_hour(now)
        self._id, self._blob, self._draft = new_id(hour), new_id(hour), draft
        self.size = 0
        _begin_file(
            draft=draft,
            file=self._id,
            blob=self._blob,
            name=key.seal_text(Place(FILE_LABEL, self._id, "name"), json.dumps([name, kind])),
        )
        self._sealer = key.stream_sealer(Place(FILE_LABEL, self._id, "content"))
        self._writer = blobs().writer(self._blob)

    def write(self, piece: bytes) -> None:
        """Seals and writes a piece. Raises OSError."""
        self.size += len(piece)
        self._writer.write(self._sealer.add(piece))

    def keep(self) -> None:
        """Makes the file part of the draft. Raises OSError, and DraftGoneError where the draft has ended."""
        self._writer.write(self._sealer.end())
        self._writer.keep()
        if not _finish_file(draft=self._draft, file=self._id, size=self.size):
            blobs().remove(self._blob)
            raise DraftGoneError(DraftGoneError.__doc__)

    def drop(self) -> None:
        """Leaves nothing of it behind."""
        self._writer.drop()
        _drop_file(draft=self._draft, file=self._id)


def content_of(key: UnitKey, file: KeptFile) -> Iterator[bytes]:
    """The bytes of a file, in pieces. Raises VaultError."""
    return key.open_stream(Place(FILE_LABEL, file.id, "content"), blobs().get(file.blob))


def remove_file(*, draft: UUID, file: KeptFile) -> bool:
    """Takes a file out of its draft again; false where it is not there any more."""
    blobs().remove(file.blob)
    return _drop_file(draft=draft, file=file.id)


def remove_blobs(drafts: Iterable[UUID]) -> None:
    """Deletes the bytes of every file of these drafts, whole or half; their rows stay."""
    for blob in DraftFile.objects.filter(draft_id__in=list(drafts)).values_list("blob", flat=True):
        blobs().remove(blob)


def files_of(draft: UUID, key: UnitKey) -> Iterator[KeptFile]:
    """The whole files of a draft, in the order in which they were added."""
    for file in DraftFile.objects.filter(draft_id=draft, size__isnull=False).order_by("number"):
        name, kind = json.loads(key.open_text(Place(FILE_LABEL, file.id, "name"), bytes(file.name)))
        yield KeptFile(file.id, name, kind, file.size or 0, file.blob)


def bytes_held() -> int:
    """Bytes of all files of all drafts."""
    held: int | None = DraftFile.objects.aggregate(held=Sum("size"))["held"]
    return held or 0


@verb
def _begin_file(*, draft: UUID, file: UUID, blob: UUID, name: bytes) -> None:
    if not Draft.objects.filter(pk=draft, handed__isnull=True).exists():
        raise DraftGoneError(DraftGoneError.__doc__)
    last = DraftFile.objects.filter(draft_id=draft).aggregate(last=Max("number"))["last"] or 0
    DraftFile(id=file, draft_id=draft, number=last + 1, name=name, blob=blob).save(force_insert=True)


@verb
def _finish_file(*, draft: UUID, file: UUID, size: int) -> bool:
    return _changed(draft) and bool(DraftFile.objects.filter(pk=file).update(size=size))


@verb
def _drop_file(*, draft: UUID, file: UUID) -> bool:
    _changed(draft)
    return bool(DraftFile.objects.filter(pk=file, draft_id=draft).delete()[0])


def _changed(draft: UUID) -> bool:
    """Counts the version up, so that nothing is handed in but what was looked at; false where the draft has ended."""
    return bool(Draft.objects.filter(pk=draft, handed__isnull=True).update(version=F("version") + 1))
