"""The only place that starts another program: PostgreSQL's own, which copy and restore a database."""

import os
import shutil
import subprocess  # noqa: TID251 -- pg_dump and pg_restore; what may be started is the list below
from collections.abc import Mapping, Sequence
from typing import Literal

Program = Literal["pg_dump", "pg_restore"]


class ProgramError(Exception):
    """A program is missing or failed; the sentence says which and what it said."""


def run_program(program: Program, words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Runs it to its end; `environment` is added to ours, and passwords belong there. Raises ProgramError."""
    found = shutil.which(program)
    if found is None:
        raise ProgramError(f"{program} is not on the PATH. Install PostgreSQL's client programs.")
    done = subprocess.run(
        [found, *words], env=os.environ | dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[0]
        raise ProgramError(f"{program} failed. It said: {said}")
