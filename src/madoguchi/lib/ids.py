"""Identifiers of rows: UUID version 7 (RFC 9562, 5.7), so that ids grow with time and index pages stay warm."""

from datetime import datetime
from uuid import UUID

from uuid_utils import uuid7


def new_id(now: datetime) -> UUID:
    """A fresh id that carries `now` to the millisecond; callers who must hide a time pass a coarser one."""
    seconds = now.timestamp()
    whole = int(seconds)
    return UUID(int=uuid7(whole, int((seconds - whole) * 1_000_000_000)).int)
