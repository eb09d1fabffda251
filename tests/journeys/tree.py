"""The whole process tree, started as a person starts it, on a home, ports and a store of its own."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

HERE = Path(__file__).parent
MADOGUCHI = Path(sys.executable).with_name("madoguchi")
ADDRESS = "report@csirt.example"
PATIENCE = 60.0


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def wait_until(happened: Callable[[], bool], *, seconds: float = PATIENCE, what: str) -> None:
    """Returns when `happened`, or fails with `what` was waited for."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)


def new_database(server: str = "") -> str:
    """The address of a new empty database of the run's PostgreSQL cluster, or of the one whose address is given."""
    import psycopg

    name = f"journey_{uuid4().hex}"
    base = server or os.environ["TEST_DATABASE_URL"]
    with psycopg.connect(base.replace("postgres://", "postgresql://"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return base.rpartition("/")[0] + "/" + name


class Tree:
    """A process tree and its home in `folder`. `settings`: names without MADOGUCHI_.

    `patches`: words of `launch` that spoil the build on purpose; `command`: "demo", "run", or one part alone;
    `under`: a command that the tree runs under.
    """

    def __init__(
        self,
        folder: Path,
        *,
        store: str = "sqlite",
        database: str = "",
        command: str = "demo",
        patches: Sequence[str] = (),
        under: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.home = folder / "home"
        self.keyring = folder / "home.keyring"
        self.log = folder / "log"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.smtp, self.http = free_port(), free_port()
        self.patches = list(patches)
        self.under = list(under)
        self.command = command
        if store == "postgres":
            database = database or new_database()
        given = {
            "HOME": str(self.home),
            "SMTP": f"127.0.0.1:{self.smtp}",
            "HTTP": f"127.0.0.1:{self.http}",
            "DATABASE_URL": database,
            "REPORT_ADDRESS": ADDRESS,
            **(settings or {}),
        }
        self.settings = {f"MADOGUCHI_{name}": value for name, value in given.items()}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this tree sees; nothing of the tests' own settings."""
        ours = ("MADOGUCHI_", "DJANGO_", "TEST_", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {
            **kept,
            **self.settings,
            "TMPDIR": str(self.temporary),
            "JOURNEY_PATCHES": ",".join(self.patches),
        }

    def words(self, *command: str) -> list[str]:
        """The command line of one of the product's commands."""
        if self.patches:
            return [sys.executable, str(HERE / "launch.py"), *command]
        return [str(MADOGUCHI), *command]

    def call(self, *command: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Runs one command to its end."""
        return subprocess.run(
            self.words(*command),
            env=self.environment,
            input=given,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )

    def ask(self, script: str, *words: str) -> Any:
        """What a script beside this file says, in JSON, of the tree's data."""
        done = subprocess.run(
            [sys.executable, str(HERE / script), *words],
            env=self.environment,
            capture_output=True,
            check=False,
            timeout=PATIENCE * 2,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def start(self) -> Self:
        """Starts the tree in a group of its own and returns when it takes mail and shows pages."""
        self.launch()
        wait_until(self.is_ready, what=f"the tree to be ready; its log:\n{self.said()}")
        return self

    def launch(self) -> None:
        """Starts the tree and does not wait."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.under, *self.words(self.command)],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def is_ready(self) -> bool:
        """Whether the SMTP door greets and the web pages say that they are ready."""
        assert self.process is not None
        assert self.process.poll() is None, f"the tree ended by itself:\n{self.said()}"
        return self.greets() and (self.command == "smtp" or self.page("/readyz") == 200)

    def greets(self) -> bool:
        """Whether the SMTP door says its banner."""
        try:
            with socket.create_connection(("127.0.0.1", self.smtp), timeout=5) as door:
                return door.recv(4) == b"220 "
        except OSError:
            return False

    def page(self, path: str) -> int:
        """The status of a page; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def said(self) -> str:
        """Everything that the tree has logged so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def kill(self) -> None:
        """SIGKILL to every process of the tree at once, as the end of a container is."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        wait_until(lambda: not self.left_over(), what="killed processes to be gone")

    def stop(self) -> int:
        """Ctrl-C, which a terminal gives to the whole group; the exit code. Nothing of the tree may be left."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(PATIENCE)
        wait_until(lambda: not self.left_over(), seconds=5, what="every process to be gone")
        return code

    def end(self) -> None:
        """Ends whatever still runs; for the end of a test."""
        if self.process is not None and self.left_over():
            self.kill()

    def left_over(self) -> list[int]:
        """Process ids that still belong to this tree."""
        assert self.process is not None
        found = []
        for entry in Path("/proc").iterdir():
            try:
                words = (
                    (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
                )
            except (FileNotFoundError, ProcessLookupError):
                continue
            if words and int(words[2]) == self.process.pid and words[0] != "Z":
                found.append(int(entry.name))
        return found

    def part(self, name: str) -> int:
        """The process id of the part "web", "smtp" or "worker": children in the order in which they were started."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[("web", "smtp", "worker").index(name)])

    def until_replaced(self, before: set[int], *, kept: int) -> None:
        """Returns when all but `kept` of the processes `before` are gone, as many new ones are there, and all is ready."""

        def replaced() -> bool:
            now = set(self.left_over())
            return len(now & before) == kept and len(now) == len(before) and self.is_ready()

        wait_until(replaced, what="another process to take a killed one's place")

    def state(self) -> "State":
        """What stands in the tree's store."""
        return State(self.ask("state.py"))

    def drained(self, *, seconds: float = PATIENCE * 3) -> "State":
        """What stands there once no arrival and no letter waits."""
        end = time.monotonic() + seconds
        while True:
            state = self.state()
            if not state.waiting:
                return state
            assert time.monotonic() < end, f"{state.waiting} rows still wait; the log:\n{self.said()[-4000:]}"
            time.sleep(0.5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.end()


class State:
    """A store's contents, as `state.py` tells them."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.waiting: int = told["waiting"]
        self.failed: int = told["failed"]
        self.arrivals: list[dict[str, Any]] = told["arrivals"]
        self.reports: list[dict[str, Any]] = told["reports"]
        self.letters: list[dict[str, Any]] = told["letters"]

    def outcomes(self, digest: str) -> list[str]:
        """What became of each arrival of the mail with this SHA-256, the first first."""
        return sorted(one["outcome"] for one in self.arrivals if one["digest"] == digest)
