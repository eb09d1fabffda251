"""When to try again: waits that grow, shaken so that what failed together does not return together."""

import random as _random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

JITTER: Final = 0.2  # each wait is up to this share longer


def next_after(
    waits: Sequence[timedelta], *, tries: int, now: datetime, random: _random.Random
) -> datetime | None:
    """Give the time of the next try after `tries` failed ones (one or more); None when the waits are used up.

    The first wait follows the first failed try. Each is lengthened by a random part of at most `JITTER`,
    never shortened, so nobody is bothered earlier than the table says.
    """
    if tries < 1:
        raise ValueError("a next try follows at least one that failed")
    if tries > len(waits):
        return None
    return now + waits[tries - 1] * (1 + JITTER * random.random())
