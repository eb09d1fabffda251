"""Arrivals: what came through a door, sealed, before anybody read it."""

from django.db import models

from madoguchi.lib.due import Due


class Arrival(Due):
    """The raw bytes and envelope of one submission. Due until it was understood or given to a person.

    `correspondence`: the thread that a page of ours opened or named for it; null for mail, whose thread is found.
    Sealed under its own unit: `envelope` (JSON) and `raw`, or the blob `blob` where `raw` is null.
    `outcome`: "report", "reply", "repeat", "automatic" (nothing to do), or empty while due; `became`: the row
    it led to.
    """

    id = models.UUIDField(primary_key=True)
    data_key = models.UUIDField()
    door = models.CharField(max_length=8)
    received_at = models.DateTimeField()
    size = models.PositiveIntegerField()
    envelope = models.BinaryField()
    raw = models.BinaryField(null=True)
    blob = models.UUIDField(null=True)
    correspondence = models.UUIDField(null=True)
    outcome = models.CharField(max_length=12, blank=True)
    became = models.UUIDField(null=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="intake_arrival_due"
            ),
            models.Index(
                fields=["received_at"],
                condition=models.Q(handled_at__isnull=True),
                name="intake_arrival_open",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(raw__isnull=False, blob__isnull=True)
                | models.Q(raw__isnull=True, blob__isnull=False),
                name="intake_raw_or_blob",
            )
        ]
