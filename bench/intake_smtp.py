"""Mails a second through an SMTP server: a load client, and a server to compare with that keeps nothing.

    python -m bench.intake_smtp HOST:PORT [MAILS [CONNECTIONS [BYTES]]]   prints mails a second
    python -m bench.intake_smtp --no-op PORT                              serves until SIGTERM

Both run as processes of their own, so that neither shares an interpreter with the server measured.
The client is plain asyncio on sockets: it should cost less than any server it measures.
"""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

SENDER, RECIPIENT = "sender@sender.example", "report@csirt.example"
ROOT = Path(__file__).parents[1]
WAIT = 20.0
"""Seconds that a server may take to listen, and a connection may take to be answered."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a client sends: `mails` in all, over `connections` that stay open, of `size` bytes each."""

    mails: int = 5000
    connections: int = 50
    size: int = 4096


def rate(host: str, port: int, mails: int = 5000, connections: int = 50, size: int = 4096) -> float:
    """Mails a second that the server at `host`:`port` answered 250, by a client in a process of its own.

    Raises CalledProcessError where any mail was answered otherwise.
    """
    command = [
        sys.executable,
        "-m",
        "bench.intake_smtp",
        f"{host}:{port}",
        str(mails),
        str(connections),
        str(size),
    ]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    return float(json.loads(done.stdout)["rate"])


@contextmanager
def no_op_server() -> Iterator[int]:
    """The port of aiosmtpd as it comes, in a process of its own, with a handler that throws the mail away."""
    port = free_port()
    command = [sys.executable, "-m", "bench.intake_smtp", "--no-op", str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        until_listening("127.0.0.1", port)
        yield port
    finally:
        process.terminate()
        process.wait(WAIT)


def free_port() -> int:
    """A port on 127.0.0.1 that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until_listening(host: str, port: int) -> None:
    """Returns when somebody listens there; TimeoutError after WAIT seconds."""
    give_up = time.monotonic() + WAIT
    while time.monotonic() < give_up:
        with suppress(ConnectionRefusedError), socket.create_connection((host, port), timeout=WAIT):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on {host}:{port}")


def mail(number: int, size: int) -> bytes:
    """A mail of `size` bytes as it stands behind DATA, its end included; no two are alike."""
    head = (
        f"From: <{SENDER}>\r\nTo: <{RECIPIENT}>\r\nSubject: scan seen at 192.0.2.{number % 256}\r\n"
        f"Message-ID: <{number}.bench@sender.example>\r\nDate: Wed, 1 Jul 2026 09:00:00 +0900\r\n\r\n"
    ).encode()
    line = b"Jul  1 09:00:00 gw sshd[4242]: Failed password for root from 192.0.2.7\r\n"
    body = line * (max(size - len(head), 0) // len(line))
    return head + body + b"x" * max(size - len(head) - len(body) - 2, 0) + b"\r\n.\r\n"


async def send(host: str, port: int, load: Load) -> float:
    """Sends the load; seconds from the first MAIL to the last 250, connecting not counted."""
    loop = asyncio.get_running_loop()
    mails = iter([mail(number, load.size) for number in range(load.mails)])
    senders = [
        (await loop.create_connection(lambda: Sender(mails), host, port))[1] for _ in range(load.connections)
    ]
    await asyncio.gather(*(sender.greeted for sender in senders))
    begin = time.perf_counter()
    for sender in senders:
        sender.go()
    await asyncio.gather(*(sender.finished for sender in senders))
    seconds = time.perf_counter() - begin
    for sender in senders:
        sender.transport.close()
    return seconds


class Sender(asyncio.Protocol):
    """One connection: one command, one answer, which is what the smallest sender does.

    `greeted` is done after EHLO, `finished` when no mail is left; RuntimeError in it where an answer was
    not the one expected.
    """

    transport: asyncio.Transport

    def __init__(self, mails: Iterator[bytes]) -> None:
        loop = asyncio.get_running_loop()
        self.greeted: asyncio.Future[None] = loop.create_future()
        self.finished: asyncio.Future[None] = loop.create_future()
        self._mails = mails
        self._answer = b""
        self._steps: Iterator[tuple[bytes, bytes]] = iter(
            [(b"", b"220"), (b"EHLO bench.sender.example\r\n", b"250")]
        )
        self._expected = next(self._steps)[1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the banner."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Goes on when the last line of an answer is whole."""
        self._answer += data
        last = self._answer[self._answer.rfind(b"\n", 0, -1) + 1 :]
        if not last.endswith(b"\n") or last[3:4] == b"-":
            return
        self._answer = b""
        if last[:3] == self._expected:
            self.go()
        else:
            self._fail(f"expected {self._expected.decode()}: {last.decode().strip()}")

    def connection_lost(self, _error: Exception | None) -> None:
        """Nobody hangs up on us while there is mail to send."""
        self._fail("the server hung up")

    def go(self) -> None:
        """Takes the next step of this mail, or the first of the next mail."""
        step = next(self._steps, None)
        if step is None and not self.greeted.done():
            self.greeted.set_result(None)
            return
        if step is None:
            content = next(self._mails, None)
            if content is None:
                self.finished.set_result(None)
                return
            self._steps = _dialogue(content)
            step = next(self._steps)
        self._expected = step[1]
        self.transport.write(step[0])

    def _fail(self, why: str) -> None:
        for future in (self.greeted, self.finished):
            if not future.done():
                future.set_exception(RuntimeError(why))


def _dialogue(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What is sent for one mail, with the answer to each."""
    yield f"MAIL FROM:<{SENDER}> SIZE={len(content) - 3}\r\n".encode(), b"250"
    yield f"RCPT TO:<{RECIPIENT}>\r\n".encode(), b"250"
    yield b"DATA\r\n", b"354"
    yield content, b"250"


class ThrowAway:
    """aiosmtpd's handler that says yes and keeps nothing."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        """Hook of the library, hence its name."""
        return "250 OK"


async def serve_no_op(port: int) -> None:
    """Serves until SIGTERM, with the library's own defaults."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    handler = ThrowAway()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="mx.csirt.example", loop=loop), "127.0.0.1", port
    )
    await stop.wait()
    server.close()


def main(arguments: list[str]) -> None:
    """Client or server, as the module's docstring says."""
    if arguments[0] == "--no-op":
        asyncio.run(serve_no_op(int(arguments[1])))
        return
    host, _, port = arguments[0].rpartition(":")
    load = Load(*map(int, islice(arguments, 1, 4)))
    seconds = asyncio.run(send(host, int(port), load))
    print(
        json.dumps(
            {"mails": load.mails, "seconds": round(seconds, 3), "rate": round(load.mails / seconds, 1)}
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
