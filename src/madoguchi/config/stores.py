"""The two stores: how each is opened, and the refusal to start where a commit would not be durable."""

import logging
import time
from pathlib import Path
from typing import Any

import dj_database_url
from django.db import OperationalError, connection, connections

from madoguchi.config.sources import SettingsError
from madoguchi.lib.logs import error_class

log = logging.getLogger(__name__)
SOONEST, LATEST = 0.5, 10.0
"""Seconds between two tries to reach a database that is away."""

SQLITE_START = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "cache_size=-8000",
)


class NotDurableError(SettingsError):
    """The database may lose what it has confirmed; Madoguchi does not start on it."""


def database(url: str, home: Path) -> dict[str, Any]:
    """Django's DATABASES entry. SQLite: immediate transactions, so that a writer waits instead of failing."""
    if not url:
        url = f"sqlite:///{home / 'madoguchi.sqlite3'}"
    entry: dict[str, Any] = dict(dj_database_url.parse(url))
    if entry["ENGINE"].endswith("sqlite3"):
        entry["ENGINE"] = "madoguchi.lib.sqlite"
        entry["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": ";".join(f"PRAGMA {word}" for word in SQLITE_START),
        }
    entry["CONN_MAX_AGE"] = 600
    entry["CONN_HEALTH_CHECKS"] = True
    return entry


def wait_until_durable(part: str) -> None:
    """The same as `refuse_unless_durable`, once the database answers; waits for that however long, and says it once."""
    waited = 0.0
    while True:
        try:
            refuse_unless_durable()
            break
        except OperationalError as away:
            if not waited:
                log.warning("%s waits for the database (%s)", part, error_class(away))
            connections.close_all()
            waited = min(waited * 2 or SOONEST, LATEST)
            time.sleep(waited)
    if waited:
        log.warning("The database answers, and %s goes on", part)


def refuse_unless_durable() -> None:
    """Raises NotDurableError unless a commit means that the data would survive a loss of power."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            if cursor.fetchone()[0] < 2:
                raise NotDurableError("SQLite runs below synchronous=FULL: a confirmed mail could be lost.")
            return
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            cursor.execute(f"SHOW {name}")
            value = cursor.fetchone()[0]
            if value == "off":
                raise NotDurableError(
                    f"PostgreSQL runs with {name}={value}: a confirmed mail could be lost. Set it to on."
                )
