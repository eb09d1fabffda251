"""Floods on real sockets: thousands of SMTP connections at once, from networks that a test names."""

import asyncio
import itertools
import json
import resource
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

sys.path.insert(0, str(Path(__file__).parents[1]))  # where it runs as a process of its own

from journeys.mails import report

PATIENCE = 25.0


@dataclass
class Flood:
    """`count` connections to a port of loopback, `at_once` at a time, by a process of its own, until the flood is left.

    `sources`: the address that each comes from, in turn. `headers`: a PROXY header for each, or nothing.
    `half_open`: they say nothing and stay; else each tries to send one mail. `answers`: how often which code was the
    last one, known when the flood was left.
    """

    port: int
    count: int
    sources: list[str]
    headers: list[str] = field(default_factory=lambda: [""])
    half_open: bool = False
    at_once: int = 800
    answers: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin is not None
        with self._process.stdin as given:
            json.dump(asdict(self), given)
        self._process.stdin = None
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        told, _ = self._process.communicate(timeout=60)
        self.answers = Counter(json.loads(told))

    def over(self) -> bool:
        """Whether every connection was made."""
        return self._process.poll() is not None


class Flooding:
    """What that process does."""

    def __init__(self, flood: Flood) -> None:
        self._flood = flood
        self._stop = asyncio.Event()
        self.answers: Counter[str] = Counter()

    async def run(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop.set)
        numbers = iter(range(self._flood.count))
        workers = [asyncio.create_task(self._connect_all(numbers)) for _ in range(self._flood.at_once)]
        stop = asyncio.create_task(self._stop.wait())
        done = asyncio.create_task(asyncio.wait(workers))
        await asyncio.wait([stop, done], return_when=asyncio.FIRST_COMPLETED)
        for task in (stop, *workers):
            task.cancel()
        await asyncio.gather(stop, done, *workers, return_exceptions=True)

    async def _connect_all(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            try:
                self.answers[await asyncio.wait_for(self._connect(number), PATIENCE)] += 1
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as ended:
                self.answers[type(ended).__name__] += 1

    async def _connect(self, number: int) -> str:
        """The code of the last reply."""
        flood = self._flood
        source = flood.sources[number % len(flood.sources)]
        reader, writer = await asyncio.open_connection("127.0.0.1", flood.port, local_addr=(source, 0))
        try:
            writer.write(flood.headers[number % len(flood.headers)].encode())
            if flood.half_open:
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
        mail = report(10_000_000 + number)
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


def one_network_of_ipv6(count: int) -> list[str]:
    """PROXY headers of so many addresses of one /48, each in a /64 of its own."""
    return [f"PROXY TCP6 2001:db8:bad:{low:x}::1 2001:db8::25 50000 25\r\n" for low in range(count)]


def one_network_of_ipv4() -> list[str]:
    """Every address of a /24 of loopback."""
    return [f"127.77.0.{low}" for low in range(1, 255)]


def many_networks() -> list[str]:
    """An address each of thousands of networks of loopback."""
    return [f"127.{100 + one}.{two}.1" for one, two in itertools.product(range(20), range(250))]


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    flooding = Flooding(Flood(**json.load(sys.stdin)))
    asyncio.run(flooding.run())
    json.dump(flooding.answers, sys.stdout)


if __name__ == "__main__":
    main()
