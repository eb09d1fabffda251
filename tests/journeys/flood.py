"""Floods on real sockets: thousands of SMTP connections at once, from networks that a test names."""

import asyncio
import itertools
import resource
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from journeys.mails import report

AT_ONCE = 800
PATIENCE = 25.0


@dataclass
class Flood:
    """`count` connections to a port of loopback, AT_ONCE at a time, until all were made or the flood is left.

    `sources`: the address that each comes from, in turn. `headers`: a PROXY header for each, or nothing.
    `half_open`: they say nothing and stay; else each tries to send one mail.
    """

    port: int
    count: int
    sources: list[str]
    headers: list[bytes] = field(default_factory=lambda: [b""])
    half_open: bool = False
    answers: Counter[str] = field(default_factory=Counter)
    made: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def over(self) -> bool:
        """Whether every connection was made."""
        return self.made >= self.count

    async def _run(self) -> None:
        numbers = iter(range(self.count))
        workers = [asyncio.create_task(self._connect_all(numbers)) for _ in range(AT_ONCE)]
        while not all(worker.done() for worker in workers):
            await asyncio.sleep(0.1)
            if self._stop.is_set():
                for worker in workers:
                    worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _connect_all(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            try:
                self.answers[await asyncio.wait_for(self._connect(number), PATIENCE)] += 1
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as ended:
                self.answers[type(ended).__name__] += 1
            self.made += 1

    async def _connect(self, number: int) -> str:
        """The code of the last reply."""
        source = self.sources[number % len(self.sources)]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        try:
            writer.write(self.headers[number % len(self.headers)])
            if self.half_open:
                return await self._stay(reader)
            return await self._send(reader, writer, number)
        finally:
            with suppress(ConnectionError):
                writer.close()

    async def _stay(self, reader: asyncio.StreamReader) -> str:
        """Says nothing for a while, or until it is sent away."""
        with suppress(TimeoutError):
            return (await asyncio.wait_for(reader.readuntil(b"421"), 3))[-3:].decode()
        return "silent"

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> str:
        mail = report(10_000_000 + number + 100_000 * int(self.half_open))
        code = (await reader.readuntil(b"\r\n"))[:3]
        words = (
            b"HELO flood.example\r\n",
            f"MAIL FROM:<{mail.sender}>\r\n".encode(),
            b"RCPT TO:<report@csirt.example>\r\n",
            b"DATA\r\n",
            mail.content + b".\r\n",
        )
        for word in words:
            if code[:1] in b"45":
                break
            writer.write(word)
            code = (await reader.readuntil(b"\r\n"))[:3]
        return code.decode()


def one_network_of_ipv6(count: int) -> list[bytes]:
    """PROXY headers of so many addresses of one /48, each in a /64 of its own."""
    return [f"PROXY TCP6 2001:db8:bad:{low:x}::1 2001:db8::25 50000 25\r\n".encode() for low in range(count)]


def one_network_of_ipv4() -> list[str]:
    """Every address of a /24 of loopback."""
    return [f"127.77.0.{low}" for low in range(1, 255)]


def many_networks() -> list[str]:
    """An address each of thousands of networks of loopback."""
    return [f"127.{100 + one}.{two}.1" for one, two in itertools.product(range(20), range(250))]
