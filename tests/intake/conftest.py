"""A running SMTP door on a port of its own, and a client that sends exactly the bytes it is told."""

import asyncio
import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from madoguchi.intake.gathering import Gatherer
from madoguchi.intake.incoming import Incoming, Mailboxes
from madoguchi.intake.smtp import Door, serve
from madoguchi.intake.smtp_host import Limits

NOW = dt.datetime(2026, 7, 1, 9, 0, tzinfo=dt.UTC)


class Store:
    """Keeps what is committed; a test may hold it (`open`) or let it fail (`failure`)."""

    def __init__(self) -> None:
        self.kept: list[Incoming] = []
        self.failure: Exception | None = None
        self.open = threading.Event()
        self.open.set()

    def commit(self, batch: Sequence[Incoming]) -> None:
        assert self.open.wait(20)
        if self.failure is not None:
            raise self.failure
        self.kept += batch


class Talk:
    """One connection, byte by byte; replies are read whole, without their line ends."""

    def __init__(
        self,
        place: int | Path,
        hello: str = "client.example",
        *,
        source: str = "",
        header: bytes = b"",
        greeting: str = "EHLO",
    ) -> None:
        """To a port of loopback, from the address `source` where one is named, or to a socket's path."""
        if isinstance(place, int):
            given = (source, 0) if source else None
            self.socket = socket.create_connection(("127.0.0.1", place), timeout=10, source_address=given)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(10)
            self.socket.connect(str(place))
        self.file = self.socket.makefile("rb")
        self.send(header)
        self.banner = self.reply()
        if hello:
            self.hello = self.say(f"{greeting} {hello}")

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def reply(self) -> str:
        """The next reply, "" when the connection has ended."""
        lines: list[str] = []
        while True:
            try:
                line = self.file.readline()
            except ConnectionResetError:
                line = b""
            if not line:
                return "\n".join(lines)
            lines.append(line.decode().rstrip("\r\n"))
            if line[3:4] != b"-":
                return "\n".join(lines)

    def say(self, *commands: str | bytes) -> str:
        """Sends each command when the last is answered; the last reply."""
        answer = ""
        for command in commands:
            self.send(command.encode() if isinstance(command, str) else command, b"\r\n")
            answer = self.reply()
        return answer

    def open_mail(self, *, sender: str = "<a@sender.example>", to: str = "<report@csirt.example>") -> None:
        """Goes on to where DATA has said 354."""
        assert self.say(f"MAIL FROM:{sender}", f"RCPT TO:{to}", "DATA")[:3] == "354"

    def mail(self, content: bytes) -> str:
        """The reply to a mail whose transparency is the caller's own business."""
        self.open_mail()
        self.send(content, b"\r\n.\r\n")
        return self.reply()

    def silent(self, seconds: float = 0.2) -> bool:
        """Whether nothing is said in that time."""
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(10)

    def start_tls(self) -> None:
        assert self.say("STARTTLS")[:3] == "220"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.file.close()
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()


class RunningDoor:
    """A door in an event loop in a thread of its own."""

    def __init__(self, *, limits: Limits, tls: ssl.SSLContext | None = None, **given: Any) -> None:
        self.store = Store()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.door: Door = self.run(self._serve(limits=limits, tls=tls, **given))
        self.port = self.door.port

    async def _serve(self, **given: Any) -> Door:
        self.gatherer = Gatherer(self.store.commit)
        mailboxes = Mailboxes("csirt.example", frozenset({"report", "announce"}))
        return await serve(
            "127.0.0.1",
            0,
            gatherer=self.gatherer,
            accepts=mailboxes.accepts,
            hostname="mx.csirt.example",
            clock=lambda: NOW,
            **given,
        )

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def talk(self, hello: str = "client.example", **given: Any) -> Talk:
        return Talk(self.port, hello, **given)

    def lmtp(self, place: Path) -> None:
        """Listens for LMTP on a socket as well."""
        self.run(self.door.listen_for_lmtp(place))

    def settle(self) -> None:
        """Waits until every connection has ended, and sees that none left bytes behind."""
        for _ in range(500):
            if not self.door.connections:
                break
            time.sleep(0.01)
        assert self.door.connections == set()
        assert self.door.ceiling.held == 0

    def stop(self) -> None:
        self.store.open.set()
        self.run(self.door.close(grace=2))
        self.run(self.gatherer.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


OpenDoor = Callable[..., RunningDoor]
"""`open_door(tls=..., relays=..., proxied=..., fair=..., **limits)`."""

GIVEN = ("relays", "proxied", "fair")


@pytest.fixture
def open_door() -> Iterator[OpenDoor]:
    """Opens doors with the limits that a test names, and closes them after it."""
    doors: list[RunningDoor] = []

    def opening(*, tls: ssl.SSLContext | None = None, **limits: Any) -> RunningDoor:
        given = {name: limits.pop(name) for name in GIVEN if name in limits}
        doors.append(RunningDoor(limits=replace(Limits(), **limits), tls=tls, **given))
        return doors[-1]

    yield opening
    for each in doors:
        each.stop()


@pytest.fixture
def door(open_door: OpenDoor) -> RunningDoor:
    return open_door()


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's context with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.csirt.example")])
    today = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
