"""Disk full, database away, keyring unreadable: the sender keeps the mail, one line says why, and it mends itself."""

import os
import smtplib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from journeys.mails import report
from journeys.sink import Sender, Sink
from journeys.tree import ADDRESS, Tree, free_port, new_database, wait_until
from madoguchi.lib import keyring
from postgres import Cluster

pytestmark = pytest.mark.store

MEBI = 2**20
PUT_OFF, AGAIN = "Mail is put off until it can be stored", "Mail is stored again"


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """A disk of its own, of so many MiB, at `folder`; skips where this user may mount none."""
    folder.mkdir(parents=True)
    size = f"size={mebibytes}m"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root alone")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Fills the disk at `folder` to the last byte with one file."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (MEBI, 4096, 1):
            try:
                while file.write(b"\xff" * size):
                    pass
            except OSError:
                continue
    return filler


def stored(tree: Tree, numbers: range, *, size: int = 0) -> list[int]:
    """The codes of the replies to these mails."""
    sender = Sender(tree.smtp)
    codes = [
        sender.send(mail.sender, mail.content) for mail in (report(number, size=size) for number in numbers)
    ]
    sender.close()
    return codes


def is_stored(tree: Tree, number: int) -> bool:
    return stored(tree, range(number, number + 1)) == [250]


def holds(tree: Tree, confirmed: int) -> None:
    """Every mail that got 250 is a report, and trouble was said in one line when it began and one when it ended."""
    state = tree.drained()
    assert (len(state.reports), state.failed) == (confirmed, 0)
    assert (tree.said().count(PUT_OFF), tree.said().count(AGAIN)) == (1, 1)


def test_a_full_disk_puts_mail_off_until_there_is_room(tmp_path: Path, store: str, sink: Sink) -> None:
    with (
        small_disk(tmp_path / "home", 8),
        Tree(tmp_path, store=store, settings={"RELAY_URL": sink.url}) as tree,
    ):
        assert stored(tree, range(5)) == [250] * 5
        tree.drained()
        filler = fill(tree.home)
        # On PostgreSQL the home holds blobs alone.
        assert set(stored(tree, range(5, 9), size=400_000)) == {452}
        assert tree.call("receive", "--to", ADDRESS, given=report(9).content).returncode == os.EX_TEMPFAIL
        filler.unlink()
        wait_until(lambda: is_stored(tree, 10), what="mail to be taken again")
        assert stored(tree, range(5, 7), size=400_000) == [250] * 2
        holds(tree, 8)
        assert [path for path in tree.home.rglob("*") if path.name.endswith(".new")] == []


def test_a_database_that_is_away_puts_mail_off_until_it_is_back(
    tmp_path: Path, store: str, sink: Sink
) -> None:
    if store != "postgres":
        pytest.skip("this run is on SQLite")
    cluster = Cluster()
    try:
        with Tree(tmp_path, database=new_database(cluster.url()), settings={"RELAY_URL": sink.url}) as tree:
            assert stored(tree, range(3)) == [250] * 3
            cluster.stop("immediate")
            assert set(stored(tree, range(3, 6))) == {451}
            assert tree.page("/readyz") == 503
            cluster.start()
            wait_until(lambda: is_stored(tree, 6), what="mail to be taken again")
            wait_until(tree.is_ready, what="the pages to be ready again")
            holds(tree, 4)
    finally:
        cluster.remove()


def test_a_start_without_a_database_waits_for_it_and_says_so_once(
    tmp_path: Path, store: str, sink: Sink
) -> None:
    if store != "postgres":
        pytest.skip("this run is on SQLite")
    cluster = Cluster()
    try:
        tree = Tree(
            tmp_path, command="run", database=new_database(cluster.url()), settings={"RELAY_URL": sink.url}
        )
        assert tree.call("init", "--staff", "hanako").returncode == 0
        cluster.stop()
        tree.launch()
        wait_until(
            lambda: tree.said().count("waits for the database") == 2, what="both to say that they wait"
        )
        time.sleep(4)
        assert len(tree.said().splitlines()) == 3, tree.said()
        cluster.start()
        wait_until(lambda: is_stored(tree, 1), what="mail to be taken")
        wait_until(tree.is_ready, what="the pages to be ready")
        wait_until(lambda: len(tree.state().reports) == 1, what="the worker to work")
        assert "ended by itself" not in tree.said()
        assert tree.stop() == 0
    finally:
        tree.end()
        cluster.remove()


def test_a_start_without_a_database_can_be_stopped(tmp_path: Path, store: str) -> None:
    if store != "postgres":
        pytest.skip("this run is on SQLite")
    settings = {"RELAY_URL": "smtp://127.0.0.1:1"}
    nowhere = f"postgres://nobody@127.0.0.1:{free_port()}/none"
    tree = Tree(tmp_path, command="run", database=nowhere, settings=settings)
    keyring.make(tree.keyring, datetime.now(UTC))
    tree.home.mkdir(mode=0o700)
    tree.launch()
    try:
        wait_until(
            lambda: tree.said().count("waits for the database") == 2, what="both to say that they wait"
        )
        assert tree.stop() == 0
    finally:
        tree.end()


def test_a_missing_keyring_puts_mail_off_until_it_is_back(tmp_path: Path, store: str, sink: Sink) -> None:
    tree = Tree(tmp_path, store=store, settings={"RELAY_URL": sink.url})
    with tree:
        away = tree.keyring.rename(tmp_path / "away")
        assert stored(tree, range(2)) == [451] * 2
        assert tree.call("receive", "--to", ADDRESS, given=report(9).content).returncode == os.EX_TEMPFAIL
        away.rename(tree.keyring)
        assert stored(tree, range(3)) == [250] * 3
        assert tree.call("receive", "--to", ADDRESS, given=report(9).content).returncode == 0
        wait_until(lambda: len(tree.state().reports) == 4, what="the spool to be taken over")
        holds(tree, 4)
        assert tree.stop() == 0


def test_nothing_starts_on_sealed_data_whose_keyring_is_missing_or_open_to_others(tmp_path: Path) -> None:
    tree = Tree(tmp_path, settings={"RELAY_URL": "smtp://127.0.0.1:1"})
    assert tree.call("init", "--staff", "hanako").returncode == 0
    tree.keyring.chmod(0o644)
    shown = tree.call("run")
    assert (shown.returncode, shown.stderr.count(b"\n")) == (os.EX_CONFIG, 1)
    tree.keyring.unlink()
    for command in (("run",), ("init", "--staff", "hanako")):
        done = tree.call(*command)
        assert (done.returncode, done.stderr.count(b"\n")) == (os.EX_CONFIG, 1)
        assert str(tree.keyring) in done.stderr.decode()


def test_a_mail_that_is_too_large_is_refused_before_its_data(tmp_path: Path, store: str) -> None:
    with Tree(tmp_path, store=store, settings={"MAX_MESSAGE_BYTES": str(MEBI)}) as tree:
        with smtplib.SMTP("127.0.0.1", tree.smtp, timeout=30) as smtp:
            smtp.ehlo()
            assert smtp.esmtp_features["size"] == str(MEBI)
            assert smtp.mail("reporter@site.example", [f"SIZE={MEBI + 1}"])[0] == 552
        assert tree.state().arrivals == []
