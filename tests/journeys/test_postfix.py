"""A real Postfix in front, configured as docs/operating.md says: every mail becomes one arrival, with its true client."""

import os
import smtplib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from journeys.mails import Mail, report
from journeys.sink import Sink
from journeys.tree import ADDRESS, Tree, free_port, wait_until
from postfix import Postfix, documented

pytestmark = [
    pytest.mark.store,
    pytest.mark.skipif(os.geteuid() != 0, reason="a Postfix of its own can be started by root alone"),
]

CLIENT, HELO = "198.51.100.7", "mail.reporter.example"


class Site:
    """Postfix in front and Madoguchi behind it, by one of the two documented ways."""

    def __init__(self, way: str, folder: Path, store: str, sink: Sink) -> None:
        settings = {"RELAY_URL": sink.url}
        given = documented(f"main.cf, by {way}")
        self.postfix = Postfix(free_port(), "")
        if way == "LMTP":
            # The documented path is below Postfix's queue; only where the queue is differs here.
            socket = self.postfix.folder_for_sockets() / "lmtp.sock"
            assert "lmtp:unix:madoguchi/lmtp.sock" in given
            settings["LMTP"] = str(socket)
        else:
            settings["TRUSTED_RELAYS"] = "127.0.0.1/32"
        self.tree = Tree(folder, store=store, settings=settings)
        given = given.replace(":8025", f":{self.tree.smtp}")
        with (self.postfix.folder / "config/main.cf").open("a", encoding="ascii") as main:
            main.write(given)

    def send(self, mail: Mail, *recipients: str) -> dict[str, tuple[int, bytes]]:
        """Sends as a client of the internet would; which recipients were refused."""
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=60) as smtp:
            smtp.ehlo("proxy.example")
            assert smtp.docmd("XCLIENT", f"ADDR={CLIENT} NAME={HELO}")[0] == 220
            smtp.ehlo(HELO)
            refused = smtp.sendmail(mail.sender, recipients or [ADDRESS], mail.content)
            smtp.quit()
        return refused

    def arrived(self) -> list[dict[str, Any]]:
        return self.tree.state().arrivals


@pytest.fixture(params=["LMTP", pytest.param("SMTP", marks=pytest.mark.long)])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(way: str, tmp_path: Path, store: str, sink: Sink) -> Iterator[Site]:
    with ExitStack() as stack:
        site = Site(way, tmp_path, store, sink)
        stack.enter_context(site.postfix)
        stack.enter_context(site.tree)
        yield site


def test_mail_comes_through_postfix_with_its_envelope(site: Site, way: str, sink: Sink) -> None:
    refused = site.send(report(1), ADDRESS, "report+TOKEN@csirt.example", "nobody@csirt.example")
    assert {name: code for name, (code, _) in refused.items()} == {"nobody@csirt.example": 550}
    wait_until(lambda: len(site.arrived()) == 1, what=f"the mail to arrive; {site.postfix.said()}")
    [arrival] = site.arrived()
    envelope = arrival["envelope"]
    assert envelope["door"] == arrival["door"] == way.lower()
    assert (envelope["peer"], envelope["helo"], envelope["relayed"]) == (CLIENT, HELO, True)
    assert (envelope["mail_from"], sorted(envelope["rcpt_to"])) == (
        report(1).sender,
        ["report+TOKEN@csirt.example", ADDRESS],
    )
    wait_until(lambda: len(sink.letters[report(1).sender]) == 1, what="its acknowledgement")
    assert site.postfix.waiting() == 0

    # Away: Postfix keeps what comes. Back: each is there once.
    assert site.tree.stop() == 0
    for number in range(2, 5):
        assert site.send(report(number)) == {}
    wait_until(lambda: site.postfix.said().count("status=deferred") >= 3, what="mails to be deferred")
    assert site.postfix.waiting() == 3
    site.tree.start()
    wait_until(lambda: site.postfix.waiting() == 0, what=f"the queue to be empty; {site.postfix.said()}")
    state = site.tree.drained()
    assert (len(state.arrivals), len(state.reports)) == (4, 4)
    assert {one["envelope"]["peer"] for one in state.arrivals} == {CLIENT}
