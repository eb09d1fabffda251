"""The command `madoguchi doctor`: keys, home, store, disk, queues and clock; one line each, exit 1 if any is wrong."""

import argparse
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from madoguchi.config import recovery, rotating
from madoguchi.config.stores import NotDurableError, refuse_unless_durable
from madoguchi.intake.models import Arrival
from madoguchi.intake.queries import arrival_backlog
from madoguchi.lib import keyring
from madoguchi.lib.due import Backlog
from madoguchi.mail.models import Letter
from madoguchi.mail.queries import letter_backlog
from madoguchi.vault.shredded_list import list_file

LEAST_FREE = 2 << 30
"""Bytes that the home's disk should have free."""
LATE = timedelta(minutes=15)
"""How long something due may wait before it counts as stuck."""
APART = timedelta(seconds=5)
"""How far the database's clock may be from ours."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check came to: `wrong` is one sentence that says what to do, or empty."""

    what: str
    wrong: str = ""
    said: str = ""

    def line(self) -> str:
        """As it is printed."""
        return f"{'WRONG' if self.wrong else 'ok':<6} {self.what}: {self.wrong or self.said or 'as it should be'}"


def doctor(argv: list[str]) -> int:
    """`madoguchi doctor`."""
    argparse.ArgumentParser(
        prog="madoguchi doctor",
        description="Checks keys, home, database, disk, queues and clock: one line each, exit 1 if anything is wrong.",
        epilog="example: madoguchi doctor",
    ).parse_args(argv)
    found = list(findings(datetime.now(UTC)))
    sys.stdout.writelines(f"{one.line()}\n" for one in found)
    return int(any(one.wrong for one in found))


def findings(now: datetime) -> Iterator[Finding]:
    """Every check, in order; those of the database end at the first where it does not answer."""
    yield _home()
    yield _keyring()
    yield _recovery()
    yield _shredded()
    yield _disk()
    try:
        for check in (_durable, _migrated, _wrap_keys):
            yield check()
        yield _clock(now)
        yield _queue("arrivals", arrival_backlog(), now)
        yield _queue("letters", letter_backlog(), now)
    except OperationalError:
        yield Finding("database", "it does not answer. Start it, or mend MADOGUCHI_DATABASE_URL.")


def _home() -> Finding:
    home = settings.HOME
    if not home.is_dir():
        return Finding("home", f"{home} is not there. Make it with `madoguchi init`.")
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        return Finding("home", f"{home} may be entered by others ({mode:o}). Run: chmod 700 {home}")
    if home.stat().st_uid != os.geteuid():
        return Finding("home", f"{home} belongs to another user than this one. Run this as that user.")
    return Finding("home", said=f"{home}, {mode:o}")


def _keyring() -> Finding:
    path = settings.KEYRING
    try:
        keyring.load(path, keyring.PURPOSES)
    except keyring.KeyringError as wrong:
        return Finding("keyring", str(wrong))
    with suppress(FileNotFoundError):
        if path.stat().st_dev != settings.HOME.stat().st_dev:
            return Finding("keyring", said=f"{path}, on another disk than the home")
    return Finding("keyring", said=f"{path}, on the same disk as the home: keep both out of one backup")


def _recovery() -> Finding:
    try:
        return Finding(
            "recovery copy", recovery.what_lacks(settings.KEYRING), "confirmed, and it holds every key"
        )
    except keyring.KeyringError as wrong:
        return Finding("recovery copy", str(wrong))


def _shredded() -> Finding:
    file = list_file(settings.KEYRING)
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        return Finding("list of the shredded", f"{file} can't be written. Let this user write to its folder.")
    return Finding(
        "list of the shredded", said=f"{file}, in no backup: copy it to where the recovery copy is"
    )


def _disk() -> Finding:
    if not settings.HOME.is_dir():
        return Finding("disk", "there is no home to look at. Make it with `madoguchi init`.")
    free = shutil.disk_usage(settings.HOME).free
    said = f"{free >> 20} MiB free for the home"
    return Finding(
        "disk", f"only {said}. Make room before mail is put off." if free < LEAST_FREE else "", said
    )


def _durable() -> Finding:
    try:
        refuse_unless_durable()
    except NotDurableError as wrong:
        return Finding("sync settings", str(wrong))
    return Finding("sync settings", said="what is confirmed survives a loss of power")


def _migrated() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Finding("database", "it is of another release. Run `madoguchi upgrade`." if waiting else "")


def _wrap_keys() -> Finding:
    try:
        lines = rotating.status_lines(settings.KEYRING, settings.HOME)
    except keyring.KeyringError as wrong:
        return Finding("wrap keys", str(wrong))
    lacking = [line for line in lines if line.startswith("LACKING")]
    return Finding("wrap keys", "; ".join(lacking), "every data key's wrap key is there")


def _clock(now: datetime) -> Finding:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT max(made_at) FROM vault_datakey")
            newest = cursor.fetchone()[0]
            ahead = (
                newest is not None and datetime.fromisoformat(str(newest)).replace(tzinfo=UTC) > now + APART
            )
            return Finding(
                "clock", "rows come from the future: the clock went back. Set it right." if ahead else ""
            )
        cursor.execute("SELECT now()")
        apart = abs(cursor.fetchone()[0] - now)
    return Finding("clock", f"it is {apart} from the database's. Set both by NTP." if apart > APART else "")


def _queue(what: str, waits: "Backlog[Arrival] | Backlog[Letter]", now: datetime) -> Finding:
    said = f"{waits.waiting} wait, {len(waits.troubled)} in trouble"
    late = waits.oldest is not None and waits.oldest < now - LATE
    if late or waits.troubled:
        return Finding(
            what, f"{said}, the oldest since {waits.oldest}. See /console/work/ and the worker's log."
        )
    return Finding(what, said=said)
