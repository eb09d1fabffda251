"""Memory of the process tree at rest."""

import time
from collections.abc import Iterator
from pathlib import Path

from bench.browsing import Browser
from bench.ground import demonstration, fresh
from bench.intake_smtp import no_op_server, rate
from bench.table import Figure, Row

AIM_MIB = 250
REST = 10.0
MAILS, REQUESTS = 20, 20


def measure() -> Figure:
    """The proportional set size (PSS) of the demonstration's processes, at rest after mails and requests."""
    with (
        no_op_server() as relay,
        fresh("sqlite") as ground,
        demonstration(ground, relay) as (process, http, smtp),
    ):
        rate("127.0.0.1", smtp, MAILS, 2)
        browser = Browser(http)
        browser.sign_in(ground.home / "sign-in.txt")
        for _ in range(REQUESTS):
            browser.get("/console/")
        time.sleep(REST)
        each = {name_of(one): pss_mib(one) for one in tree(process.pid)}
    whole = sum(each.values())
    return Figure(f"{whole:.0f} MiB", whole <= AIM_MIB, {"mib": round(whole, 1), "processes": each})


def tree(root: int) -> Iterator[int]:
    """A process and all below it."""
    yield root
    for task in Path(f"/proc/{root}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            yield from tree(int(child))


def pss_mib(process: int) -> float:
    """What its memory weighs, shared pages counted by their share."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    kib = next(line.split()[1] for line in text.splitlines() if line.startswith("Pss:"))
    return round(int(kib) / 1024, 1)


def name_of(process: int) -> str:
    """Its number and what it runs."""
    return f"{process} {Path(f'/proc/{process}/comm').read_text(encoding='ascii').strip()}"


ROWS = (Row("idle-memory", "memory of the process tree at rest (PSS)", f"{AIM_MIB} MiB", measure),)
