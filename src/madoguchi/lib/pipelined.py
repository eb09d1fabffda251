"""Statements of one transaction sent to PostgreSQL without waiting for the answer to each.

libpq's pipeline mode (PostgreSQL 14, chapter 34.5): storing a batch of mails is five round trips otherwise, and
while a thread waits for one, the SMTP door's other thread holds the interpreter.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def pipelined() -> Iterator[None]:
    """A block around one whole transaction. On SQLite, and inside an open transaction, it changes nothing.

    The commit in it returns when the server confirmed it; what a statement raises may come at a later one.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.connection.pipeline():
        yield
