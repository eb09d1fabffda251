"""`python -m bench.steady PORT RATE FIRST`: sends RATE mails a second until SIGTERM, then says how many.

Mails are those of `reports`, from the number FIRST on; each of a few connections keeps a clock of its own.
"""

import json
import signal
import smtplib
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from bench.reports import COUNTER, mail, sender

CONNECTIONS = 4


def main(port: int, rate: float, first: int) -> None:
    """Sends until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    begin = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        lanes = [count(first + lane, CONNECTIONS) for lane in range(CONNECTIONS)]
        sent = sum(pool.map(lambda lane: _send(port, CONNECTIONS / rate, lane, stop), lanes))
    print(json.dumps({"sent": sent, "seconds": round(time.monotonic() - begin, 2)}))


def _send(port: int, pause: float, numbers: Iterator[int], stop: threading.Event) -> int:
    """One connection: these mails, `pause` seconds apart; how many it sent."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="mx.csirt.example") as smtp:
        begin, sent = time.monotonic(), 0
        while not stop.wait(max(0.0, begin + sent * pause - time.monotonic())):
            number = next(numbers)
            smtp.sendmail(sender(number), [COUNTER], mail(number))
            sent += 1
    return sent


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
