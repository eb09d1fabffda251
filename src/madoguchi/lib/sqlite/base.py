"""Django's SQLite backend, except that a writer who has to wait looks again every millisecond.

SQLite's own waiting (`sqlite3_busy_timeout`) sleeps in steps that grow to 100 ms, and whoever begins anew is served
before a sleeper: a page that writes one audit entry beside a busy worker waited for many times as long as the
worker held the lock.
"""

import time
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

STEP = 0.001
BUSY = 5
"""SQLITE_BUSY, the primary result code, whatever its extension (https://sqlite.org/rescode.html#busy)."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to SQLite. Raises OperationalError where the lock was not free within its `timeout` seconds."""

    def _start_transaction_under_autocommit(self) -> None:
        begin = f"BEGIN {getattr(self, 'transaction_mode', None) or ''}"  # getattr: the stubs lack it
        patience = self.settings_dict["OPTIONS"].get("timeout", 5.0)
        until = time.monotonic() + patience
        with self.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                while not _begun(cursor, begin, until):
                    time.sleep(STEP)
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")


def _begun(cursor: Any, begin: str, until: float) -> bool:
    """Whether the transaction is open now. Raises what stopped it, a taken lock only after `until`."""
    try:
        cursor.execute(begin)
    except OperationalError as error:
        code = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
        if code != BUSY or time.monotonic() >= until:
            raise
        return False
    return True
