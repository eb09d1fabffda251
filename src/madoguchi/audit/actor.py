"""Who acts. Opaque ids only: a name or an address never stands in the log."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["staff", "worker", "public", "operator"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that does a deed: `id` is a staff id, a worker's or door's name, or empty."""

    kind: Kind
    id: str = ""


PUBLIC = Actor("public")
WORKER = Actor("worker")
OPERATOR = Actor("operator")
