"""Wrong codes take their time, longer for a network that sends many; a right one never waits, and nobody is shut out.

A code has a hundred random bits, so this is against the load rather than the luck of guessing. Few wait at once: the
process has few threads, and a flood of wrong codes must not hold them all.
"""

import time
from threading import BoundedSemaphore
from typing import Final

from django.http import HttpRequest

from madoguchi.lib.floods import Floods, Rate, Rates

LONGEST: Final = 2.0
_AT_ONCE: Final = 2
_FLOODS: Final = Floods(
    Rates(
        networks={
            32: Rate(each=6, burst=5),
            24: Rate(each=2, burst=15),
            64: Rate(each=6, burst=5),
            56: Rate(each=3, burst=10),
            48: Rate(each=2, burst=15),
        },
        everybody=Rate(each=0.5, burst=60),
    ),
    longest=LONGEST,
)
_waiting = BoundedSemaphore(_AT_ONCE)


def slow_down(request: HttpRequest) -> None:
    """Counts a wrong code of this network and waits as long as is fair, at most two seconds."""
    seconds = _FLOODS.wait(request.META.get("REMOTE_ADDR", ""), time.monotonic())
    if seconds and _waiting.acquire(blocking=False):
        try:
            time.sleep(seconds)
        finally:
            _waiting.release()
