"""Files are sealed while they come in: names as they came, limits said, and a request that breaks off leaves nothing."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.files import temp
from django.core.handlers.wsgi import WSGIRequest
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone

from madoguchi.intake.draft_files import content_of
from madoguchi.intake.drafts import OpenDraft, begin_draft, end_draft, find_draft
from madoguchi.intake.models import DraftFile
from madoguchi.intake.uploads import COOKIE, Received

pytestmark = [pytest.mark.store, pytest.mark.django_db]

NAMES = (
    "plain.txt", "../../etc/passwd", "C:\\Windows\\x.exe", "a\u202egpj.exe", "&lt;b&gt;.txt", "<script>.html", "..",
    "tab\there", "窓口①.log", "a;filename=b", "a%0d%0aX: y", "\x07bell\x1b$B", "'; DROP TABLE", "{{7*7}}", "é" * 120,
)  # fmt: skip


class Body:
    """A request's body that may end, or break, before its time."""

    def __init__(self, content: bytes, breaks: bool) -> None:
        self._content = io.BytesIO(content)
        self._breaks = breaks
        self.readline = self._content.readline

    def read(self, size: int = -1) -> bytes:
        piece = self._content.read(size)
        if not piece and self._breaks:
            raise ConnectionResetError
        return piece


def body_of(files: Sequence[tuple[str, bytes]], boundary: str = "edge") -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        f"Content-Type: text/plain\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    note = f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nkept\r\n'.encode()
    return note + b"".join(parts) + f"--{boundary}--\r\n".encode()


def request(token: str, body: bytes, *, sent: int | None = None, breaks: bool = False) -> WSGIRequest:
    """A request whose client promised `body` and sent the first `sent` bytes of it."""
    return WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/report/files/",
            "CONTENT_TYPE": "multipart/form-data; boundary=edge",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_COOKIE": f"{COOKIE}={token}" if token else "",
            "wsgi.input": Body(body if sent is None else body[:sent], breaks),
        }
    )


def send(token: str, *files: tuple[str, bytes]) -> list[Received]:
    asked = request(token, body_of(files))
    assert asked.POST["note"] == "kept"
    return asked.FILES.getlist("files")  # type: ignore[return-value]


@pytest.fixture
def token() -> str:
    return begin_draft(now=timezone.now(), notice="n")


def draft(token: str) -> OpenDraft:
    found = find_draft(token, timezone.now())
    assert found is not None
    return found


def blobs_in(home: Path) -> set[str]:
    return {one.name for one in (home / "blobs").rglob("*") if one.is_file()}


def limit(settings: Any, **limits: int) -> None:
    settings.OPTIONS = settings.OPTIONS.model_copy(update=limits)


def test_files_are_in_the_draft_byte_for_byte_under_the_names_that_came(token: str) -> None:
    contents = [bytes([number]) * (70_000 * number) for number in range(len(NAMES))]
    received = send(token, *zip(NAMES, contents, strict=True))
    assert [(one.name, one.refused) for one in received] == [(name, "") for name in NAMES]
    found = draft(token)
    assert [file.name for file in found.files] == list(NAMES)
    assert [b"".join(content_of(found.key, file)) for file in found.files] == contents


def test_not_a_byte_is_written_in_clear(token: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(temp, "NamedTemporaryFile", forbidden)
    monkeypatch.setattr("tempfile.TemporaryFile", forbidden)
    send(token, ("planted-name", b"planted-secret" * 100_000))
    for file in settings.HOME.rglob("*"):
        assert not file.is_file() or b"planted" not in file.read_bytes()
    assert settings.FILE_UPLOAD_HANDLERS == ["madoguchi.intake.uploads.SealedUploads"]


@pytest.mark.parametrize("breaks", [True, False], ids=["the connection is reset", "nothing more comes"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.98, 0.9999])
def test_a_half_sent_upload_leaves_no_blob_and_no_row(
    token: str, settings: Any, share: float, breaks: bool
) -> None:
    before = blobs_in(settings.HOME)
    body = body_of([("whole.log", b"a" * 300_000), ("half.log", b"b" * 900_000)])
    broken = request(token, body, sent=int(len(body) * share), breaks=breaks)
    with pytest.raises((MultiPartParserError, ConnectionResetError, OSError)):
        _ = broken.POST
    assert blobs_in(settings.HOME) == before
    assert not DraftFile.objects.exists()


def test_one_file_too_many_is_refused_and_the_others_are_kept(token: str, settings: Any) -> None:
    limit(settings, max_report_files=2)
    send(token, ("a", b"1"))
    received = send(token, ("b", b"2"), ("c", b"3"), ("d", b"4"))
    assert [one.refused for one in received] == ["", "many", "many"]
    assert [file.name for file in draft(token).files] == ["a", "b"]


def test_a_file_too_large_for_the_message_is_refused_and_the_others_are_kept(
    token: str, settings: Any
) -> None:
    limit(settings, max_message_bytes=400_000)
    before = blobs_in(settings.HOME)
    received = send(token, ("a", b"1" * 100_000), ("b", b"2" * 200_000), ("c", b"3" * 100_000))
    assert [one.refused for one in received] == ["", "large", ""]
    found = draft(token)
    assert [file.name for file in found.files] == ["a", "c"]
    assert blobs_in(settings.HOME) - before == {file.blob.hex for file in found.files}


def test_without_a_draft_files_are_read_and_forgotten(token: str, settings: Any) -> None:
    before = blobs_in(settings.HOME)
    end_draft(draft=draft(token).id, now=timezone.now())
    for cookie in (token, "", "guessed"):
        assert send(cookie, ("a", b"1" * 100_000)) == []
    assert blobs_in(settings.HOME) == before


def test_a_field_without_a_chosen_file_is_no_file(token: str) -> None:
    assert send(token, ("", b"")) == []


def test_an_empty_file_is_kept(token: str) -> None:
    send(token, ("empty", b""))
    assert [(file.name, file.size) for file in draft(token).files] == [("empty", 0)]


def test_where_the_disk_is_full_nothing_stays(
    token: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = blobs_in(settings.HOME)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("madoguchi.vault.blobs._FileWriter.write", full)
    with pytest.raises(OSError, match="No space"):
        send(token, ("a", b"1" * 300_000))
    assert blobs_in(settings.HOME) == before
    assert not DraftFile.objects.exists()


def test_a_request_beyond_all_measure_is_refused_unread(token: str, settings: Any) -> None:
    limit(settings, max_message_bytes=100_000)
    endless = request(token, body_of([("a", b"1" * 900_000)]))
    with pytest.raises(RequestDataTooBig):
        _ = endless.POST
    assert not DraftFile.objects.exists()


def test_when_others_fill_all_the_room_a_report_goes_without_files(token: str, settings: Any) -> None:
    send(begin_draft(now=timezone.now(), notice="n"), ("others", b"1" * 100_000))
    limit(settings, max_draft_bytes=100_000)
    assert [one.refused for one in send(token, ("a", b"1"), ("b", b"2"))] == ["full", "full"]
    assert draft(token).files == ()
