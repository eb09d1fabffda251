"""Staff accounts, the roles they hold, one-time links, second factors, and failed sign-ins."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import UserManager
from django.db import models
from django.utils.translation import gettext_lazy

from madoguchi.lib.verbs import Guarded


class Staff(AbstractBaseUser):
    """A person who works at the counter. Disabled is a time, not a flag; the row stays for the log's sake."""

    id = models.UUIDField(primary_key=True)
    username = models.CharField(gettext_lazy("Username"), max_length=60, unique=True)
    name = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True)

    USERNAME_FIELD = "username"
    objects = UserManager["Staff"]()

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # Django's boolean is our time
        return self.disabled_at is None


class RoleGrant(Guarded):
    """That somebody holds a role, from when to when, and who gave it."""

    id = models.UUIDField(primary_key=True)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=24)
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=40)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "role"], condition=models.Q(ended_at__isnull=True), name="identity_one_grant"
            )
        ]


class OneTimeLink(Guarded):
    """A link by which somebody sets a password, stored hashed; spent by use, by its end, or by a newer one."""

    id = models.UUIDField(primary_key=True)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="links")
    token_hash = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)


class Factor(Guarded):
    """By what somebody shows a second time who they are: an app that counts codes ("totp"), or a passkey.

    Sealed under a unit of its own, with the person's id in the associated data: `secret` (the app's key, or the
    credential as WebAuthn packs it) and `label`, the name that its owner gave it. `counter` only rises: the last time
    step of an app, the signature counter of a passkey. One that has ended keeps its row; its unit is shredded.
    """

    id = models.UUIDField(primary_key=True)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=8)
    data_key = models.UUIDField()
    secret = models.BinaryField()
    label = models.BinaryField()
    counter = models.BigIntegerField()
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff"],
                condition=models.Q(ended_at__isnull=True, kind="totp"),
                name="identity_one_app",
            )
        ]


class RecoveryCode(Guarded):
    """A code for the day on which every other factor is lost; hashed with its owner's id, spent by use or by newer."""

    id = models.BigAutoField(primary_key=True)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="recovery_codes")
    code_hash = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)


class StaffSession(Guarded):
    """Whose a session of the console is; sealed, with the person's id in the associated data: `device` and `network`.

    `session_key` names the framework's row and goes when the session ends; so do the two, by shredding.
    """

    id = models.UUIDField(primary_key=True)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="sessions")
    session_key = models.CharField(max_length=40, null=True, unique=True)  # noqa: DJ001 -- unique among those that live
    data_key = models.UUIDField()
    device = models.BinaryField()
    network = models.BinaryField()
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, session_key__isnull=False)
                | models.Q(ended_at__isnull=False, session_key__isnull=True),
                name="identity_session_lives_or_ended",
            )
        ]


class FailedSignIn(Guarded):
    """A failed sign-in, all keyed, so that neither address nor name stands here; gone after a day.

    `network_key`: the network, or the device where it is known to the account; `account_key`: the name that was tried,
    empty where a known device tried.
    """

    id = models.BigAutoField(primary_key=True)
    network_key = models.BinaryField(max_length=16)
    account_key = models.BinaryField(max_length=16, default=b"")
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["network_key", "at"], name="identity_by_network"),
            models.Index(fields=["account_key", "at"], name="identity_by_account"),
        ]
