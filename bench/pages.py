"""The queue page and the report page of a large archive against a small one, while mail comes in.

Two whole products run side by side, one with REPORTS reports and one with FEW. Mail comes into one of them
while its pages are asked for, then into the other, in turns; so both are measured on the same machine at the
same hour. Times are those of a client in another process, from the request to the last byte.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bench.browsing import Browser
from bench.filling import filled
from bench.ground import GRACE, ROOT, STORES, Store, demonstration
from bench.intake_smtp import no_op_server
from bench.table import Figure, Row

REPORTS = int(os.environ.get("BENCH_REPORTS", "100000"))
FEW = 100
PAGES, TURNS = 200, 4
MAILS_A_SECOND = 50
SETTLE = 2.0
"""Seconds of mail before the first page of a turn."""
AIM_TIMES, AIM_MS = 1.5, 40
KINDS = ("queue", "report")
DEMONSTRATION = {"DEMONSTRATION": "true"}


@dataclass(slots=True)
class Product:
    """One running product: a signed-in browser, the pages to ask for, and the seconds that each took."""

    smtp: int
    browser: Browser
    places: Mapping[str, Sequence[str]]
    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    mails: list[dict[str, float]] = field(default_factory=list)


@cache
def measured(store: Store) -> tuple[Product, Product]:
    """The large one and the small one, after all turns; measured once for both rows."""
    with ExitStack() as stack:
        relay = stack.enter_context(no_op_server())
        large, small = (_product(store, count, relay, stack) for count in (REPORTS, FEW))
        for turn in range(TURNS):
            for product in (large, small):
                _turn(product, turn)
    return large, small


def _product(store: Store, count: int, relay: int, stack: ExitStack) -> Product:
    ground = filled(store, count, stack, **DEMONSTRATION)
    places = json.loads(ground.ask("bench.places", str(PAGES)))
    _, http, smtp = stack.enter_context(demonstration(ground, relay))
    browser = Browser(http)
    browser.sign_in(ground.home / "sign-in.txt")
    for kind in KINDS:
        browser.get(places[kind][0])
    return Product(smtp, browser, places)


def _turn(product: Product, turn: int) -> None:
    """A share of the pages, each kind in turn with the other."""
    with _mail(product, first=10_000_000 * (turn + 1)):
        time.sleep(SETTLE)
        product.browser.connect_anew()
        product.browser.get("/healthz")
        for number in range(turn, PAGES, TURNS):
            for kind in KINDS:
                paths = product.places[kind]
                product.seconds[kind].append(product.browser.seconds(paths[number % len(paths)]))


@contextmanager
def _mail(product: Product, first: int) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.steady", str(product.smtp), str(MAILS_A_SECOND), str(first)]
    sending = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield
    finally:
        sending.terminate()
        said, _ = sending.communicate(timeout=GRACE)
        product.mails.append(json.loads(said))


def p95_ms(seconds: Sequence[float]) -> float:
    """The 95th percentile in milliseconds."""
    return statistics.quantiles(seconds, n=20)[-1] * 1000


def measure(kind: str, store: Store) -> Figure:
    """The figure of one kind of page."""
    large, small = (p95_ms(product.seconds[kind]) for product in measured(store))
    numbers: dict[str, Any] = {
        "p95_ms": round(large, 1),
        "p95_ms_few": round(small, 1),
        "median_ms": [
            round(statistics.median(product.seconds[kind]) * 1000, 1) for product in measured(store)
        ],
        "mails": [product.mails for product in measured(store)],
    }
    return Figure(
        f"p95 {large:.0f} ms, {large / small:.2f} times that of {FEW} reports",
        large <= AIM_TIMES * small and large <= AIM_MS,
        numbers,
    )


def _row(kind: str, store: Store) -> Row:
    return Row(
        f"{kind}-page-{store}",
        f"{kind} page at {REPORTS:,} reports, {PAGES} different ones, while {MAILS_A_SECOND} mails/s come in",
        f"p95 {AIM_MS} ms, {AIM_TIMES} times that of {FEW} reports",
        lambda: measure(kind, store),
    )


ROWS = tuple(_row(kind, store) for store in STORES for kind in KINDS)
