"""The audit tree: entries sequenced a second, and what an entry costs its verb."""

import json
from functools import partial

from bench.ground import STORES, Store, fresh
from bench.table import Figure, Row

SEQUENCED, APPENDED = 50_000, 3_000
AIM_RATE, AIM_MS = 2_000, 1.0


def sequence(store: Store) -> Figure:
    """Entries that stand there already, given their places by one worker's sequencer."""
    with fresh(store) as ground:
        said = json.loads(ground.ask("bench.sequencing", "sequence", str(SEQUENCED)))
    rate = said["entries"] / said["seconds"]
    return Figure(f"{rate:,.0f}/s", rate >= AIM_RATE, said)


def append(store: Store) -> Figure:
    """The time of `record` inside an open verb, one entry each, while a sequencer runs beside it."""
    with fresh(store) as ground:
        said = json.loads(ground.ask("bench.sequencing", "append", str(APPENDED)))
    return Figure(f"p95 {said['p95_ms']:.2f} ms", said["p95_ms"] < AIM_MS, said)


ROWS = (
    *(
        Row(
            f"audit-sequence-{store}",
            "entries sequenced into the audit tree, one worker",
            f"{AIM_RATE:,}/s",
            partial(sequence, store),
        )
        for store in STORES
    ),
    *(
        Row(
            f"audit-append-{store}",
            "what writing one audit entry adds to a verb, a sequencer at work",
            f"p95 {AIM_MS:.0f} ms",
            partial(append, store),
        )
        for store in STORES
    ),
)
