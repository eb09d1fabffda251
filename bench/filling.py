"""A store filled with reports of the past year, by the verbs that real mail goes through; kept between runs.

What is the product's own: accepting (`store`), understanding and receiving (`understand_due`), the
acknowledgement with its clearance, sending (`Sender.send_due`), setting aside a tenth of them. What is left
out: SMTP (mails are handed to `store`), looking up who vouches for a sender (taken as given), the network of
sending (the relay here says yes to all), and the disk's syncs while filling. Time is told to the verbs, so
that the reports lie in the past.
"""

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.ground import KEPT, ROOT, Ground, Store, fresh, keep_cluster, on
from bench.reports import COUNTER, mail, moments, sender

VERSION = 1
"""Raise it when what is filled changes, or how it is sealed."""
BATCH = 500
SPAN = timedelta(days=365)
ASIDE = 10


def filled(store: Store, count: int, stack: ExitStack, **settings: str) -> Ground:
    """A ground with `count` reports, copied from the kept one, which is made first where it is missing."""
    kept = _kept(store, count)
    if not (kept / "whole").exists():
        _make(store, count, kept)
    folder = KEPT / f"run-{os.getpid()}-{store}-{count}"
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("home", "home.keyring"):
        _copy(kept / name, folder / name)
    ground = on(store, folder / "home", stack, kept / "data" if store == "postgres" else None, **settings)
    ground.ask("bench.command", "upgrade")
    return ground


def _copy(source: Path, target: Path) -> None:
    (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)


def _kept(store: Store, count: int) -> Path:
    """Its folder, named after the first migrations: later ones are applied to the copy, as an upgrade does."""
    first = sorted((ROOT / "src").glob("madoguchi/*/migrations/0001_*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in first))
    return KEPT / f"{store}-{count}-{VERSION}-{digest.hexdigest()[:12]}"


def _make(store: Store, count: int, kept: Path) -> None:
    sys.stderr.write(
        f"Filling {store} with {count} reports; kept in {kept.relative_to(ROOT)} for the next time.\n"
    )
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    with fresh(store) as ground:
        ground.ask("bench.filling", str(count))
        if ground.cluster is not None:
            keep_cluster(ground.cluster, kept / "data")
        for name in ("home", "home.keyring"):
            _copy(ground.home.parent / name, kept / name)
    (kept / "whole").touch()


class YesRelay:
    """A relay that takes every letter and keeps none."""

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> None:
        """Takes it."""

    def close(self) -> None:
        """Nothing is open."""


def fill(count: int, until: datetime) -> None:
    """Fills the store of this process's settings; the newest report lies just before `until`."""
    from django.db import connection

    from madoguchi.config.setup import migrate

    migrate()
    with connection.cursor() as cursor:
        cursor.execute(
            "PRAGMA synchronous=OFF" if connection.vendor == "sqlite" else "SET synchronous_commit=off"
        )
    times = list(moments(until - SPAN, until, count))
    begin = time.monotonic()
    for start in range(0, count, BATCH):
        _fill(range(start, min(start + BATCH, count)), times)
        if start % 10_000 == 0:
            sys.stderr.write(f"  {start + BATCH} after {time.monotonic() - begin:.0f} s\n")
        if start == 10_000 and connection.vendor != "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
    with connection.cursor() as cursor:
        cursor.execute(
            "PRAGMA wal_checkpoint(TRUNCATE)" if connection.vendor == "sqlite" else "VACUUM ANALYZE"
        )


def _fill(numbers: range, times: Sequence[datetime]) -> None:
    from madoguchi.intake.actions import store, understand_due
    from madoguchi.mail.actions import Sender

    now = times[numbers[-1]]
    store([_incoming(number, times[number]) for number in numbers])
    understand_due(now=now, vouch=lambda opened: ["dkim"] * len(opened), most=BATCH)
    sending = Sender(YesRelay(), lambda: now)
    while sending.send_due():
        pass
    _set_some_aside(numbers, times, now)


def _incoming(number: int, at: datetime):  # noqa: ANN202 -- its type needs Django, which this module loads late
    from madoguchi.intake.actions import Envelope, Incoming
    from madoguchi.lib.ids import new_id

    envelope = Envelope(
        door="smtp", peer="127.0.0.1", helo="mx.csirt.example", mail_from=sender(number), rcpt_to=(COUNTER,)
    )
    return Incoming(id=new_id(at), received_at=at, envelope=envelope, raw=mail(number))


def _set_some_aside(numbers: range, times: Sequence[datetime], now: datetime) -> None:
    from uuid import UUID

    from madoguchi.audit.actions import Actor
    from madoguchi.incidents.actions import set_aside
    from madoguchi.incidents.models import Report

    actor = Actor("staff", str(UUID(int=1)))
    recent = (
        Report.objects.filter(received_at__gte=times[numbers[0]]).order_by("id").values_list("id", flat=True)
    )
    for report in list(recent)[::ASIDE]:
        set_aside(actor=actor, now=now, report_id=report, version=1)


if __name__ == "__main__":
    from madoguchi.config.command import set_up_django

    set_up_django()
    fill(int(sys.argv[1]), datetime.now(UTC) - timedelta(minutes=5))
