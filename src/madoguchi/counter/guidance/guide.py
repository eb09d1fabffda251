"""The shape of one guide."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guide:
    """One kind of incident.

    `title`: what it looks like to whom it happens; `now`: steps in their order; `leave`: what makes it worse;
    `keep`: what helps us, to be kept and sent.
    """

    id: str
    title: str
    sign: str
    now: tuple[str, ...]
    leave: tuple[str, ...]
    keep: tuple[str, ...]
