"""Originals and attachments leave as downloads of a fixed type: never shown in the page, never with their own type."""

import re
import unicodedata
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from madoguchi.audit.actions import Actor
from madoguchi.incidents.actions import note_download
from madoguchi.incidents.queries import Message, message_of
from madoguchi.intake.queries import original as raw_original
from madoguchi.lib.hostile import segments
from madoguchi.mail.reading import read

FIXED_TYPE = "application/octet-stream"


def original(actor: Actor, now: datetime, message_id: UUID) -> HttpResponse:
    """The mail as it came, byte for byte."""
    message, report = _message(message_id)
    note_download(actor=actor, now=now, report_id=report, what="original")
    return _download(raw_original(message.arrival), f"{message.id.hex}.eml")  # type: ignore[arg-type]  # message_of gives incoming ones


def attachment(actor: Actor, now: datetime, message_id: UUID, part: int) -> HttpResponse:
    """One part's bytes after transfer decoding."""
    message, report = _message(message_id)
    note_download(actor=actor, now=now, report_id=report, what=f"part {part}")
    letter = read(raw_original(message.arrival))  # type: ignore[arg-type]  # message_of gives incoming ones
    found = next((one for one in letter.parts if one.index == part), None)
    if found is None:
        raise Http404
    return _download(found.content, safe_name(found.name or f"part-{part}"))


def safe_name(name: str) -> str:
    """A hostile file name made harmless: letters, digits, dot, hyphen and underscore of any script, no leading dot.

    What can't be seen becomes an underscore, as it becomes a mark in the page.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join("_" if part.kind == "mark" else part.title or part.text for part in segments(last))
    kept = "".join(char if _harmless(char) else "_" for char in seen).lstrip(".")
    return f"{kept[:100] or 'attachment'}.bin"


def _harmless(char: str) -> bool:
    # Vowel signs and accents (M) belong to the letters that they stand on.
    return char.isalnum() or char in "._-" or unicodedata.category(char).startswith("M")


def _message(message_id: UUID) -> tuple[Message, UUID]:
    try:
        return message_of(message_id)
    except Message.DoesNotExist as unknown:
        raise Http404 from unknown


def _download(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=FIXED_TYPE)
    response.headers["Content-Disposition"] = _disposition(name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _disposition(name: str) -> str:
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"
