"""Shredding a report with all that came in for it: arrivals, files, and what SQLite's log still holds of them.

PostgreSQL keeps the former wrapped keys in dead rows and in its log until it writes over them.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from madoguchi.audit.actions import Actor, Deed, record
from madoguchi.incidents.actions import Shredded, shred_report
from madoguchi.intake.models import Arrival
from madoguchi.lib.verbs import verb
from madoguchi.vault.actions import blobs, shred

log = logging.getLogger(__name__)
TRIES, PAUSE = 50, 0.1
"""How often, and after how many seconds, the log is tried to be emptied beside readers."""


def shred_all_of(*, actor: Actor, now: datetime, reference: str) -> Shredded:
    """Destroys a report, its arrivals, letters and person for good; a stone remains.

    It is complete in backups once the last file of keys from before is deleted. Raises incidents' UnknownReportError
    and ShreddedBeforeError; then nothing was changed.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # What a row held before is overwritten in its page (https://sqlite.org/pragma.html#pragma_secure_delete).
            cursor.execute("PRAGMA secure_delete = ON")
    gone, files = _shred(actor=actor, now=now, reference=reference)
    for file in files:
        blobs().remove(file)
    if connection.vendor == "sqlite":
        _empty_log()
    return gone


@verb
def _shred(*, actor: Actor, now: datetime, reference: str) -> tuple[Shredded, Sequence[UUID]]:
    """All rows in one transaction; gives what went, and the blobs that no row names any more."""
    gone = shred_report(actor=actor, now=now, reference=reference)
    # What was added on the private page and is not understood yet names its thread itself.
    rows = Arrival.objects.filter(Q(pk__in=gone.arrivals) | Q(correspondence=gone.thread))
    found = list(rows.values_list("pk", "data_key", "blob"))
    shred([key for _, key, _ in found], now=now)
    there = Arrival.objects.filter(pk__in=[arrival for arrival, _, _ in found])
    there.update(envelope=b"", raw=b"", blob=None)
    there.filter(handled_at__isnull=True).update(
        outcome="shredded", handled_at=now, due_at=None, lease_until=None
    )
    record(actor=actor, now=now, deeds=[Deed("shredded", "arrival", arrival) for arrival, _, _ in found])
    return gone, [blob for _, _, blob in found if blob]


def _empty_log() -> None:
    """Writes SQLite's write-ahead log into the database and cuts it to nothing; says so where readers prevent it."""
    with connection.cursor() as cursor:
        for _ in range(TRIES):
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchone()[0]
            if not busy:
                return
            time.sleep(PAUSE)
    log.warning("SQLite's log still holds what was shredded; it goes with the next quiet moment")
