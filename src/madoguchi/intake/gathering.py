"""Group commit: what arrives while one commit runs goes into the next one. No timer, no Django.

A commit costs a sync of the disk whether it carries one mail or fifty. So nobody waits for company:
the first mail is committed at once, and whoever comes in the meantime shares the next commit.
"""

import asyncio
import errno
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from sqlite3 import SQLITE_FULL

from madoguchi.intake.incoming import Incoming

Commit = Callable[[Sequence[Incoming]], None]
"""Makes all of them durable in one transaction and returns, or raises and leaves none of them behind."""

PATIENCE = 3
"""Lone tries that may fail in a row before the rest of a failed batch is taken to fail alike."""

POSTGRES_DISK_FULL = "53100"
"""SQLSTATE disk_full."""


class GatheringClosedError(Exception):
    """The intake is shutting down and takes nothing more: send it again in a minute."""


@dataclass(slots=True)
class _Waiting:
    incoming: Incoming
    stored: asyncio.Future[None]


class Gatherer:
    """Brings arrivals together and commits them, one batch after the other, in one thread of its own.

    `commit` is called in that thread only, never twice at a time, with at most `most` arrivals of at
    most `most_bytes` bytes in all (one alone may be larger). `at_end` is called there last: the place
    to close what belongs to the thread. To be used within one event loop.
    """

    def __init__(
        self,
        commit: Commit,
        *,
        most: int = 256,
        most_bytes: int = 32 * 2**20,
        at_end: Callable[[], None] | None = None,
    ) -> None:
        self._commit = commit
        self._most = most
        self._most_bytes = most_bytes
        self._at_end = at_end
        self._queue: deque[_Waiting] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="intake-commit")
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    async def add(self, incoming: Incoming) -> None:
        """Returns when `incoming` is durable; raises what its commit raised, and then it is not kept.

        Cancelled, it is dropped where its batch has not begun; otherwise it may be stored all the same:
        the sender got no answer and sends it again.
        """
        if self._closed:
            raise GatheringClosedError
        waiting = _Waiting(incoming, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        await waiting.stored

    async def close(self) -> None:
        """Takes nothing more, finishes what it has, and ends the thread. A second call does no harm."""
        self._closed = True
        while self._running is not None:
            await asyncio.wait({self._running})
        if self._at_end is not None:
            at_end, self._at_end = self._at_end, None
            await asyncio.get_running_loop().run_in_executor(self._thread, at_end)
        await asyncio.to_thread(self._thread.shutdown)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        batch: list[_Waiting] = []
        try:
            while batch := self._take():
                arrivals = [each.incoming for each in batch]
                _tell(batch, await loop.run_in_executor(self._thread, self._store, arrivals))
        finally:  # after an ordinary end there is nobody left to cancel
            self._running = None
            for waiting in (*batch, *self._queue):
                waiting.stored.cancel()

    def _take(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._queue and len(batch) < self._most:
            if self._queue[0].stored.cancelled():
                self._queue.popleft()
                continue
            size += len(self._queue[0].incoming.raw)
            if batch and size > self._most_bytes:
                break
            batch.append(self._queue.popleft())
        return batch

    def _store(self, batch: list[Incoming]) -> list[Exception | None]:
        """Runs in the thread: what went wrong with each, None where it is durable."""
        try:
            self._commit(batch)
        except Exception as error:  # noqa: BLE001 - whatever it was, its sender is told to try again
            return [error] if len(batch) == 1 else self._store_each(batch)
        return [None] * len(batch)

    def _store_each(self, batch: list[Incoming]) -> list[Exception | None]:
        """Each alone, so that one bad arrival does not fail the others.

        Where the store itself is away every try may take its whole time-out, so a few failures in a row
        stand for the rest: they are told to try again later, as they would be anyway.
        """
        errors: list[Exception | None] = []
        for incoming in batch:
            tail = errors[-PATIENCE:]
            if len(tail) == PATIENCE and None not in tail:
                errors.append(tail[-1])
            else:
                errors += self._store([incoming])
        return errors


def _tell(batch: list[_Waiting], errors: list[Exception | None]) -> None:
    for waiting, error in zip(batch, errors, strict=True):
        if waiting.stored.done():  # its sender has gone
            continue
        if error is None:
            waiting.stored.set_result(None)
        else:
            waiting.stored.set_exception(error)


def means_full(error: BaseException) -> bool:
    """Whether `error`, or what it came from, says that the disk is full: OSError, SQLite, PostgreSQL."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        if (
            getattr(cause, "sqlite_errorcode", 0) & 0xFF == SQLITE_FULL
            or getattr(cause, "sqlstate", "") == "53100"
        ):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
