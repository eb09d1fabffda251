"""The gate in front of the pages: nobody holds a thread by being slow, and who posts too much waits."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import SimpleNamespace
from typing import Any, Final

import pytest

from madoguchi.config import gate as gates
from madoguchi.config.gate import Gate, environ_of
from madoguchi.lib.floods import Rate, Rates

GENEROUS: Final = Rates({length: Rate(0.01, 10_000) for length in (32, 24, 64, 56, 48)}, Rate(0.001, 100_000))
STRICT: Final = Rates({length: Rate(60, 1) for length in (32, 24, 64, 56, 48)}, Rate(0.01, 1000))


class Fields:
    """Header fields as granian gives them: a name may come twice."""

    def __init__(self, *fields: tuple[str, str]) -> None:
        self._fields = list(fields)

    def items(self) -> list[tuple[str, str]]:
        return self._fields


def asked(
    *fields: tuple[str, str], method: str = "POST", client: str = "198.51.100.7", path: str = "/report/"
) -> Any:
    return SimpleNamespace(
        http_version="1.1",
        server="127.0.0.1:8000",
        client=f"{client}:50000",
        scheme="http",
        method=method,
        path=path,
        query_string="a=%E3%81%82",
        headers=Fields(("host", "counter.csirt.example"), *fields),
    )


class Exchange:
    """What a visitor sends, piece by piece, and what is answered; `silent`: it never ends what it began."""

    def __init__(self, *pieces: bytes, silent: bool = False) -> None:
        self._pieces = pieces
        self._silent = silent
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._silent:
            await asyncio.Event().wait()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Any:
        self.response_bytes(status, headers, b"")
        return self

    async def send_bytes(self, data: bytes) -> None:
        self.body += data


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Gives back what came."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", 0)))
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def posted(*pieces: bytes, length: int | None = None, **given: Any) -> tuple[Any, Exchange]:
    size = sum(map(len, pieces)) if length is None else length
    return asked(("content-length", str(size)), **given), Exchange(
        *pieces, silent=length is not None and length > sum(map(len, pieces))
    )


def run(steps: Callable[[], Awaitable[None]]) -> None:
    async def all_of_them() -> None:
        await asyncio.wait_for(steps(), 20)

    asyncio.run(all_of_them())


def test_a_form_comes_in_whole() -> None:
    async def steps() -> None:
        scope, exchange = posted(b"a=", b"1&b=2")
        await Gate(echo, fair=GENEROUS).__rsgi__(scope, exchange)
        await asyncio.sleep(0.05)
        assert (exchange.status, exchange.body) == (200, b"a=1&b=2")

    run(steps)


def test_an_upload_streams_and_comes_in_whole() -> None:
    async def steps() -> None:
        pieces = [bytes([number]) * 100_000 for number in range(50)]
        scope, exchange = posted(*pieces)
        await Gate(echo, fair=GENEROUS).__rsgi__(scope, exchange)
        assert (exchange.status, exchange.body) == (200, b"".join(pieces))

    run(steps)


def test_a_long_answer_is_sent_piece_by_piece() -> None:
    def endless(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * 1000 for _ in range(10))

    async def steps() -> None:
        exchange = Exchange()
        await Gate(endless).__rsgi__(asked(method="GET"), exchange)
        assert (exchange.status, len(exchange.body)) == (200, 10_000)

    run(steps)


def test_what_never_ends_holds_no_thread_and_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "IDLE", 0.5)

    async def steps() -> None:
        gate = Gate(echo, fair=GENEROUS)
        slow = [
            posted(b"x" * size, length=9_000_000, client=f"192.0.{number}.1")
            for number, size in enumerate([10] * 30 + [300_000] * 5)
        ]
        waiting = [asyncio.create_task(gate.__rsgi__(*each)) for each in slow]
        await asyncio.sleep(0.1)
        scope, exchange = posted(b"a=1")
        await gate.__rsgi__(scope, exchange)
        await asyncio.sleep(0.05)
        assert exchange.status == 200
        await asyncio.gather(*waiting, return_exceptions=True)
        assert {exchange.status for _, exchange in slow[:30]} == {408}
        assert not gate._bodies
        assert not gate._uploading

    run(steps)


def test_an_upload_that_had_to_wait_for_a_thread_is_not_taken_for_a_slow_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gates, "GRACE", 0.0)
    monkeypatch.setattr(gates, "SLOWEST", 1_000_000)

    async def steps() -> None:
        gate = Gate(echo, fair=GENEROUS)
        busy = [gate._uploads.submit(time.sleep, 1) for _ in range(gates.UPLOAD_THREADS)]
        pieces = [bytes([number]) * 100_000 for number in range(5)]
        scope, exchange = posted(*pieces)
        await gate.__rsgi__(scope, exchange)
        assert (exchange.status, exchange.body) == (200, b"".join(pieces))
        assert any(one.done() for one in busy)

    run(steps)


def test_who_trickles_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "GRACE", -10.0)

    async def steps() -> None:
        scope, exchange = posted(b"a", b"=", b"1")
        await Gate(echo, fair=GENEROUS).__rsgi__(scope, exchange)
        assert exchange.status == 408

    run(steps)


def test_one_network_has_not_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    async def steps() -> None:
        gate = Gate(echo, fair=GENEROUS)
        slow = [posted(b"x", length=10, client=f"192.0.2.{number}") for number in range(40)]
        waiting = [asyncio.create_task(gate.__rsgi__(*each)) for each in slow]
        await asyncio.sleep(0.1)
        put_off = [exchange for _, exchange in slow if exchange.status == 429]
        assert len(put_off) == 40 - gates.BODIES_OF_A_NETWORK
        assert put_off[0].headers["retry-after"] == "5"
        scope, exchange = posted(b"a=1", client="203.0.113.1")
        await gate.__rsgi__(scope, exchange)
        await asyncio.sleep(0.05)
        assert exchange.status == 200
        for each in waiting:
            each.cancel()

    run(steps)


def test_who_posts_too_much_waits_without_a_thread_and_is_put_off_where_too_many_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gates, "WAITING", 2)

    async def steps() -> None:
        gate = Gate(echo, fair=STRICT)
        pairs = [posted(b"a=1") for _ in range(5)]
        tasks = [asyncio.create_task(gate.__rsgi__(*pair)) for pair in pairs]
        await asyncio.sleep(0.2)
        assert [exchange.status for _, exchange in pairs] == [200, 0, 0, 429, 429]
        stranger, answered = posted(b"a=1", client="203.0.113.1")
        staff, worked = posted(b"a=1", path="/console/work/")
        await gate.__rsgi__(stranger, answered)
        await gate.__rsgi__(staff, worked)
        page = Exchange()
        await gate.__rsgi__(asked(method="GET"), page)
        await asyncio.sleep(0.05)
        assert (answered.status, worked.status, page.status) == (200, 200, 200)
        for task in tasks:
            task.cancel()

    run(steps)


def test_what_is_posted_without_a_body_waits_as_well() -> None:
    async def steps() -> None:
        gate = Gate(echo, fair=STRICT)
        pairs = [(asked(("x-csrftoken", "a" * 32)), Exchange()) for _ in range(2)]
        tasks = [asyncio.create_task(gate.__rsgi__(*pair)) for pair in pairs]
        await asyncio.sleep(0.2)
        assert [exchange.status for _, exchange in pairs] == [200, 0]
        for task in tasks:
            task.cancel()

    run(steps)


def test_the_buckets_see_the_visitor_behind_our_proxy() -> None:
    import ipaddress

    async def steps() -> None:
        gate = Gate(echo, fair=STRICT, proxies=(ipaddress.ip_network("127.0.0.0/8"),))
        answers = []
        for visitor in ("198.51.100.7", "203.0.113.1", "192.0.2.1"):
            scope = asked(("content-length", "1"), ("x-forwarded-for", visitor), client="127.0.0.1")
            exchange = Exchange(b"x")
            await gate.__rsgi__(scope, exchange)
            await asyncio.sleep(0.05)
            answers.append(exchange.status)
        assert answers == [200, 200, 200]

    run(steps)


def test_the_environment_is_that_of_wsgi() -> None:
    environ = environ_of(
        asked(
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "2.2.2.2"),
            ("x_forwarded_for", "3.3.3.3"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("content-type", "text/plain"),
            ("content-length", "-5"),
            client="[2001:db8::7]",
            path="/報告/",
        )
    )
    assert environ["HTTP_X_FORWARDED_FOR"] == "1.1.1.1,2.2.2.2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert "CONTENT_LENGTH" not in environ
    assert environ["REMOTE_ADDR"] == "2001:db8::7"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/報告/"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("127.0.0.1", "8000")
