"""Arrivals: what came through a door, sealed, before anybody read it. Drafts: what is not handed in yet."""

from django.db import models

from madoguchi.lib.due import Due
from madoguchi.lib.verbs import Guarded


class Arrival(Due):
    """The raw bytes and envelope of one submission. Due until it was understood or given to a person.

    `correspondence`: the thread that a page of ours opened or named for it; null for mail, whose thread is found.
    Sealed under its own unit: `envelope` (JSON) and `raw`, or the blob `blob` where `raw` is null.
    `outcome`: "report", "reply", "repeat", "automatic" (nothing to do), "shredded", or empty while due; `became`:
    the row it led to.
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


class Draft(Guarded):
    """A report that is being filled in on the web pages; it is nobody's report yet, and it ends.

    Found by the keyed hash of the token in the reporter's cookie. Sealed under its own unit: `content` (the answers)
    and, once it was handed in, `handed` (reference and codes, shown for a few minutes). `ends_at` stands on a whole
    hour and no other moment is kept: who reports without a name leaves no exact time behind.
    """

    id = models.UUIDField(primary_key=True)
    data_key = models.UUIDField()
    token_key = models.BinaryField(max_length=16, unique=True)
    ends_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=0)
    content = models.BinaryField()
    handed = models.BinaryField(null=True)

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="intake_draft_ends")]


class DraftFile(Guarded):
    """A file of a draft, named before its first byte is written so that no half blob is ever nobody's.

    `name` is sealed (name and type as the browser said them); `size` is null while it comes in.
    """

    id = models.UUIDField(primary_key=True)
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="files")
    number = models.PositiveSmallIntegerField()
    name = models.BinaryField()
    size = models.PositiveBigIntegerField(null=True)
    blob = models.UUIDField()
