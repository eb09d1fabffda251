"""What is told in confidence stands nowhere in clear: not in the store, its logs, the temporary folder or our log."""

import re
import smtplib
import time
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from random import Random, SystemRandom
from typing import Self

import pytest

from journeys.browser import Person
from journeys.secrets_planted import Secret, found, secret
from journeys.sink import Sink
from journeys.tree import ADDRESS, Tree, new_database, wait_until
from postgres import Cluster

pytestmark = pytest.mark.store

IN_JAPANESE = ("subject", "text", "name", "attachment name", "attachment", "reply", "answer")
IN_ASCII = ("local part", "helo", "message id")
MEBI = 2**20


class Planted:
    """Secrets of one correspondence."""

    def __init__(self, chance: Random) -> None:
        self.by_field = {name: secret(name, chance, japanese=True) for name in IN_JAPANESE}
        self.by_field |= {name: secret(name, chance) for name in IN_ASCII}

    def value(self, field: str) -> str:
        return self.by_field[field].value

    @property
    def sender(self) -> str:
        return f"{self.value('local part')}@reporter.example"

    def mail(self, *, size: int = 0) -> bytes:
        """A report with a secret in each of its fields, its attachment filled up to `size` bytes."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f'"{self.value("name")}" <{self.sender}>'
        mail["To"] = ADDRESS
        mail["Subject"] = self.value("subject")
        mail["Message-ID"] = f"<{self.value('message id')}@reporter.example>"
        mail.set_content(self.value("text"), charset="utf-8", cte="8bit")
        content = self.value("attachment").encode("cp932")
        mail.add_attachment(
            content + b"\n" + b"0123456789abcdef\n" * (size // 17),
            maintype="text",
            subtype="x-log",
            filename=self.value("attachment name"),
        )
        return mail.as_bytes()

    def reply(self, to: str) -> bytes:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self.sender
        mail["To"] = to
        mail.set_content(self.value("reply"), charset="iso-2022-jp")
        return mail.as_bytes()


class Searched:
    """A tree at DEBUG, and every place in which its data could stand."""

    def __init__(self, folder: Path, store: str, sink: Sink, *patches: str) -> None:
        self.began = time.time() - 1
        self.cluster = Cluster() if store == "postgres" else None
        database = new_database(self.cluster.url()) if self.cluster else ""
        settings = {"LOG_LEVEL": "DEBUG", "RELAY_URL": sink.url, "BLOB_BYTES": "65536"}
        self.tree = Tree(folder, database=database, patches=patches, settings=settings)
        self.folder = folder

    def finds(self, secrets: Sequence[Secret]) -> dict[str, set[str]]:
        places = [self.folder, *([self.cluster.folder] if self.cluster else [])]
        return found(secrets, places, since=self.began)

    def __enter__(self) -> Self:
        try:
            self.tree.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        self.tree.end()
        if self.cluster:
            self.cluster.remove()


def send(tree: Tree, planted: Planted, content: bytes, to: str = ADDRESS) -> None:
    with smtplib.SMTP(
        "127.0.0.1", tree.smtp, local_hostname=planted.value("helo") + ".example", timeout=60
    ) as smtp:
        smtp.sendmail(planted.sender, [to], content, mail_options=["BODY=8BITMIME"])


def correspond(tree: Tree, sink: Sink, planted: Planted, *, door: str, size: int = 0) -> Secret:
    """Report, acknowledgement, answer on the page and reply; gives the reply address's secret token."""
    known = {one["id"] for one in tree.state().reports}
    if door == "pipe":
        assert (
            tree.call(
                "receive", "--from", planted.sender, "--to", ADDRESS, given=planted.mail(size=size)
            ).returncode
            == 0
        )
        wait_until(lambda: len(tree.state().reports) > len(known), what="the spool to be taken over")
    else:
        send(tree, planted, planted.mail(size=size))
    [report] = [one["id"] for one in tree.drained().reports if one["id"] not in known]
    Person(tree).answer(report, planted.value("answer"))
    wait_until(lambda: len(sink.letters[planted.sender]) == 2, what="the answer to leave")
    to = str(message_from_bytes(sink.letters[planted.sender][1])["Reply-To"])
    send(tree, planted, planted.reply(to), re.sub(r".*<|>.*", "", to))
    assert tree.drained().failed == 0
    token = re.search(r"\+([^@]+)@", to)
    assert token is not None
    return Secret("reply token", token[1])


def break_off_within_a_mail(tree: Tree, planted: Planted) -> None:
    """Kills the tree when half of a mail of 20 MB is with it."""
    smtp = smtplib.SMTP("127.0.0.1", tree.smtp, timeout=60)
    smtp.ehlo()
    smtp.mail(planted.sender)
    smtp.rcpt(ADDRESS)
    assert smtp.docmd("DATA")[0] == 354
    whole = planted.mail(size=20 * MEBI)
    smtp.send(whole[: len(whole) // 2])
    tree.kill()
    smtp.close()


def correspondence_found(searched: Searched, sink: Sink, *, door: str, size: int = 0) -> set[str]:
    """The fields of one whole correspondence that are found in clear afterwards, on a tree that runs."""
    planted = Planted(SystemRandom())
    token = correspond(searched.tree, sink, planted, door=door, size=size)
    return set(searched.finds([*planted.by_field.values(), token]))


def test_planted_secrets_stand_nowhere_in_clear(tmp_path: Path, store: str, sink: Sink) -> None:
    with Searched(tmp_path, store, sink) as searched:
        assert correspondence_found(searched, sink, door="pipe") == set()


@pytest.mark.long
def test_planted_secrets_stand_nowhere_even_in_a_blob_or_after_a_kill_within_a_mail(
    tmp_path: Path, store: str, sink: Sink
) -> None:
    with Searched(tmp_path, store, sink) as searched:
        assert correspondence_found(searched, sink, door="smtp") == set()
        assert correspondence_found(searched, sink, door="pipe", size=100_000) == set()
        planted = Planted(SystemRandom())
        break_off_within_a_mail(searched.tree, planted)
        assert searched.finds(list(planted.by_field.values())) == {}


def test_the_search_finds_every_field_of_a_build_that_does_not_seal(
    tmp_path: Path, store: str, sink: Sink
) -> None:
    with Searched(tmp_path, store, sink, "no-seal") as searched:
        found_fields = correspondence_found(searched, sink, door="smtp")
        assert found_fields == {*IN_JAPANESE, *IN_ASCII, "reply token"}


def test_an_exception_of_the_reader_tells_nothing_of_the_mail(tmp_path: Path, store: str, sink: Sink) -> None:
    planted = Planted(SystemRandom())
    with Searched(tmp_path, store, sink, "reader-raises") as searched:
        tree = searched.tree
        send(tree, planted, planted.mail())
        wait_until(lambda: tree.state().failed == 1, what="the reader to fail")
        assert "waits: ValueError" in tree.said()
        assert searched.finds(list(planted.by_field.values())) == {}


def test_an_exception_of_a_page_tells_nothing_of_what_was_asked(tmp_path: Path, sink: Sink) -> None:
    asked = secret("question", SystemRandom())
    searched = Searched(tmp_path, "sqlite", sink, "pages-raise")
    try:
        searched.tree.launch()
        wait_until(lambda: searched.tree.page(f"/?{asked.ascii}") == 500, what="a page to fail")
        assert "A page failed, and so did the page that says so" in searched.tree.said()
        assert searched.finds([asked]) == {}
    finally:
        searched.end()
