"""The public pages as fast as one web process shows them, to visitors in another process on the same machine."""

import json
import subprocess
import sys
from statistics import median

from bench.ground import ROOT, demonstration, fresh
from bench.intake_smtp import no_op_server
from bench.table import Figure, Row

AIM = 500
ROUNDS, SECONDS, WARM_UP = 3, 5, 1


def measure() -> Figure:
    """Median of ROUNDS; the real server with its one web worker, mail door and worker idle beside it."""
    with no_op_server() as relay, fresh("sqlite") as ground, demonstration(ground, relay) as (_, http, _smtp):
        _visit(http, WARM_UP)
        rounds = [_visit(http, SECONDS) for _ in range(ROUNDS)]
    rate, worst = median(one["rate"] for one in rounds), median(one["p99_ms"] for one in rounds)
    return Figure(
        f"{rate:.0f}/s, 99 of 100 within {worst:.0f} ms", rate >= AIM, {"rate": rate, "rounds": rounds}
    )


def _visit(port: int, seconds: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.visitors", str(port), str(seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    found: dict[str, float] = json.loads(done.stdout)
    return found


ROWS = (
    Row(
        "public-pages", "public pages in both languages, one web process, 8 connections", f"{AIM}/s", measure
    ),
)
