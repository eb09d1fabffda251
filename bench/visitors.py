"""`python -m bench.visitors PORT SECONDS`: visitors read the public pages, each as soon as the last one came.

Prints JSON: pages a second in all, and percentiles of the milliseconds that one page took. Every answer has to be a
whole page in the language that was asked for.
"""

import json
import statistics
import sys
import time
from http.client import HTTPConnection
from itertools import cycle
from threading import Thread

CONNECTIONS = 8
PATIENCE = 30.0
PATHS = ("/", "/help/", "/help/malware/", "/help/leak/", "/privacy/")
LANGUAGES = ("ja", "en")


def read(port: int, until: float, first: int, took: list[float]) -> None:
    """One visitor over one connection; raises RuntimeError where a page is not what was asked for."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    pages = cycle([(path, language) for path in PATHS for language in LANGUAGES])
    for _ in range(first):
        next(pages)
    while (begin := time.perf_counter()) < until:
        path, language = next(pages)
        connection.request("GET", path, headers={"Accept-Language": language})
        answer = connection.getresponse()
        body = answer.read()
        took.append(time.perf_counter() - begin)
        if answer.status != 200 or f'<html lang="{language}">'.encode() not in body[:200]:
            raise RuntimeError(f"{path} answered {answer.status}, or in another language")


def main(port: int, seconds: float) -> None:
    """All visitors at once."""
    took: list[list[float]] = [[] for _ in range(CONNECTIONS)]
    begin = time.perf_counter()
    until = begin + seconds
    visitors = [
        Thread(target=read, args=(port, until, number, took[number])) for number in range(CONNECTIONS)
    ]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    wall = time.perf_counter() - begin
    if not all(took):
        raise RuntimeError("a visitor read no page")
    every = sorted(one for each in took for one in each)
    cuts = statistics.quantiles(every, n=100)
    print(
        json.dumps(
            {
                "rate": round(len(every) / wall, 1),
                "median_ms": round(cuts[49] * 1000, 2),
                "p99_ms": round(cuts[98] * 1000, 2),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
