"""Run beside a tree, with its environment: tells in JSON what stands in its store. `leases` ends every lease instead.

Ending leases stands for the minutes after which a dead worker's lease ends by itself on PostgreSQL.
"""

import hashlib
import json
import sys
from typing import Any

import launch  # type: ignore[import-not-found]  # noqa: F401 -- it lies beside this script; its patches hold here too

from madoguchi.config.command import set_up_django

set_up_django()

from django.db.models import Q  # noqa: E402 -- Django has to be set up first

from madoguchi.incidents.models import Acknowledgement, Message, Repeat, Report  # noqa: E402
from madoguchi.intake.accepting import envelope_json, raw_of  # noqa: E402
from madoguchi.intake.models import Arrival  # noqa: E402
from madoguchi.lib.due import release_all  # noqa: E402
from madoguchi.mail.models import Letter, State  # noqa: E402
from madoguchi.mail.sending import look_after_forgotten  # noqa: E402
from madoguchi.vault.queries import open_unit  # noqa: E402


def main() -> None:
    if sys.argv[1:] == ["leases"]:
        from datetime import UTC, datetime

        look_after_forgotten(now=datetime.now(UTC), leases_ended=True)
        told: Any = release_all(model=Arrival)
    else:
        told = {
            "waiting": waiting(),
            "failed": Arrival.objects.exclude(last_error="").filter(handled_at=None).count(),
            "arrivals": [arrival(one) for one in Arrival.objects.order_by("id").iterator(50)],
            "reports": reports(),
            "letters": list(Letter.objects.order_by("id").values("state", "kind", "tries", "last_error")),
        }
    json.dump(told, sys.stdout)


def waiting() -> int:
    """Arrivals without an outcome, and letters that are on their way."""
    letters = Letter.objects.filter(state__in=(State.QUEUED, State.SENDING, State.DEFERRED))
    return Arrival.objects.filter(Q(due_at__isnull=False) | Q(handled_at=None)).count() + letters.count()


def arrival(row: Arrival) -> dict[str, Any]:
    repeat = Repeat.objects.filter(arrival=row.id).select_related("message").first()
    return {
        "id": str(row.id),
        "door": row.door,
        "digest": hashlib.sha256(raw_of(row)).hexdigest(),
        "envelope": json.loads(envelope_json(row, open_unit(row.data_key))),
        "blob": row.blob is not None,
        "outcome": row.outcome,
        "became": str(row.became),
        "repeat_of": str(repeat.message.arrival) if repeat else None,
    }


def reports() -> list[dict[str, Any]]:
    """Each report with the arrival it came from and where its acknowledgement stands."""
    arrivals = dict(Message.objects.filter(kind="report").values_list("correspondence", "arrival"))
    letters = dict(Letter.objects.values_list("id", "state"))
    acknowledgements = {row.report_id: row for row in Acknowledgement.objects.all()}
    rows = []
    for report in Report.objects.order_by("id"):
        row = acknowledgements.get(report.id)
        rows.append(
            {
                "id": str(report.id),
                "arrival": str(arrivals.get(report.correspondence_id)),
                "verdict": row.verdict if row else "",
                "letter": letters.get(row.letter) if row and row.letter else None,
            }
        )
    return rows


main()
