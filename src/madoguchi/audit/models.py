"""The log of deeds: rows are only ever added, which triggers on both stores enforce (migration 0002)."""

from django.db import models

from madoguchi.lib.verbs import Guarded


class Entry(Guarded):
    """Who did what to which thing when; every field is an opaque id or a word of the house, never content."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=40, blank=True)
    verb = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=24)
    object_id = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["actor_kind", "actor_id", "verb", "-id"], name="audit_by_actor"),
            models.Index(fields=["object_id"], name="audit_by_object"),
        ]
