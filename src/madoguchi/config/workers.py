"""What a worker does: spool, arrivals, letters, drafts, the audit tree; each in a loop of its own."""

import fcntl
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connection, connections

from madoguchi.audit import actions as audit
from madoguchi.config.sources import SettingsError
from madoguchi.config.stores import wait_until_durable
from madoguchi.config.vouching import voucher
from madoguchi.intake import actions as intake
from madoguchi.intake import spool
from madoguchi.lib import keyring
from madoguchi.lib.logs import error_class
from madoguchi.mail import actions as mail
from madoguchi.mail.transport import transport_for
from madoguchi.vault.shredded_list import add_all, list_file

log = logging.getLogger(__name__)
IDLE, AFTER_ERROR, SELDOM = 0.1, 2.0, 60.0
WORKERS = int.from_bytes(b"madoguch")
"""The advisory lock of PostgreSQL that every worker of a database shares."""


class AnotherWorkerError(SettingsError):
    """On SQLite there is one worker, and one is running already. Use PostgreSQL for several."""


def work(until: Collection[signal.Signals]) -> None:
    """Works until one of these signals comes, then finishes what is under way.

    The signals are blocked in every thread and waited for: the kernel may hand one to any thread, and Python runs
    a handler only once the main thread wakes.
    """
    wait_until_durable("the worker")
    signal.pthread_sigmask(signal.SIG_BLOCK, until)
    stop = threading.Event()
    with _registered():
        threads = [
            threading.Thread(target=_loop, args=(name, step, stop), name=name)
            for name, step in (
                ("arrivals", _arrivals()),
                ("letters", _letters()),
                ("drafts", _now_and_then(_drafts)),
                ("audit tree", _audit_tree()),
                ("checkpoints", _now_and_then(_checkpoints(), rest=5.0)),
            )
        ]
        for thread in threads:
            thread.start()
        signal.sigwait(until)
        stop.set()
        for thread in threads:
            thread.join()


def _arrivals() -> Callable[[], int]:
    folder, vouch = settings.HOME / spool.FOLDER, voucher(settings.OPTIONS)
    held: list[UUID] = []

    def step() -> int:
        now = datetime.now(UTC)
        return intake.collect_spool(folder) + intake.understand_due(now=now, vouch=vouch, held=held)

    return step


def _letters() -> Callable[[], int]:
    helo = settings.OPTIONS.report_address.rpartition("@")[2]
    sender = mail.Sender(transport_for(settings.OPTIONS.relay_url, helo=helo), lambda: datetime.now(UTC))
    return sender.send_due


def _drafts() -> int:
    return intake.end_expired_drafts(now=datetime.now(UTC))


def _audit_tree() -> Callable[[], int]:
    """Rests a second where it found less than a batch: each step is a commit beside those of the mails."""
    sequencer = audit.Sequencer()

    def step() -> int:
        done = sequencer.step(datetime.now(UTC))
        return done if done >= audit.BATCH else 0

    return _now_and_then(step, rest=1.0)


def _checkpoints() -> Callable[[], int]:
    def step() -> int:
        publisher = audit.Publisher(
            origin=settings.OPTIONS.log_origin,
            keys=keyring.load(settings.KEYRING, ("audit",)),
            every=timedelta(minutes=settings.OPTIONS.checkpoint_minutes),
            folder=settings.OPTIONS.checkpoint_folder,
        )
        return publisher.step(datetime.now(UTC))

    return step


def _now_and_then(step: Callable[[], int], rest: float = SELDOM) -> Callable[[], int]:
    """`step` at once, and again when it found nothing to do `rest` seconds ago."""
    rests_until = 0.0

    def seldom() -> int:
        nonlocal rests_until
        if time.monotonic() < rests_until:
            return 0
        done = step()
        rests_until = 0.0 if done else time.monotonic() + rest
        return done

    return seldom


def _loop(name: str, step: Callable[[], int], stop: threading.Event) -> None:
    """Calls `step` until told to stop; trouble is said once when it begins, and tried again."""
    trouble = ""
    while not stop.is_set():
        try:
            close_old_connections()
            done = step()
        except Exception as error:
            if error_class(error) != trouble:
                trouble = error_class(error)
                log.exception("The worker's %s stopped short and will go on", name)
            connections.close_all()
            stop.wait(AFTER_ERROR)
            continue
        if trouble:
            log.warning("The worker's %s go on", name)
            trouble = ""
        if not done:
            stop.wait(IDLE)
    connections.close_all()


@contextmanager
def _registered() -> Iterator[None]:
    """Among the workers of this store while it lasts; who comes alone takes back what dead ones had.

    Without that, a mail whose worker was killed would wait until its lease ends.
    """
    with _lone_worker_file() if connection.vendor == "sqlite" else _shared_by_workers():
        connections.close_all()
        yield


def _take_back() -> None:
    intake.take_back_leases()
    mail.look_after_forgotten(now=datetime.now(UTC), leases_ended=True)
    try:
        add_all(
            list_file(settings.KEYRING)
        )  # what was committed when everything was killed, and not yet listed
    except OSError as refused:
        log.warning("The list of what was shredded can't be written (%s); see doctor", error_class(refused))


@contextmanager
def _lone_worker_file() -> Iterator[None]:
    with _lock(settings.HOME / "worker.lock"):
        _take_back()
        yield


@contextmanager
def _shared_by_workers() -> Iterator[None]:
    """An advisory lock that every worker holds, in a connection of its own that ends with its process.

    A killed worker's last statement may still run; its row locks make the taking back wait for it.
    """
    with closing(connections.create_connection(DEFAULT_DB_ALIAS)) as held, held.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [WORKERS])
        alone = cursor.fetchone()[0]
        if alone:
            _take_back()
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [WORKERS])
        if alone:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [WORKERS])
        yield


def _lock(path: Path) -> TextIOWrapper:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as held:
        file.close()
        raise AnotherWorkerError(str(AnotherWorkerError.__doc__)) from held
    return file
