"""Django's own way of sending mail, closed: a letter leaves through the outbox, with a clearance."""

from collections.abc import Sequence
from typing import NoReturn

from django.core.mail.backends.base import BaseEmailBackend  # noqa: TID251 -- to refuse it, it must be named
from django.core.mail.message import EmailMessage  # noqa: TID251 -- for the signature only


class SideDoorMailError(Exception):
    """Mail leaves only through the outbox, with a clearance. Use a verb that writes a letter."""


class NoSideDoor(BaseEmailBackend):
    """Refuses every message."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> NoReturn:  # noqa: ARG002 -- Django's signature
        raise SideDoorMailError(SideDoorMailError.__doc__)
