"""Durable intake over SMTP against the same library with a handler that throws the mail away."""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from bench.ground import STORES, Store, fresh
from bench.intake_smtp import free_port, no_op_server, rate, until_listening
from bench.table import Figure, Row

AIM = 0.75
ROUNDS, WARM_UP, MAILS, CONNECTIONS, SIZE = 5, 500, 2500, 50, 4096


def measure(store: Store) -> Figure:
    """Both servers run all the time and are loaded in turn; the ratio is the median of the rounds' ratios."""
    with no_op_server() as empty, door(store) as full:
        for port in (empty, full):
            rate("127.0.0.1", port, WARM_UP, CONNECTIONS, SIZE)
        rounds = [
            tuple(rate("127.0.0.1", port, MAILS, CONNECTIONS, SIZE) for port in (empty, full))
            for _ in range(ROUNDS)
        ]
    ratio = median(durable / thrown for thrown, durable in rounds)
    thrown, durable = (median(side) for side in zip(*rounds, strict=True))
    return Figure(
        f"{ratio:.2f} ({durable:.0f}/s against {thrown:.0f}/s)",
        ratio >= AIM,
        {"ratio": round(ratio, 3), "rounds": rounds},
    )


@contextmanager
def door(store: Store) -> Iterator[int]:
    """The port of the real door, `madoguchi smtp`, on a fresh store."""
    port = free_port()
    with fresh(store, SMTP=f"127.0.0.1:{port}") as ground:
        ground.ask("bench.command", "upgrade")
        with ground.running("bench.command", "smtp"):
            until_listening("127.0.0.1", port)
            yield port


def _row(store: Store) -> Row:
    return Row(
        f"intake-smtp-{store}",
        f"durable intake over SMTP, 4 KB mails, {CONNECTIONS} connections, against throwing them away",
        f"{AIM}",
        lambda: measure(store),
    )


ROWS = tuple(map(_row, STORES))
