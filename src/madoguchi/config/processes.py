"""The process tree: web, SMTP door and worker under one parent that starts again what ends by itself.

The parent loads everything once and forks, so that the children share its memory and start at once. It holds no
connection and runs no thread when it forks.
"""

import argparse
import ctypes
import gc
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from madoguchi.config.command import set_up_django
from madoguchi.config.options import options
from madoguchi.lib import keyring
from madoguchi.lib.logs import error_class

log = logging.getLogger(__name__)

GRACE = 20.0
WEB_GRACE = 10
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
STOPPING = frozenset({signal.SIGTERM, signal.SIGINT})
AGAIN_AFTER, AGAIN_AT_LAST_AFTER = 1.0, 60.0
"""Seconds before a part that ended is started again, doubled each time while it does not last."""
LASTED = 60.0
"""Seconds after which a part that ends is no longer taken to fail at its start."""
SPARE_FILES = 256
"""For everything that is no connection of the door."""


def run(argv: list[str]) -> int:
    """`madoguchi run`."""
    _no_words(argv, "run", "Web, mail intake and workers in one process tree; Ctrl-C stops it cleanly.")
    from madoguchi.config.demo import MARK
    from madoguchi.config.sources import SettingsError

    chosen = options()
    if (chosen.home / MARK).exists():
        raise SettingsError(f"{chosen.home} is a demonstration's home. Name another in MADOGUCHI_HOME.")
    return run_all()


def run_all(greeting: str = "") -> int:
    """Runs everything until SIGINT or SIGTERM."""
    _refuse_early()
    _raise_file_limit()
    set_up_django()
    _refuse_unless_durable()
    return _Tree({"web": _web, "smtp": _smtp, "worker": _worker}).run(greeting)


def web(argv: list[str]) -> int:
    """`madoguchi web`."""
    _no_words(argv, "web", "The web pages alone.")
    return _alone(_web)


def smtp(argv: list[str]) -> int:
    """`madoguchi smtp`."""
    _no_words(argv, "smtp", "The SMTP and LMTP door alone.")
    _raise_file_limit()
    return _alone(_smtp)


def worker(argv: list[str]) -> int:
    """`madoguchi worker`."""
    _no_words(argv, "worker", "A worker alone; on PostgreSQL any number may run.")
    return _alone(_worker)


def _no_words(argv: list[str], name: str, says: str) -> None:
    parser = argparse.ArgumentParser(
        prog=f"madoguchi {name}", description=says, epilog=f"example: madoguchi {name}"
    )
    parser.parse_args(argv)


def _alone(part: Callable[[], None]) -> int:
    _refuse_early()
    set_up_django()
    part()
    return os.EX_OK


def _refuse_early() -> None:
    """A sentence and exit 78 where keys or a relay are missing, before anything listens."""
    from madoguchi.config.sources import SettingsError

    chosen = options()
    if not chosen.relay_url:
        raise SettingsError(
            "MADOGUCHI_RELAY_URL is missing: name where outgoing mail goes, as smtp://host:port."
        )
    try:
        keyring.load(chosen.keyring, ())
    except keyring.KeyringError as error:
        raise SettingsError(str(error)) from error


def _raise_file_limit() -> None:
    """Lets this process and its parts open as many files as the door may have connections, and the rest of it needs."""
    from madoguchi.config.sources import SettingsError

    most = options().max_connections + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < most:
        raise SettingsError(
            f"MADOGUCHI_MAX_CONNECTIONS needs {most} open files, and the system allows {hard}. "
            "Raise LimitNOFILE or ulimit -Hn, or set it lower."
        )
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _refuse_unless_durable() -> None:
    """The same where a commit could be lost. A database that is away may come back: the parts wait for it."""
    from django.db import OperationalError, connections

    from madoguchi.config.stores import refuse_unless_durable

    try:
        refuse_unless_durable()
    except OperationalError as away:
        log.warning("The database does not answer yet (%s)", error_class(away))
    finally:
        connections.close_all()


# --- The parts ---------------------------------------------------------------------------------------------


