"""From arrival to acknowledged report with one worker; see `drain` for what is timed."""

import json
from statistics import median
from typing import Any

from bench.ground import STORES, Store, fresh
from bench.intake_smtp import no_op_server
from bench.reports import RELAY
from bench.table import Figure, Row

AIM_RATE, AIM_CPU_MS = 150, 7
ROUNDS, MAILS = 3, 1000
SHOWN = 0.03
"""Steps with less of all CPU are summed up as "other"."""


def measure(store: Store) -> Figure:
    """Medians of ROUNDS, each on a fresh store, relayed to an SMTP server of its own process."""
    with no_op_server() as relay:
        rounds = [_round(store, relay) for _ in range(ROUNDS)]
    rate, cpu = (median(one[name] for one in rounds) for name in ("rate", "cpu_ms"))
    steps = {step: median(one["steps_ms"].get(step, 0.0) for one in rounds) for step in rounds[0]["steps_ms"]}
    return Figure(
        f"{rate:.0f}/s, {cpu:.1f} ms of CPU a mail ({_shares(steps)})",
        rate >= AIM_RATE and cpu <= AIM_CPU_MS,
        {"rate": rate, "cpu_ms": cpu, "steps_ms": steps, "rounds": rounds},
    )


def _round(store: Store, relay: int) -> dict[str, Any]:
    settings = {
        "RELAY_URL": f"smtp://127.0.0.1:{relay}",
        "TRUSTED_RELAYS": "127.0.0.0/8",
        "AUTHSERV_ID": RELAY,
    }
    with fresh(store, **settings) as ground:
        found: dict[str, Any] = json.loads(ground.ask("bench.drain", str(MAILS)))
    return found


def _shares(steps: dict[str, float]) -> str:
    whole = sum(steps.values())
    shown = {step: took for step, took in steps.items() if took >= SHOWN * whole}
    shown["other"] = whole - sum(shown.values())
    return ", ".join(f"{step} {took / whole:.0%}" for step, took in shown.items())


def _row(store: Store) -> Row:
    return Row(
        f"arrival-{store}",
        "arrival to acknowledged report, one worker",
        f"{AIM_RATE}/s, {AIM_CPU_MS} ms of CPU a mail",
        lambda: measure(store),
    )


ROWS = tuple(map(_row, STORES))
