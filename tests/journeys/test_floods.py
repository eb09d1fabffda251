"""While thousands flood the door, who is new is served within two seconds and acknowledged within a minute."""

import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeys.flood import Flood, many_networks, one_network_of_ipv4, one_network_of_ipv6
from journeys.mails import report
from journeys.sink import Sink
from journeys.tree import ADDRESS, Tree, wait_until

pytestmark = pytest.mark.store

RELAY = "127.9.0.1"
SERVED_WITHIN, ACKNOWLEDGED_WITHIN = 2.0, 60.0


@pytest.fixture
def tree(tmp_path: Path, store: str, sink: Sink) -> Iterator[Tree]:
    settings = {
        "RELAY_URL": sink.url,
        "TRUSTED_RELAYS": "127.9.0.0/24",
        "SMTP_PROXY_PROTOCOL": "true",
    }
    with Tree(tmp_path, store=store, settings=settings) as tree:
        yield tree


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


def floods(tree: Tree, count: int) -> Iterator[Flood]:
    """From one /48 by a trusted relay's PROXY headers; from one /24; half-open from one /24, and from everywhere."""
    yield Flood(tree.smtp, count, [RELAY], one_network_of_ipv6(5000))
    yield Flood(tree.smtp, count, one_network_of_ipv4())
    yield Flood(tree.smtp, count, one_network_of_ipv4(), half_open=True)
    yield Flood(tree.smtp, count, many_networks(), half_open=True)


def is_served(tree: Tree, sink: Sink, count: int, most: float) -> None:
    """Newcomers are served all through each flood, which may take so many seconds."""
    newcomers = Newcomers(tree)
    for flood in floods(tree, count):
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


def test_who_is_new_is_served_while_hundreds_flood(tree: Tree, sink: Sink) -> None:
    is_served(tree, sink, 900, most=4)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_who_is_new_is_served_while_ten_thousand_flood(tree: Tree, sink: Sink) -> None:
    is_served(tree, sink, 10_000, most=180)
