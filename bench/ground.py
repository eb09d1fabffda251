"""The ground of a measurement: a home, a keyring and a store of its own, and the processes that run on it.

Nothing is measured in this process: each part runs in one of its own, as in life, with its ground's settings.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from bench.intake_smtp import free_port, until_listening
from madoguchi.lib import keyring

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "var" / "bench"
"""What is worth keeping between runs: filled stores."""
sys.path.insert(0, str(ROOT / "tests"))

from postgres import Cluster  # noqa: E402 -- the tests' own cluster, found by the line above

Store = Literal["sqlite", "postgres"]
STORES: tuple[Store, ...] = ("sqlite", "postgres")
GRACE = 30.0
"""Seconds that a process may take to end."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A home and a store; `settings` are those of the processes on it, `cluster` is set on PostgreSQL."""

    store: Store
    home: Path
    settings: Mapping[str, str]
    cluster: Cluster | None = None

    def environment(self, **more: str) -> dict[str, str]:
        """Our environment, with the ground's settings and `more` (without prefix) in place of ours."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MADOGUCHI_")}
        given = {f"MADOGUCHI_{name}": value for name, value in {**self.settings, **more}.items()}
        return kept | given | {"PYTHONPATH": str(ROOT)}

    def ask(self, *words: str, **more: str) -> str:
        """What `python -m WORDS` prints here. Raises CalledProcessError; its errors go to ours."""
        command = [sys.executable, "-m", *words]
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, env=self.environment(**more), cwd=ROOT
        )
        return done.stdout

    @contextmanager
    def running(self, *words: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """`python -m WORDS` as long as the block lasts; its output goes to `log` beside the home."""
        with (self.home.parent / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words], env=self.environment(**more), cwd=ROOT, stdout=log, stderr=log
            )
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(GRACE)


@contextmanager
def fresh(store: Store, **settings: str) -> Iterator[Ground]:
    """An empty ground, gone at the end of the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="madoguchi-bench-")))
        home = folder / "home"
        home.mkdir(mode=0o700)
        keyring.make(folder / "home.keyring", datetime.now(UTC))
        yield on(store, home, stack, **settings)


def on(store: Store, home: Path, stack: ExitStack, data: Path | None = None, **settings: str) -> Ground:
    """The ground of a home that is there; on PostgreSQL with a cluster, empty or of the kept `data`."""
    given = {"HOME": str(home), "RELAY_URL": "smtp://127.0.0.1:1", "LOG_LEVEL": "WARNING"} | settings
    if store == "sqlite":
        return Ground(store, home, given)
    cluster = Cluster() if data is None else _Restored(data)
    stack.callback(cluster.remove)
    return Ground(store, home, given | {"DATABASE_URL": cluster.url()}, cluster)


class _Restored(Cluster):
    """A cluster from the files of a stopped one."""

    def __init__(self, data: Path) -> None:
        self._kept = data
        super().__init__()

    def _run(self, program: str, *words: object) -> None:
        if program == "initdb":
            subprocess.run(["cp", "-a", self._kept, self.data], check=True)
            return
        super()._run(program, *words)


def keep_cluster(cluster: Cluster, data: Path) -> None:
    """Stops the cluster and keeps its files as `data`, owner and all."""
    cluster.stop()
    subprocess.run(["cp", "-a", cluster.data, data], check=True)


@contextmanager
def demonstration(ground: Ground, relay: int) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """The whole product, as `madoguchi demo` runs it here: the process, its HTTP and its SMTP port."""
    http, smtp = free_port(), free_port()
    settings = {
        "HTTP": f"127.0.0.1:{http}",
        "SMTP": f"127.0.0.1:{smtp}",
        "RELAY_URL": f"smtp://127.0.0.1:{relay}",
        "DEMONSTRATION": "true",
    }
    (ground.home / "demonstration").touch(mode=0o600)
    with ground.running("bench.command", "demo", **settings) as process:
        for port in (http, smtp):
            until_listening("127.0.0.1", port)
        yield process, http, smtp
