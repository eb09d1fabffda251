"""The web pages behind granian's asynchronous interface (RSGI): who comes slowly or too often holds no thread.

Under WSGI the server gives a request its thread before the body has come, and waits for the body as long as the other
side likes: four connections that begin a form and never end it would keep everybody out. Here a body is read first, and
a request has a thread when it is there. What is larger than READ_AHEAD, an upload, streams into threads of its own and
has to go on at SLOWEST. Who posts oftener than is fair waits, without a thread, and is told 429 where too many wait.
"""

import asyncio
import io
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, Protocol

from madoguchi.config.front import Proxies, believe
from madoguchi.lib.floods import Floods, Rate, Rates, plain_address, prefixes

PAGE_THREADS, UPLOAD_THREADS = 4, 16
READ_AHEAD: Final = 256 * 1024
IDLE: Final = 20.0
"""Seconds between two pieces of a body."""
SLOWEST, GRACE = 2048, 30.0
"""Bytes a second that a body has to come with on the average, but for its first seconds."""
BODIES, BODIES_OF_A_NETWORK = 256, 32
"""Bodies under way: in all, and from one network."""
UPLOADS_OF_A_NETWORK: Final = 2
WAITING: Final = 256
"""Requests that wait because their network posts too often."""
LONGEST: Final = 5.0
"""Seconds that one of them waits."""
FAIR: Final = Rates(
    {
        32: Rate(each=1, burst=60),
        24: Rate(each=0.25, burst=200),
        64: Rate(each=1, burst=60),
        56: Rate(each=0.5, burst=120),
        48: Rate(each=0.25, burst=200),
    },
    everybody=Rate(each=0.02, burst=2000),
)
"""What is posted to public pages. The console is left out: an office has one address, and its people work fast."""
NEVER_SLOWED: Final = "/console/"
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
TOO_MUCH: Final = (
    "ただいま、お使いのネットワークからの送信が集中しています。少し待ってから、もう一度お試しください。\n"
    "Too much is being sent from your network at once. Please try again in a moment.\n"
)
"""In both languages: here nobody knows yet which one the visitor reads."""
WHOLE: Final = 1024 * 1024
"""Answers of at most so many bytes are sent in one piece, and hold no thread while they are."""

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]


class Scope(Protocol):
    """A request, as granian tells it."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Any


class Exchange(Protocol):
    """The body of a request and the way back, as granian gives it."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_stream(self, status: int, headers: Headers) -> Any: ...


class TooSlowError(OSError):
    """The other side sends its form too slowly."""


