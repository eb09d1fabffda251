"""Fresh reference numbers: drawn at random, checked against those in use."""

import random

from django.conf import settings

from madoguchi.incidents.models import Correspondence
from madoguchi.incidents.reference import FULL_ENOUGH, draw

SAMPLE = 64
_random = random.SystemRandom()


class NumbersExhaustedError(Exception):
    """No free reference number was found. Set another MADOGUCHI_REFERENCE_PREFIX and keep this one as a former one."""


def fresh_references(count: int) -> list[str]:
    """`count` unused references, with one query for all but a nearly full space.

    What share of the space is used is estimated from the draw itself: of so many random numbers, as many are
    taken as the space is full. No counting of rows is needed.
    """
    prefix = settings.OPTIONS.reference_prefix
    share = 0.0
    for _ in range(20):
        drawn = {draw(prefix, _random, share) for _ in range(count + SAMPLE)}
        taken = set(Correspondence.objects.filter(reference__in=drawn).values_list("reference", flat=True))
        if len(taken) / len(drawn) < FULL_ENOUGH or share:
            free = sorted(drawn - taken)
            if len(free) >= count:
                return _random.sample(free, count)
        share = len(taken) / len(drawn)
    raise NumbersExhaustedError(NumbersExhaustedError.__doc__)
