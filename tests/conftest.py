"""The ground of all tests: a home and keyring of their own, on SQLite or, with TEST_STORE=postgres, on PostgreSQL.

Set up when this file is loaded, before Django reads its settings. The first process of a parallel run starts the
cluster; the others find its address in the environment.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from madoguchi.lib import keyring

STORE = os.environ.get("TEST_STORE", "sqlite")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_made: list[object] = []


def _ground() -> Path:
    for name in [name for name in os.environ if name.startswith("MADOGUCHI_")]:
        del os.environ[name]
    if not WORKER:
        os.environ["TEST_GROUND"] = tempfile.mkdtemp(prefix="madoguchi-tests-")
        if STORE == "postgres":
            from postgres import Cluster

            cluster = Cluster()
            _made.append(cluster)
            os.environ["TEST_DATABASE_URL"] = cluster.url()
    ground = Path(os.environ["TEST_GROUND"]) / (WORKER or "alone")
    home = ground / "home"
    home.mkdir(parents=True)
    keyring.make(ground / "home.keyring", datetime.now(UTC))
    os.environ["MADOGUCHI_HOME"] = str(home)
    os.environ["MADOGUCHI_RELAY_URL"] = "smtp://127.0.0.1:1"
    os.environ["MADOGUCHI_LOG_LEVEL"] = "DEBUG"
    # Most tests sign people in without one; those of the second factor ask for it by name.
    os.environ["MADOGUCHI_REQUIRE_SECOND_FACTOR"] = "false"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if STORE == "postgres":
        os.environ["MADOGUCHI_DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
    os.environ["DJANGO_SETTINGS_MODULE"] = "madoguchi.config.settings"
    return ground


GROUND = _ground()
django.setup()


def pytest_unconfigure() -> None:
    """Removes what this process made."""
    shutil.rmtree(GROUND, ignore_errors=True)
    for one in _made:
        one.remove()  # type: ignore[attr-defined]
    if not WORKER:
        shutil.rmtree(os.environ["TEST_GROUND"], ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A database for each process; on SQLite a file, as in life: memory would hide locks and the write-ahead log."""
    from django.conf import settings

    name = f"test_{WORKER or 'alone'}"
    settings.DATABASES["default"]["TEST"]["NAME"] = (
        str(GROUND / f"{name}.sqlite3") if STORE == "sqlite" else name
    )


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """PostgreSQL's refusal to truncate the log is lifted, since Django empties tables so after a test that commits."""
    from emptying import let_log_be_emptied

    with django_db_blocker.unblock():
        let_log_be_emptied()


@pytest.fixture
def now() -> datetime:
    """A moment, for verbs that take the time."""
    return datetime(2026, 11, 24, 1, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def store() -> str:
    """Which store this run is on: "sqlite" or "postgres"."""
    return STORE


@pytest.fixture
def fresh_keys() -> Iterator[None]:
    """The process forgets its keys before and after, for tests that change the keyring."""
    from madoguchi.vault.actions import forget_keys

    forget_keys()
    yield
    forget_keys()


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """Commits are real, so that connections see each other's rows; every table is emptied afterwards.

    The triggers of SQLite that keep the log are lifted while that is done.
    """
    from django.db import connection

    from emptying import LOG

    yield
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            kept = cursor.fetchall()
            for name, _ in kept:
                cursor.execute(f"DROP TRIGGER {name}")
            for table in LOG:
                cursor.execute(f"DELETE FROM {table}")
            for _, made in kept:
                cursor.execute(made)
