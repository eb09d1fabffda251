"""Makes sealed units in a tree's store, and opens all of them: run as a program of its own, beside the tree."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "madoguchi.config.settings")
django.setup()

from django.conf import settings  # noqa: E402

from madoguchi.lib.verbs import verb  # noqa: E402
from madoguchi.vault.actions import Place, keep, new_unit  # noqa: E402
from madoguchi.vault.models import DataKey  # noqa: E402
from madoguchi.vault.queries import open_units, wrapped_under  # noqa: E402

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


FILE = Path(settings.HOME).parent / "sealed.json"
if sys.argv[1] == "make":
    FILE.write_text(json.dumps(make(count=int(sys.argv[2]))))
    print("{}")
else:
    print(json.dumps(state(json.loads(FILE.read_text()))))