class Gate:
    """Calls a WSGI application for each request. `proxies`: our own in front."""

    def __init__(self, application: Application, *, proxies: Proxies = (), fair: Rates = FAIR) -> None:
        self._application = application
        self._proxies = proxies
        self._floods = Floods(fair, longest=LONGEST)
        self._pages = ThreadPoolExecutor(PAGE_THREADS, thread_name_prefix="page")
        self._uploads = ThreadPoolExecutor(UPLOAD_THREADS, thread_name_prefix="upload")
        self._bodies: Counter[Any] = Counter()
        self._uploading: Counter[Any] = Counter()
        self._waiting = 0

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        environ = environ_of(scope)
        believe(environ, self._proxies)
        with suppress(ConnectionError, RuntimeError):  # granian's word for a visitor who has gone
            if _has_body(environ) or environ["REQUEST_METHOD"] not in READING:
                await self._take(environ, exchange)
            else:
                await self._answer(self._pages, environ, io.BytesIO(), exchange)

    async def _take(self, environ: dict[str, Any], exchange: Exchange) -> None:
        """Lets in what is posted, when it is its turn: without a body too, since a form's token can be a header."""
        if not (await self._may_post(environ)):
            _put_off(exchange, LONGEST)
            return
        if not _has_body(environ):
            await self._answer(self._pages, environ, io.BytesIO(), exchange)
            return
        network = _network(environ)
        with _Place(self._bodies, network, BODIES, BODIES_OF_A_NETWORK) as taken:
            if not taken:
                _put_off(exchange, LONGEST)
                return
            body = Body(exchange)
            try:
                ended = await body.read_ahead()
            except TooSlowError:
                exchange.response_bytes(408, [("connection", "close")], b"")
                return
            if ended:
                await self._answer(self._pages, environ, body.stream(), exchange)
                return
            with _Place(self._uploading, network, UPLOAD_THREADS * 4, UPLOADS_OF_A_NETWORK) as has_thread:
                if has_thread:
                    await self._answer(self._uploads, environ, body.stream(), exchange)
                else:
                    _put_off(exchange, LONGEST)

    async def _may_post(self, environ: dict[str, Any]) -> bool:
        """Waits as long as the visitor's network should; false where too many wait already."""
        if environ["PATH_INFO"].startswith(NEVER_SLOWED):
            return True
        wait = self._floods.wait(environ["REMOTE_ADDR"], asyncio.get_running_loop().time())
        if not wait:
            return True
        if self._waiting >= WAITING:
            return False
        self._waiting += 1
        try:
            await asyncio.sleep(wait)
        finally:
            self._waiting -= 1
        return True

    async def _answer(
        self, threads: ThreadPoolExecutor, environ: dict[str, Any], body: io.IOBase, exchange: Exchange
    ) -> None:
        loop = asyncio.get_running_loop()
        environ["wsgi.input"] = body
        await loop.run_in_executor(threads, self._call, environ, exchange, loop)

    def _call(self, environ: dict[str, Any], exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
        """Runs in a thread: from the application's call to the end of its answer."""
        begun: list[tuple[int, Headers]] = []

        def start(status: str, headers: Headers, _error: Any = None) -> None:
            begun[:] = [(int(status.partition(" ")[0]), headers)]

        pieces = self._application(environ, start)
        try:
            status, headers = begun[0]
            length = next((value for name, value in headers if name.lower() == "content-length"), None)
            if length is not None and int(length) <= WHOLE:
                whole = b"".join(pieces)
                loop.call_soon_threadsafe(_respond, exchange, status, headers, whole)
            else:
                _stream(pieces, exchange, status, headers, loop)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()


class Body:
    """What comes with a request. Read ahead in the event loop first; the rest by the thread that needs it."""

    def __init__(self, exchange: Exchange) -> None:
        self._loop = asyncio.get_running_loop()
        self._source = aiter(exchange)
        self._begun = self._loop.time()
        self._seen = 0
        self._ahead = bytearray()
        self._ended = False

    async def read_ahead(self) -> bool:
        """Reads up to READ_AHEAD bytes; true where that is all. Raises TooSlowError."""
        while not self._ended and len(self._ahead) < READ_AHEAD:
            self._ahead += await self._next()
        return self._ended

    def stream(self) -> io.IOBase:
        """All of it, for a thread other than the event loop's."""
        return io.BytesIO(self._ahead) if self._ended else io.BufferedReader(_Rest(self))

    def next_piece(self) -> bytes:
        """The next piece, empty at the end; waits for it in a thread. Raises TooSlowError."""
        if self._ahead:
            piece, self._ahead = bytes(self._ahead), bytearray()
            # The clock begins anew: it was we who had no thread until now.
            self._begun, self._seen = self._loop.time(), 0
            return piece
        return asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(IDLE):
                # Without a default: CPython's anext with one crashes on granian's awaitable where the visitor has gone.
                piece = await anext(self._source)
        except StopAsyncIteration:
            piece = b""
        except TimeoutError as silent:
            raise TooSlowError from silent
        self._ended = not piece
        self._seen += len(piece)
        if self._seen < SLOWEST * (self._loop.time() - self._begun - GRACE):
            raise TooSlowError
        return piece


class _Rest(io.RawIOBase):
    """A body as a raw stream."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or self._body.next_piece()
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


class _Place:
    """A place among those of all and of one network, as long as it lasts; `with` says whether there was one."""

    def __init__(self, held: Counter[Any], network: Any, most: int, of_a_network: int) -> None:
        self._held, self._network = held, network
        self._taken = held.total() < most and held[network] < of_a_network

    def __enter__(self) -> bool:
        self._held[self._network] += self._taken
        return self._taken

    def __exit__(self, *_: object) -> None:
        self._held[self._network] -= self._taken
        if not self._held[self._network]:
            del self._held[self._network]


def environ_of(scope: Scope) -> dict[str, Any]:
    """The environment of PEP 3333; fields that came several times are joined by commas (RFC 9110 section 5.2)."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": io.StringIO(),  # nothing of ours writes there, and nothing else shall
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # would pass for a field with a hyphen
            continue
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        joined = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joined}{value}" if key in environ else value
    if not environ.get("CONTENT_LENGTH", "").isdecimal():
        environ.pop("CONTENT_LENGTH", None)
    return environ


def _has_body(environ: dict[str, Any]) -> bool:
    return bool(int(environ.get("CONTENT_LENGTH") or 0))


def _network(environ: dict[str, Any]) -> Any:
    address = plain_address(environ["REMOTE_ADDR"])
    return prefixes(address)[-1] if address is not None else None


def _respond(exchange: Exchange, status: int, headers: Headers, whole: bytes) -> None:
    with suppress(RuntimeError):  # granian's word for a visitor who has gone
        exchange.response_bytes(status, headers, whole)


def _put_off(exchange: Exchange, seconds: float) -> None:
    headers = [("retry-after", str(math.ceil(seconds))), ("content-type", "text/plain; charset=utf-8")]
    exchange.response_bytes(429, headers, TOO_MUCH.encode())


def _stream(
    pieces: Iterable[bytes],
    exchange: Exchange,
    status: int,
    headers: Headers,
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Sends an answer piece by piece, as fast as the visitor takes it; one who takes nothing is left."""
    transport = exchange.response_stream(status, headers)
    for piece in pieces:
        if piece:
            asyncio.run_coroutine_threadsafe(_sent(transport, piece), loop).result(IDLE)


async def _sent(transport: Any, piece: bytes) -> None:
    await transport.send_bytes(piece)
