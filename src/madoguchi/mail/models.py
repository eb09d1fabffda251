"""Letters that leave, what cleared them, and what revoked that.

A clearance and its revocation stand here, below who decides, so that the sender never asks upwards:
it reads them in the very statement that turns `queued` into `sending`.
"""

from django.db import models

from madoguchi.lib.due import Due
from madoguchi.lib.verbs import Guarded


class Clearance(Guarded):
    """That this content may go to these recipients, by which rule, who said so and when. Made by disclosure alone.

    `content_hash`: SHA-256 of the cleared content (Subject, From, To, Cc, Reply-To and the MIME entity).
    `recipients_key`: keyed hash over the envelope's recipients, sorted.
    """

    id = models.UUIDField(primary_key=True)
    content_hash = models.BinaryField(max_length=32)
    recipients_key = models.BinaryField(max_length=16)
    rule = models.CharField(max_length=40)
    audience = models.CharField(max_length=24)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()


class Revocation(Guarded):
    """That a clearance no longer holds: what was not yet being sent does not leave."""

    clearance = models.OneToOneField(Clearance, primary_key=True, on_delete=models.PROTECT)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=40, blank=True)


class State(models.TextChoices):
    """Where a letter is; the legal moves are the table in `policy`."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    PUBLISHED = "published"


class Letter(Due):
    """One outgoing letter: sealed content, sealed recipients, and where it stands.

    One that is "published" stands on the private page of its report and was never due; its recipient is that page.

    Sealed under its own unit: `content` (the cleared bytes), `transport` (JSON: message_id, in_reply_to,
    references, auto_submitted, envelope_from) and `recipients` (JSON list of addresses).
    """

    id = models.UUIDField(primary_key=True)
    clearance = models.OneToOneField(Clearance, on_delete=models.PROTECT, related_name="letter")
    data_key = models.UUIDField()
    kind = models.CharField(max_length=20)
    automatic = models.BooleanField()
    content = models.BinaryField()
    transport = models.BinaryField()
    recipients = models.BinaryField()
    domain_key = models.BinaryField(max_length=16)
    made_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    state_at = models.DateTimeField()
    claim = models.UUIDField(null=True)
    reply_code = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="mail_letter_due"),
            models.Index(
                fields=["lease_until"], condition=models.Q(state="sending"), name="mail_letter_sending"
            ),
            # Over all states: SQLite can't match bound values with a partial index's condition.
            models.Index(fields=["state", "state_at"], name="mail_letter_state"),
            models.Index(fields=["domain_key", "state_at"], name="mail_letter_pace"),
            models.Index(fields=["claim"], condition=models.Q(claim__isnull=False), name="mail_letter_claim"),
            models.Index(fields=["-made_at"], name="mail_letter_recent"),
        ]
