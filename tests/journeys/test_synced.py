"""A 250 means synced, not only written: seen in the calls that the kernel got."""

import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from journeys import tracing
from journeys.mails import Mail, report
from journeys.sink import Sender
from journeys.tracing import Confirmed
from journeys.tree import Tree, new_database, wait_until
from postgres import Cluster

pytestmark = [
    pytest.mark.store,
    pytest.mark.skipif(bool(tracing.why_not()), reason=tracing.why_not() or "can trace"),
]

LOGS = {"sqlite": re.compile(r"sqlite3-wal$"), "postgres": re.compile(r"/pg_wal/[0-9A-F]{24}$")}
SETTINGS = {"BLOB_BYTES": "65536", "RELAY_URL": "smtp://127.0.0.1:1"}
LARGE = 100_000


def some_mails(many: int) -> list[Mail]:
    """Every tenth is so large that it becomes a blob."""
    return [report(number, size=LARGE if number % 10 == 0 else 4000) for number in range(many)]


def send(port: int, mails: Sequence[Mail], connections: int) -> None:
    """Sends the mails, each connection its share, one after the other; every one must get 250."""
    codes: list[int] = []

    def share(first: int) -> None:
        sender = Sender(port)
        codes.extend(sender.send(mail.sender, mail.content) for mail in mails[first::connections])
        sender.close()

    threads = [threading.Thread(target=share, args=(first,)) for first in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [250] * len(mails)


@contextmanager
def traced_server(server: str, output: Path) -> Iterator[None]:
    """Traces every process of the PostgreSQL cluster whose postmaster has this id, those to come too."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    attached = [word for pid in (server, *children) for word in ("-p", pid)]
    with subprocess.Popen(tracing.strace(output, *attached), stderr=subprocess.PIPE, text=True) as trace:
        assert trace.stderr is not None
        for _ in (server, *children):
            assert "attached" in trace.stderr.readline()
        yield
        trace.terminate()


def trace(
    folder: Path,
    store: str,
    mails: Sequence[Mail],
    *,
    connections: int = 1,
    patches: Sequence[str] = (),
    fsync: str = "on",
) -> list[Confirmed]:
    """What was synced for each 250 of the SMTP door on a new home."""
    folder.mkdir(exist_ok=True)
    door, server = folder / "door.trace", folder / "server.trace"
    if store == "sqlite":
        return _traced(folder, "", door, mails, connections, patches, [door])
    cluster = Cluster(f"-c fsync={fsync}")
    try:
        postmaster = (cluster.data / "postmaster.pid").read_text().split()[0]
        with traced_server(postmaster, server):
            return _traced(
                folder, new_database(cluster.url()), door, mails, connections, patches, [door, server]
            )
    finally:
        cluster.remove()


def _traced(
    folder: Path,
    database: str,
    door: Path,
    mails: Sequence[Mail],
    connections: int,
    patches: Sequence[str],
    files: list[Path],
) -> list[Confirmed]:
    tree = Tree(
        folder,
        database=database,
        command="smtp",
        patches=patches,
        under=tracing.strace(door),
        settings=SETTINGS,
    )
    assert tree.call("init", "--staff", "hanako").returncode == 0
    with tree:
        send(tree.smtp, mails, connections)
        assert tree.stop() == 0
    wait_until(lambda: "exited with 0" in door.read_text(errors="replace"), what="the trace to be written")
    return tracing.confirmations(tracing.events(*files))


def lacking(confirmed: Sequence[Confirmed], store: str) -> list[list[str]]:
    return [missing for one in confirmed if (missing := one.missing(LOGS[store]))]


def hold_synced(folder: Path, store: str, many: int) -> None:
    """One sender alone: whatever is synced between is its mail's. Then a crowd, where the log is shared by a batch."""
    mails = some_mails(many // 2)
    alone = trace(folder / "alone", store, mails)
    assert lacking(alone, store) == []
    assert sum(one.blob for one in alone) == len(mails) // 10
    crowd = trace(folder / "crowd", store, mails, connections=10)
    assert len(alone) == len(crowd) == len(mails)
    assert [missing for one in lacking(crowd, store) for missing in one if missing == "log"] == []


def test_forty_mails_are_synced_before_their_250(tmp_path: Path, store: str) -> None:
    hold_synced(tmp_path, store, 40)


@pytest.mark.long
def test_two_hundred_mails_are_synced_before_their_250(tmp_path: Path, store: str) -> None:
    hold_synced(tmp_path, store, 200)


def test_the_trace_sees_a_build_that_does_not_sync(tmp_path: Path, store: str) -> None:
    mails = some_mails(10)
    confirmed = trace(tmp_path, store, mails, patches=("no-sync", "unguarded"), fsync="off")
    assert [one.missing(LOGS[store])[0] for one in confirmed] == ["log"] * len(mails)


def test_the_trace_sees_a_build_that_forgets_the_folder_of_a_blob(tmp_path: Path, store: str) -> None:
    mails = some_mails(10)
    confirmed = trace(tmp_path, store, mails, patches=("no-folder-sync",))
    assert len(confirmed) == len(mails)
    [missing] = lacking(confirmed, store)
    assert missing[0].startswith("folder of ")
