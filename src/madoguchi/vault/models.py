"""The store of wrapped data keys: apart from what they open, so that it is backed up apart and forgets soon."""

from django.db import models

from madoguchi.lib.verbs import Guarded


class DataKey(Guarded):
    """The wrapped data key of one unit. Shredding a unit clears `wrapped` and notes when."""

    id = models.UUIDField(primary_key=True)
    unit = models.CharField(max_length=12)
    kek = models.CharField(max_length=16)
    wrapped = models.BinaryField(null=True)
    made_at = models.DateTimeField()
    shredded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["kek"], name="vault_by_kek")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(wrapped__isnull=False, shredded_at__isnull=True)
                | models.Q(wrapped__isnull=True, shredded_at__isnull=False),
                name="vault_shredded_or_wrapped",
            )
        ]
