"""`python -m bench.places COUNT`: paths of COUNT different queue pages and report pages of a store, as JSON.

Positions are drawn over the whole store, since page 2,000 must cost what page 1 does.
"""

import json
import random
import sys

CHANCE = 4


def main(count: int) -> None:
    """Prints {"queue": [...], "report": [...]}."""
    from madoguchi.config.command import set_up_django

    set_up_django()
    from madoguchi.console import places
    from madoguchi.incidents.models import Report

    rows = list(Report.objects.order_by("id").values_list("id", "waiting_since", "received_at"))
    chance = random.Random(CHANCE)
    drawn = chance.sample(rows, min(count, len(rows)))
    queue = [
        places.url("waiting" if since else "done", "before", (since or received, report))
        for report, since, received in drawn
    ]
    print(json.dumps({"queue": queue, "report": [f"/console/reports/{report}/" for report, _, _ in drawn]}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
