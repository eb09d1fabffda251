"""While thousands flood the door, who is new is served within two seconds and acknowledged within a minute."""

import http.client
import smtplib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from journeys.flood import Flood, many_networks, one_network_of_ipv4, one_network_of_ipv6
from journeys.mails import report
from journeys.sink import Sink
from journeys.tree import ADDRESS, Tree, wait_until

pytestmark = pytest.mark.store

RELAY = "127.9.0.1"
SERVED_WITHIN, ACKNOWLEDGED_WITHIN = 2.0, 60.0


def flooded(folder: Path, store: str, sink: Sink, **settings: str) -> Tree:
    """A tree whose door hears PROXY headers of the relay that tells of the IPv6 flood."""
    given = {"RELAY_URL": sink.url, "TRUSTED_RELAYS": f"{RELAY}/32", "SMTP_PROXY_PROTOCOL": "true"}
    return Tree(folder, store=store, settings=given | settings)


class Newcomers:
    """Senders of networks that were not there before, one after the other."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.sent: dict[str, float] = {}

    def send(self) -> float:
        """How long one mail takes, from the connection to its 250."""
        number = len(self.sent)
        mail = report(number)
        begin = time.monotonic()
        source = (f"127.{50 + number // 250}.{number % 250}.1", 0)
        with smtplib.SMTP("127.0.0.1", self._tree.smtp, timeout=60, source_address=source) as smtp:
            smtp.sendmail(mail.sender, [ADDRESS], mail.content)
            took = time.monotonic() - begin
        self.sent[mail.sender] = time.monotonic()
        return took


def floods(tree: Tree, count: int, at_once: int) -> Iterator[Flood]:
    """From one /48 by a trusted relay's PROXY headers; from one /24; half-open from one /24, and from everywhere."""
    yield Flood(tree.smtp, count, [RELAY], one_network_of_ipv6(5000), at_once=at_once)
    yield Flood(tree.smtp, count, one_network_of_ipv4(), at_once=at_once)
    yield Flood(tree.smtp, count, one_network_of_ipv4(), half_open=True, at_once=at_once)
    yield Flood(tree.smtp, count, many_networks(), half_open=True, at_once=at_once)


def is_served(tree: Tree, sink: Sink, *, count: int, at_once: int, most: float) -> None:
    """Newcomers are served all through each flood, which may take so many seconds."""
    newcomers = Newcomers(tree)
    for flood in floods(tree, count, at_once):
        end = time.monotonic() + most
        slowest = 0.0
        with flood:
            while not flood.over() and time.monotonic() < end:
                slowest = max(slowest, newcomers.send())
                time.sleep(0.3)
        assert flood.answers.total() > count // 2, flood.answers  # some still wait for their banner
        assert slowest < SERVED_WITHIN, (flood.answers, slowest)
    wait_until(
        lambda: all(sink.letters[one] for one in newcomers.sent),
        seconds=ACKNOWLEDGED_WITHIN,
        what="every newcomer's acknowledgement",
    )
    assert len(newcomers.sent) >= 8


def test_who_is_new_is_served_while_hundreds_flood(tmp_path: Path, store: str, sink: Sink) -> None:
    with flooded(tmp_path, store, sink, MAX_CONNECTIONS="100", MAX_TARPITTED="20") as tree:
        is_served(tree, sink, count=500, at_once=200, most=4)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_who_is_new_is_served_while_ten_thousand_flood(tmp_path: Path, store: str, sink: Sink) -> None:
    with flooded(tmp_path, store, sink) as tree:
        is_served(tree, sink, count=10_000, at_once=800, most=180)


# --- The web pages ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, store: str) -> Iterator[int]:
    """The port of running web pages."""
    with Tree(
        tmp_path_factory.mktemp("pages"), store=store, settings={"RELAY_URL": "smtp://127.0.0.1:1"}
    ) as tree:
        yield tree.http


BEGUN = b"POST /staff/sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nlang"
HALF_OPEN = {
    "a body that never ends": BEGUN,
    "an upload that never ends": BEGUN.replace(b"100", b"9000000") + b"x" * 300_000,
    "a header that never ends": BEGUN[:60],
    "nothing": b"",
}


def open_to(port: int, source: str, said: bytes) -> socket.socket:
    """A connection to the web pages that says this and no more."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))
    connection.sendall(said)
    return connection


def visits(port: int, source: str, method: str = "GET") -> tuple[int, float]:
    """The status of the first page, or of a form that is sent without its cookie (403), and how long it took."""
    begin = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))
    try:
        if method == "GET":
            connection.request("GET", "/")
        else:
            given = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/staff/sign-in/", "username=nobody", given)
        return connection.getresponse().status, time.monotonic() - begin
    finally:
        connection.close()


@pytest.mark.parametrize("said", HALF_OPEN.values(), ids=HALF_OPEN)
def test_a_visitor_is_served_while_hundreds_of_requests_never_end(pages: int, said: bytes) -> None:
    sources = [*one_network_of_ipv4()[:100], *many_networks()[:: 5000 // 100]]
    with ExitStack() as stack:
        for source in sources:
            stack.enter_context(closing(open_to(pages, source, said)))
        time.sleep(1)
        for method, status in (("GET", 200), ("POST", 403), ("GET", 200)):
            answered, took = visits(pages, "127.50.0.1", method)
            assert (answered, took < SERVED_WITHIN) == (status, True), (method, took)


def test_who_posts_too_much_waits_and_others_do_not(pages: int) -> None:
    with ThreadPoolExecutor(20) as flooding:
        took = list(flooding.map(lambda _: visits(pages, "127.77.0.1", "POST"), range(70)))
        assert {status for status, _ in took} == {403}
        assert max(seconds for _, seconds in took) > 1
        status, seconds = visits(pages, "127.50.0.1", "POST")
        assert (status, seconds < SERVED_WITHIN) == (403, True)
