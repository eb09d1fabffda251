"""`python -m bench.drain MAILS`: stores arrivals, lets the real worker drain them, says what that took.

Runs with the settings of its ground. Arrivals are stored by intake's own verb before the clock starts; then
the worker of `madoguchi worker` runs in this process until the relay has taken the last acknowledgement. CPU
is this process's own, of all its threads. A step's is its thread's, without that of the steps inside it.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from bench.reports import COUNTER, mail, sender

LOOK_EVERY = 0.05
WARM_UP = 100


class Steps:
    """CPU seconds by step; a step inside another counts for itself alone."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._inside = threading.local()

    def watch(self, step: str, owner: Any, *names: str) -> None:
        """From now on these functions of `owner` count as `step`."""
        for name in names:
            setattr(owner, name, self._watched(step, getattr(owner, name)))

    def _watched(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            within = getattr(self._inside, "stack", None)
            if within is None:
                within = self._inside.stack = []
            within.append(0.0)
            begin = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.thread_time() - begin
                self.seconds[step] += took - within.pop()
                if within:
                    within[-1] += took

        return watched


def watch_steps() -> Steps:
    """The steps from arrival to acknowledged report, at the functions that do them."""
    from madoguchi.disclosure import actions as disclosure
    from madoguchi.incidents import acknowledging, receiving
    from madoguchi.intake import understanding
    from madoguchi.mail import clearances, sending, transport
    from madoguchi.vault import scheme

    steps = Steps()
    steps.watch("claim", understanding, "claim", "waiting")
    steps.watch("open", understanding, "open_units", "_opened")
    steps.watch("read", understanding, "read", "content_fingerprint_material")
    steps.watch("receive", understanding, "_receive_together", "prepare")
    steps.watch(
        "match",
        receiving,
        "file_all",
        "sort_all",
        "same_mails",
        "_providers",
        "_reports_of_threads",
        "fresh_references",
    )
    steps.watch("write", receiving, "_write")
    steps.watch("write", understanding, "_note_outcomes")
    steps.watch("write", acknowledging, "store_outgoing")
    steps.watch("write", disclosure, "enqueue")
    steps.watch("write", clearances, "grant")
    steps.watch("acknowledge", acknowledging, "plan", "carry_out")
    steps.watch("compose", acknowledging, "acknowledgement_candidate")
    steps.watch("seal", scheme.UnitKey, "seal")
    steps.watch("seal", scheme.Wrapper, "make")
    steps.watch("send", transport.SmtpTransport, "send")
    steps.watch("outbox", sending.Sender, "send_due")
    return steps


# A worker ends by signal; this one by ours.
ENOUGH = frozenset({signal.SIGUSR1})


def main(count: int) -> None:
    """Stores, drains, and says what it took."""
    from madoguchi.config.command import set_up_django

    set_up_django()
    from madoguchi.config.setup import migrate

    migrate()
    store(range(WARM_UP))
    drain()
    store(range(WARM_UP, WARM_UP + count))
    steps = watch_steps()
    wall, cpu = time.perf_counter(), time.process_time()
    drain()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    check(WARM_UP + count)
    shares = {step: round(seconds * 1000 / count, 3) for step, seconds in steps.seconds.most_common()}
    shares["rest"] = round(cpu * 1000 / count - sum(shares.values()), 3)
    print(
        json.dumps(
            {"rate": round(count / wall, 1), "cpu_ms": round(cpu * 1000 / count, 2), "steps_ms": shares}
        )
    )


def store(numbers: range) -> None:
    """Hands the mails over as the SMTP door does."""
    from madoguchi.intake.actions import Envelope, Incoming, store
    from madoguchi.lib.ids import new_id

    arrivals = []
    for number in numbers:
        now = datetime.now(UTC)
        envelope = Envelope(
            door="smtp",
            peer="127.0.0.1",
            helo="mx.csirt.example",
            mail_from=sender(number),
            rcpt_to=(COUNTER,),
        )
        arrivals.append(Incoming(id=new_id(now), received_at=now, envelope=envelope, raw=mail(number)))
    store(arrivals)


def drain() -> None:
    """Runs the worker until nothing is due and nothing is under way."""
    from django.db import connections

    from madoguchi.config.workers import work

    connections.close_all()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENOUGH)
    looking = threading.Thread(target=_stop_when_done)
    looking.start()
    work(ENOUGH)
    looking.join()


def _stop_when_done() -> None:
    from django.db import connections

    from madoguchi.intake.models import Arrival
    from madoguchi.mail.models import Letter, State

    while Arrival.objects.filter(due_at__isnull=False).exists() or (
        Letter.objects.filter(due_at__isnull=False).exists()
        or Letter.objects.filter(state=State.SENDING).exists()
    ):
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), signal.SIGUSR1)
    connections.close_all()


def check(count: int) -> None:
    """Raises where a mail is no report, or its acknowledgement was not taken."""
    from madoguchi.incidents.models import Report
    from madoguchi.mail.models import Letter, State

    reports, letters = Report.objects.count(), Letter.objects.filter(state=State.SENT).count()
    if (reports, letters) != (count, count):
        raise RuntimeError(f"{count} mails became {reports} reports and {letters} letters")


if __name__ == "__main__":
    main(int(sys.argv[1]))
