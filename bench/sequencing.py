"""`python -m bench.sequencing sequence|append ENTRIES`: prints what it took, as JSON. Runs with its ground's settings."""

import json
import statistics
import sys
import threading
import time
from datetime import UTC, datetime

from madoguchi.config.command import set_up_django


def sequence(count: int) -> dict[str, float]:
    """Writes so many entries, then sequences them."""
    from madoguchi.audit.actions import WORKER, Deed, Sequencer, record
    from madoguchi.lib.verbs import verb

    now = datetime.now(UTC)

    @verb
    def deeds() -> None:
        record(actor=WORKER, now=now, deeds=[Deed("received", "report", str(n)) for n in range(count)])

    deeds()
    sequencer, done, begun = Sequencer(), 0, time.perf_counter()
    while more := sequencer.step(now):
        done += more
    return {"entries": done, "seconds": time.perf_counter() - begun}


def append(count: int) -> dict[str, float]:
    """Times `record` in so many verbs, while a sequencer takes up what they wrote."""
    from django.db import connections

    from madoguchi.audit.actions import WORKER, Deed, Sequencer, record
    from madoguchi.audit.queries import last_object
    from madoguchi.lib.verbs import verb

    took: list[float] = []
    stop = threading.Event()

    @verb
    def deed(*, now: datetime) -> None:
        last_object(
            WORKER, "never"
        )  # a verb reads before it writes, and its first statement pays for the beginning
        begun = time.perf_counter()
        record(actor=WORKER, now=now, deeds=[Deed("received", "report", "x")])
        took.append(time.perf_counter() - begun)

    def sequencing() -> None:
        sequencer = Sequencer()
        while not stop.is_set():
            sequencer.step(datetime.now(UTC))
            stop.wait(1.0)  # as the worker rests
        connections.close_all()

    beside = threading.Thread(target=sequencing)
    beside.start()
    for _ in range(count):
        deed(now=datetime.now(UTC))
    stop.set()
    beside.join()
    percent = statistics.quantiles(took, n=100)
    return {"entries": count, "p50_ms": percent[49] * 1000, "p95_ms": percent[94] * 1000}


def main() -> None:
    """The entry point."""
    set_up_django()
    from madoguchi.config.setup import migrate

    migrate()
    what, count = sys.argv[1:]
    sys.stdout.write(json.dumps({"sequence": sequence, "append": append}[what](int(count))))


if __name__ == "__main__":
    main()