# Its own formatter would print messages of exceptions, which may quote a mail.
_GRANIAN_LOGS = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"generic": {"()": "madoguchi.lib.logs.PlainFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"}
    },
    "loggers": {"_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}


def _web() -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    host, _, port = options().http.rpartition(":")
    Granian(
        "madoguchi.config.rsgi:gate",
        address=host.strip("[]"),
        port=int(port),
        interface=Interfaces.RSGI,
        workers=1,
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
        workers_kill_timeout=WEB_GRACE,
        log_dictconfig=_GRANIAN_LOGS,
    ).serve()


def _smtp() -> None:
    from madoguchi.config.doors import serve_smtp

    serve_smtp()


def _worker() -> None:
    from madoguchi.config.workers import work

    work(STOPPING)


# --- The tree ----------------------------------------------------------------------------------------------


@dataclass
class _Tree:
    """The children by name; `run` starts them, starts again what ended, and ends all of them on a signal."""

    parts: dict[str, Callable[[], None]]
    _children: dict[int, str] = field(default_factory=dict)
    _begun: dict[str, tuple[float, float]] = field(default_factory=dict)  # when last, and after which wait
    _stopping: bool = False

    def run(self, greeting: str) -> int:
        # What a child leaves behind, such as the web server's own worker, becomes ours to wait for.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        for number in STOPPING:
            signal.signal(number, self._stop)
        # What is loaded now is shared by all: the collector must not touch it in each child.
        gc.collect()
        gc.freeze()
        for name in self.parts:
            self._start(name)
        sys.stdout.write(greeting)
        sys.stdout.flush()
        while self._wait():
            pass
        return os.EX_OK

    def _start(self, name: str, after: float = 0) -> None:
        """Forks one part, which begins `after` seconds later: it waits itself, so that the parent need not.

        No signal comes in between: a child is either known here, or was never made.
        """
        self._begun[name] = time.monotonic(), after
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        if not self._stopping and not signal.sigpending() & STOPPING:
            child = os.fork()
            if not child:
                os._exit(_in_child(self.parts[name], name, after))
            self._children[child] = name
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def _wait(self) -> bool:
        """Waits for one process to end, and starts it again where it should go on; false where none is left."""
        try:
            child, status = os.wait()
        except ChildProcessError:
            return False
        name = self._children.pop(child, None)
        if name is None or self._stopping:
            return True
        after = self._wait_for(name)
        code = os.waitstatus_to_exitcode(status)
        log.error("%s ended by itself (status %s) and is started again in %.0f s", name, code, after)
        self._start(name, after)
        return True

    def _wait_for(self, name: str) -> float:
        """Seconds before a part is started again; longer each time while it fails at its start."""
        begun, waited = self._begun[name]
        lasted = time.monotonic() - begun - waited > LASTED
        return AGAIN_AFTER if lasted or not waited else min(waited * 2, AGAIN_AT_LAST_AFTER)

    def _stop(self, *_: object) -> None:
        if self._stopping:
            return
        self._stopping = True
        self._signal(signal.SIGTERM)
        signal.signal(signal.SIGALRM, lambda *_: self._signal(signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    def _signal(self, number: signal.Signals) -> None:
        for child in tuple(self._children):
            with suppress(ProcessLookupError):  # it ended, and was not yet counted out
                os.kill(child, number)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _in_child(part: Callable[[], None], name: str, after: float) -> int:
    """Runs one part in its process, after a wait; it ends when its parent is gone."""
    _end_with_parent()
    # What the part forks in its turn, as the web server does, goes with it too.
    os.register_at_fork(after_in_child=_end_with_parent)
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)
    # Ctrl-C reaches the whole group: the parent alone answers it, and tells the children in order. SIGINT stays blocked
    # in them: the web server sets handlers of its own, and its worker may hang where both signals meet.
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGINT})
    try:
        time.sleep(after)
        part()
    except Exception:
        log.exception("%s stopped", name)
        return os.EX_SOFTWARE
    return os.EX_OK
