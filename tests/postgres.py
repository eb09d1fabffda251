"""A PostgreSQL cluster of the tests' own: made in a temporary folder, run by a user that is not root, gone at the end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

ROOT_RUNS_AS = "postgres"


def programs() -> Path:
    """The folder of the newest server programs that Debian installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: float(one.parts[4]))
    if not found:
        raise RuntimeError("PostgreSQL's server is not installed; `make test` installs Debian's postgresql.")
    return found[-1].parent


class Cluster:
    """A running cluster that listens on a socket in its own folder only."""

    def __init__(self, options: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="madoguchi-pg-"))
        self._as = ["runuser", "-u", ROOT_RUNS_AS, "--"] if os.geteuid() == 0 else []
        self.user = ROOT_RUNS_AS if self._as else pwd.getpwuid(os.geteuid()).pw_name
        if self._as:
            shutil.chown(self.folder, ROOT_RUNS_AS)
        self.data = self.folder / "data"
        self._run("initdb", "-D", self.data, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", self.user)
        self.start(options)

    def start(self, options: str = "") -> None:
        """Starts the server; `options` as on its command line, such as "-c fsync=off"."""
        socket = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c max_connections=200 {options}"
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self.data, "-o", socket, "-l", log, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stops the server: "immediate" as a crash would."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def url(self, database: str = "postgres") -> str:
        """The database's address, as MADOGUCHI_DATABASE_URL takes it."""
        return f"postgres://{self.user}@{quote(str(self.folder), safe='')}/{database}"

    def create(self, database: str) -> str:
        """A new empty database; gives its address."""
        self._run("createdb", "-h", self.folder, "-U", self.user, database)
        return self.url(database)

    def remove(self) -> None:
        """Stops the server and removes the folder."""
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *words: object) -> None:
        command = [*self._as, str(programs() / program), *map(str, words)]
        done = (
            subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
            )
            if program != "pg_ctl"
            else subprocess.run(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                check=False,
                cwd=self.folder,
            )
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr or 'see ' + str(self.folder / 'log')}")
