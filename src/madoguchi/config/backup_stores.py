"""The two stores as backups see them: a consistent copy while running, and putting one back.

The copy never holds wrapped data keys: SQLite's has them deleted, overwritten and vacuumed away; pg_dump leaves that
table's rows out.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from madoguchi.config.backup_files import BackupError, write_keys
from madoguchi.config.programs import run_program
from madoguchi.lib.keyring import sync_folder

TABLE = "vault_datakey"
COLUMNS = "id, unit, kek, wrapped, made_at, shredded_at"
PAGE = 5000


@dataclass(frozen=True, slots=True)
class Copied:
    """What the copy of a database holds."""

    counts: dict[str, int]
    migrations: list[str]


def copy_database(target: Path, keys: Path) -> Copied:
    """Copies the database to `target` and the wrapped keys of the same moment to `keys`. Raises BackupError."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return _copy_sqlite(target, keys) if connection.vendor == "sqlite" else _copy_postgres(target, keys)


def _copy_sqlite(target: Path, keys: Path) -> Copied:
    connection.ensure_connection()
    with closing(sqlite3.connect(target)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA secure_delete = ON")
        copy.execute("PRAGMA journal_mode = DELETE")
        copied = _seen(copy.cursor())
        write_keys(keys, _pages(copy.cursor()))
        copy.execute(f"DELETE FROM {TABLE}")  # noqa: S608 -- a constant
        copy.commit()
        copy.execute("VACUUM")
    with target.open("rb") as written:
        os.fsync(written.fileno())
    return copied


def _copy_postgres(target: Path, keys: Path) -> Copied:
    with closing(connections.create_connection(DEFAULT_DB_ALIAS)) as held, held.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        copied = _seen(cursor)
        write_keys(keys, _pages(cursor))
        words = [
            "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}",
            f"--exclude-table-data={TABLE}", f"--dbname={held.settings_dict['NAME']}",
        ]  # fmt: skip
        run_program("pg_dump", words, _where(held))
        cursor.execute("COMMIT")
    return copied


def _seen(cursor: Any) -> Copied:
    """Every table's rows counted, and the migrations that were applied."""
    if connection.vendor == "sqlite":
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    else:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    counts = {}
    for (table,) in sorted(cursor.fetchall()):
        cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 -- a table's own name
        counts[table] = cursor.fetchone()[0]
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    return Copied(counts, [f"{app}.{name}" for app, name in cursor.fetchall()])


def _pages(cursor: Any) -> Iterator[list[Any]]:
    """The rows of wrapped keys as text, in the order of their ids."""
    mark = "?" if connection.vendor == "sqlite" else "%s"
    last = "" if connection.vendor == "sqlite" else str(UUID(int=0))
    while True:
        cursor.execute(
            f"SELECT {COLUMNS} FROM {TABLE} WHERE id > {mark} ORDER BY id LIMIT {PAGE}",  # noqa: S608 -- constants
            [last],
        )
        rows = cursor.fetchall()
        if not rows:
            return
        for row in rows:
            yield [_plain(value) for value in row]
        last = str(rows[-1][0])


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value if value is None or isinstance(value, str) else str(value)


@contextmanager
def fresh_place(folder: Path) -> Iterator[BaseDatabaseWrapper]:
    """A database of its own to restore into, gone afterwards: a file in `folder`, or one more on the same server."""
    name = f"madoguchi_verify_{uuid4().hex}"
    if connection.vendor == "sqlite":
        with _opened(str(folder / f"{name}.sqlite3")) as place:
            yield place
        return
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        with _opened(name) as place:
            yield place
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def final_place() -> Iterator[BaseDatabaseWrapper]:
    """The empty database of the settings; a file comes into its place only once all is in it."""
    if connection.vendor != "sqlite":
        yield connection
        return
    final = Path(str(connection.settings_dict["NAME"]))
    new = final.with_name(f".{final.name}.restoring")
    new.unlink(missing_ok=True)
    try:
        with _opened(str(new)) as place:
            yield place
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.rename(final)
        sync_folder(final.parent)
    finally:
        for end in ("", "-wal", "-shm"):
            new.with_name(new.name + end).unlink(missing_ok=True)


@contextmanager
def _opened(name: str) -> Iterator[BaseDatabaseWrapper]:
    """A connection as the settings say, but to the database of this name."""
    with closing(connections.create_connection(DEFAULT_DB_ALIAS)) as place:
        place.settings_dict = place.settings_dict | {"NAME": name}
        yield place


def put_back(
    place: BaseDatabaseWrapper, database: Path, keys: Iterable[list[Any]], gone: set[UUID], now: datetime
) -> None:
    """Restores a copy into an empty place, with the keys but those of `gone`. Raises BackupError, ProgramError."""
    name = str(place.settings_dict["NAME"])
    if place.vendor == "sqlite":
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as copy:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600))
            place.ensure_connection()
            copy.backup(place.connection)
    else:
        words = [
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={name}",
        ]
        run_program("pg_restore", [*words, str(database)], _where(place))
    _insert(place, keys, gone, now)


def _insert(place: BaseDatabaseWrapper, keys: Iterable[list[Any]], gone: set[UUID], now: datetime) -> None:
    sql = f"INSERT INTO {TABLE} ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)"  # noqa: S608 -- constants
    moment = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" + ("" if place.vendor == "sqlite" else "+00")
    batch: list[list[Any]] = []
    with place.cursor() as cursor:
        cursor.execute("BEGIN")
        for key_id, unit, kek, wrapped, made_at, shredded_at in keys:
            dead = wrapped is None or UUID(key_id) in gone
            sealed = None if dead else bytes.fromhex(wrapped)
            # Shredded after the backup: the list holds no moment, so it is shredded again, now.
            batch.append([key_id, unit, kek, sealed, made_at, shredded_at or (moment if dead else None)])
            if len(batch) == PAGE:
                cursor.executemany(sql, batch)
                batch.clear()
        if batch:
            cursor.executemany(sql, batch)
        cursor.execute("COMMIT")


def counts_in(place: BaseDatabaseWrapper) -> dict[str, int]:
    """Every table's rows, counted in a restored place."""
    with place.cursor() as cursor:
        return _seen(cursor).counts


def refuse_unless_empty(place: BaseDatabaseWrapper) -> None:
    """Raises BackupError where a restore would write over something."""
    if place.vendor == "sqlite":
        if Path(str(place.settings_dict["NAME"])).exists():
            raise BackupError(f"There is a database at {place.settings_dict['NAME']} already; it stays.")
        return
    with place.cursor() as cursor:
        if place.introspection.table_names(cursor):
            raise BackupError("The database holds tables already. Restore into a new, empty one.")


def _where(place: BaseDatabaseWrapper) -> Mapping[str, str]:
    """How PostgreSQL's programs find the server; the password is in no command line."""
    given = place.settings_dict
    named = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    return {name: str(given[key]) for name, key in named.items() if given.get(key)}
