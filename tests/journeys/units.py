"""Makes sealed units and mails in a tree's store, opens and shreds them: run as a program of its own, beside the tree."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "madoguchi.config.settings")
django.setup()
sys.path.insert(0, str(Path(__file__).parents[1]))

from django.conf import settings  # noqa: E402

from incidents.mails import mail  # noqa: E402
from madoguchi.intake import actions as intake  # noqa: E402
from madoguchi.intake.models import Arrival  # noqa: E402
from madoguchi.intake.queries import original  # noqa: E402
from madoguchi.lib.verbs import verb  # noqa: E402
from madoguchi.vault.actions import Place, keep, new_unit, shred  # noqa: E402
from madoguchi.vault.models import DataKey  # noqa: E402
from madoguchi.vault.queries import ShreddedError, open_units, wrapped_under  # noqa: E402

HERE = Place("a.label", UUID(int=1), "field")


@verb
def make(*, count: int) -> dict[str, str]:
    units = [new_unit("note", datetime.now(UTC)) for _ in range(count)]
    keep(units)
    return {str(unit.key.id): unit.key.seal(HERE, str(unit.key.id).encode()).hex() for unit in units}


def state(sealed: dict[str, str]) -> dict[str, object]:
    opened = open_units(DataKey.objects.values_list("pk", flat=True))
    right = [
        key.open(HERE, bytes.fromhex(sealed[str(one)])) == str(one).encode() for one, key in opened.items()
    ]
    return {"open": sum(right), "under": dict(wrapped_under())}


def take_in(number: int) -> None:
    raw = mail(f"{number} " + "x" * (400_000 if number % 5 == 0 else 10))
    intake.accept(now=datetime.now(UTC), envelope=intake.Envelope(door="smtp"), raw=raw)


def opened() -> dict[str, int]:
    """How many originals open, and how many were shredded."""
    found = {"open": 0, "shredded": 0}
    for arrival in Arrival.objects.values_list("pk", flat=True):
        try:
            found["open"] += original(arrival).startswith(b"From:")
        except ShreddedError:
            found["shredded"] += 1
    return found


@verb
def destroy_first() -> int:
    first = Arrival.objects.order_by("pk").first()
    return shred([first.data_key], now=datetime.now(UTC)) if first else 0


FILE = Path(settings.HOME).parent / "sealed.json"
match sys.argv[1:]:
    case ["make", count]:
        FILE.write_text(json.dumps(make(count=int(count))))
        print("{}")
    case ["mails", count]:
        for number in range(int(count)):
            take_in(number)
        print("{}")
    case ["originals"]:
        print(json.dumps(opened()))
    case ["under"]:
        print(json.dumps(dict(wrapped_under())))
    case ["shred"]:
        print(destroy_first())
    case _:
        print(json.dumps(state(json.loads(FILE.read_text()))))
