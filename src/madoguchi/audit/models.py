"""The log of deeds and its tree. Rows are only ever added, as triggers on both stores enforce; the head alone moves."""

from django.db import models

from madoguchi.lib.verbs import Guarded


class Entry(Guarded):
    """Who did what to which thing when; every field is an opaque id or a word of the house, never content.

    `commitment` binds the entry to its note (`leaves.commitment`). On PostgreSQL the table also has `written_by`, the
    transaction that wrote the row, which the sequencer reads (migration 0005).
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=40, blank=True)
    verb = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=24)
    object_id = models.CharField(max_length=64)
    commitment = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["actor_kind", "actor_id", "verb", "-id"], name="audit_by_actor"),
            models.Index(fields=["object_id"], name="audit_by_object"),
        ]


class Note(Guarded):
    """What an entry says in words: sealed under a data key of its own, which can be destroyed.

    `sealed` holds salt and text. Without its key nothing can be read, and the entry's leaf verifies as before.
    """

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="note")
    data_key = models.UUIDField(unique=True)
    sealed = models.BinaryField()


class Leaf(Guarded):
    """The place of an entry in the tree. Both unique: no place holds two entries, and no entry stands in two."""

    leaf_index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, models.PROTECT, related_name="leaf")
    hash = models.BinaryField()


class Head(Guarded):
    """How far the tree goes: one row, moved by compare-and-swap on its size, so that no two nodes can fork the tree.

    `nodes` is the compact range behind the root, 32 bytes for each binary one of the size.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField()
    nodes = models.BinaryField()
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_one_head")]


class Checkpoint(Guarded):
    """A signed statement of the tree's size and root; what was sent out, kept here too. One for each size."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField()
    at = models.DateTimeField()
