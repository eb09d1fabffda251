"""A list's place in its address: a position is a time and an id, never content."""

from datetime import UTC, datetime
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode

Position = tuple[datetime, UUID]


def write(position: Position) -> str:
    """A position as it stands in an address."""
    at, row = position
    return f"{int(at.timestamp() * 1_000_000)}.{row.hex}"


def read(text: str | None) -> Position | None:
    """The position of an address; None for none and for nonsense, which shows the first page."""
    if not text:
        return None
    micros, _, row = text.partition(".")
    try:
        seconds, rest = divmod(int(micros), 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), UUID(row)
    except (ValueError, OverflowError, OSError):
        return None


def url(view: str, name: str = "", position: Position | None = None) -> str:
    """The address of a view at a position; empty where a direction is asked for and has no position."""
    if name and position is None:
        return ""
    given = {"view": view} | ({name: write(position)} if position else {})
    return reverse("console:queue") + "?" + urlencode(given)
