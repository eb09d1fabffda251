"""Uploads: what a browser sends is sealed while it comes in; no byte of it is ever written in clear.

The one upload handler of the whole site. A file is taken only for a draft, which the cookie names; all others are read
and forgotten. A request that breaks off leaves nothing.
"""

from dataclasses import dataclass, field
from typing import IO, Any, Literal, cast

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from madoguchi.intake.draft_files import DraftGoneError, Upload, bytes_held
from madoguchi.intake.drafts import OpenDraft, find_draft
from madoguchi.mail.forms import encoded_size

COOKIE = "madoguchi_report"
PIECE = 1 << 16
TEXT_ROOM = 1 << 20
"""Bytes that the text of a report may need in its message, beside the files."""

MOST_READ = 8
"""How many times the largest message is read of a request, only to say which file is too large."""

Refusal = Literal["", "many", "large", "full", "gone"]
"""Not refused; too many or too large for one report; no room for anybody's files now; the draft has ended."""


@dataclass(slots=True)
class Received:
    """What became of one file: kept in the draft, or refused and why. It holds no byte."""

    name: str = field(repr=False)
    refused: Refusal = ""

    def close(self) -> None:
        """Django closes what a request brought; there is nothing to close."""


def room_for_files() -> int:
    """Bytes that the files of one report may take in its message, in base64."""
    most: int = settings.OPTIONS.max_message_bytes
    return most - min(TEXT_ROOM, most // 4)


def draft_of(request: HttpRequest) -> OpenDraft | None:
    """The draft that the cookie of this browser names."""
    token = request.COOKIES.get(COOKIE, "")
    return find_draft(token, timezone.now()) if token else None


class SealedUploads(FileUploadHandler):
    """Takes the reading of a multipart request over from Django, to keep names as they came and to see it break off."""

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],  # noqa: N803 -- Django's name
        content_length: int,
        boundary: str,  # noqa: ARG002 -- the parser finds it again
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]]:
        """The fields, and what became of each file. Raises MultiPartParserError where the request is not whole."""
        assert self.request is not None
        if content_length > MOST_READ * settings.OPTIONS.max_message_bytes:
            raise RequestDataTooBig("more than is read to say which file is too large")
        coming, sealing = _Counted(input_data), _Sealing(self.request)
        try:
            fields, files = _Parser(META, cast("IO[bytes]", coming), [sealing], encoding).parse()
            if coming.size < content_length or sealing.broken:
                raise MultiPartParserError("the request broke off")
            sealing.keep()
        finally:
            sealing.drop()
        return fields, files


class _Counted:
    """The body of a request, counted as it is read."""

    def __init__(self, body: IO[bytes]) -> None:
        self._body = body
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._body.read(size)
        self.size += len(piece)
        return piece


class _Parser(MultiPartParser):
    """Django's, but for file names: they are evidence, never used as paths, and kept as they came."""

    def sanitize_file_name(self, file_name: str) -> str | None:
        return file_name or None


class _Sealing(FileUploadHandler):
    """Puts the files of one request into its draft."""

    chunk_size = PIECE

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self._draft = draft_of(request)
        self._room, self._count, self._full = room_for_files(), 0, False
        if self._draft:
            self._full = bytes_held() >= settings.OPTIONS.max_draft_bytes
            self._room -= sum(encoded_size(file.size) for file in self._draft.files)
            self._count = len(self._draft.files)
        self._uploads: list[tuple[Upload, Received]] = []
        self._upload: Upload | None = None
        self._received = Received("")
        self._coming = self.broken = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begins a file; one too many, or without a draft, is read and forgotten."""
        super().new_file(*args, **kwargs)
        if self._draft is None or self._draft.confirmation:
            raise SkipFile
        self._received, self._upload, self._coming = Received(str(self.file_name)), None, True
        if self._count >= settings.OPTIONS.max_report_files:
            self._received.refused = "many"
        elif self._full:
            self._received.refused = "full"
        if self._received.refused:
            return
        self._count += 1
        kind = str(self.content_type or "")
        self._upload = Upload(
            self._draft.id, self._draft.key, timezone.now(), name=self._received.name, kind=kind
        )
        self._uploads.append((self._upload, self._received))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 -- Django's signature
        """Seals a piece; from where the report would be too large, the rest is read and forgotten."""
        if self._upload is None:
            return
        self._upload.write(raw_data)
        if encoded_size(self._upload.size) > self._room:
            self._refuse("large")

    def _refuse(self, why: Refusal) -> None:
        upload, received = self._uploads.pop()
        upload.drop()
        received.refused = why
        self._upload = None
        self._count -= 1

    def file_complete(self, file_size: int) -> Any:  # noqa: ARG002 -- Django's signature
        """What became of it; it is kept only when the whole request was read."""
        if self._upload is not None:
            self._room -= encoded_size(self._upload.size)
        self._coming = False
        return self._received

    def upload_interrupted(self) -> None:
        """Called where a file had no end, and for one that was skipped, which is no harm."""
        self.broken = self._coming

    def keep(self) -> None:
        """Makes the files part of the draft."""
        while self._uploads:
            upload, received = self._uploads[0]
            try:
                upload.keep()
            except DraftGoneError:
                received.refused = "gone"
            self._uploads.pop(0)

    def drop(self) -> None:
        """Leaves nothing of those that were not kept."""
        while self._uploads:
            self._uploads.pop()[0].drop()
