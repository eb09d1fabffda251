"""Reports and what belongs to them.

What a reporter gave stands in `Item` rows, one per value, sealed under the report's unit, with its provider, the
place it was found in, and its label; nothing of it is copied anywhere else (see docs/decisions/0001).

A `Correspondence` is one thread with one party under one reference number. A report opens one. `Message` rows are
what came in and went out; `Handle` rows are the tokens and message ids by which a reply finds its thread.
"""

from django.db import models

from madoguchi.lib.verbs import Guarded


class Provider(Guarded):
    """Somebody who gave us something: a unit of its own, so that a person can be forgotten.

    Sealed: `address`, `name`. `address_key`: keyed look-up of the address; one row per address.
    """

    id = models.UUIDField(primary_key=True)
    data_key = models.UUIDField()
    address = models.BinaryField()
    name = models.BinaryField()
    address_key = models.BinaryField(max_length=16, unique=True)
    first_seen = models.DateTimeField()


class Correspondence(Guarded):
    """One thread with one party; `reference` (EXAMPLE#12345678) is no secret and opens nothing.

    `anonymous`: the reporter gave no contact; no moment of theirs is kept closer than the hour.
    """

    id = models.UUIDField(primary_key=True)
    reference = models.CharField(max_length=40, unique=True)
    opened_at = models.DateTimeField()
    anonymous = models.BooleanField(default=False)


class Report(Guarded):
    """One submission. `waiting_since` is set while somebody waits for us, and null when nobody does.

    `tray_since` is set while it stands in the tray of what is probably no report, `no_report_at` once a person set it
    aside as none; of the three one at the most. Who did it and why stands in its steps.

    `kind`: what the reader of mail took it for; bounces and automatic replies that belong to no thread are kept as
    reports too, in a view of their own, so that nothing that came in is out of sight.
    """

    id = models.UUIDField(primary_key=True)
    correspondence = models.OneToOneField(Correspondence, on_delete=models.PROTECT, related_name="report")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="reports")
    data_key = models.UUIDField()
    received_at = models.DateTimeField()
    door = models.CharField(max_length=8)
    kind = models.CharField(max_length=20)
    automatic = models.BooleanField(default=False)
    attachments = models.PositiveSmallIntegerField(default=0)
    waiting_since = models.DateTimeField(null=True)
    tray_since = models.DateTimeField(null=True)
    no_report_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="incidents_report_recent"),
            models.Index(
                fields=["-waiting_since", "-id"],
                condition=models.Q(waiting_since__isnull=False),
                name="incidents_report_waiting",
            ),
            models.Index(
                fields=["-received_at", "-id"],
                condition=models.Q(
                    waiting_since__isnull=True,
                    automatic=False,
                    tray_since__isnull=True,
                    no_report_at__isnull=True,
                ),
                name="incidents_report_done",
            ),
            models.Index(
                fields=["-received_at", "-id"],
                condition=models.Q(automatic=True),
                name="incidents_report_automatic",
            ),
            models.Index(
                fields=["-tray_since", "-id"],
                condition=models.Q(tray_since__isnull=False),
                name="incidents_report_tray",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tray_since__isnull=True, no_report_at__isnull=True)
                | models.Q(waiting_since__isnull=True, no_report_at__isnull=True)
                | models.Q(waiting_since__isnull=True, tray_since__isnull=True),
                name="incidents_report_stands_in_one_place",
            )
        ]


class Message(Guarded):
    """One letter in a thread: an arrival that came in, or a letter that went out.

    `matched_by`: how an incoming one found its thread ("token", "message-id", "reference", "page", or empty for the
    first).
    `position`: 0 for what opened the thread, else the report's version when it came: it orders what carries the same
    hour, where the exact moment is not kept.
    `authenticated_by`: "dkim", "spf", "relay", "demo", or empty where nothing vouches for the sender.
    `fingerprint`: keyed hash of an incoming mail without trace fields; equal when the same mail is sent again.
    """

    id = models.UUIDField(primary_key=True)
    correspondence = models.ForeignKey(Correspondence, on_delete=models.PROTECT, related_name="messages")
    at = models.DateTimeField()
    position = models.PositiveIntegerField(default=0)
    kind = models.CharField(max_length=20)
    arrival = models.UUIDField(null=True, unique=True)
    letter = models.UUIDField(null=True, unique=True)
    staff = models.UUIDField(null=True)
    fingerprint = models.BinaryField(max_length=16, null=True)
    authenticated_by = models.CharField(max_length=8, blank=True)
    matched_by = models.CharField(max_length=12, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["correspondence", "at"], name="incidents_message_thread"),
            models.Index(
                fields=["fingerprint"],
                condition=models.Q(fingerprint__isnull=False),
                name="incidents_message_same",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(arrival__isnull=False, letter__isnull=True)
                | models.Q(arrival__isnull=True, letter__isnull=False),
                name="incidents_message_in_or_out",
            )
        ]


IN_ORDER = ("position", "at", "id")
"""How the messages of a thread follow each other."""


class Finding(Guarded):
    """One record inside a report: what was observed. A mail in plain words is one finding."""

    id = models.UUIDField(primary_key=True)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="findings")
    position = models.PositiveIntegerField()


class Item(Guarded):
    """One value that a provider gave: its kind, who gave it, where it was found, under which label.

    Kinds: "contact-address", "contact-name", "subject", "description", "message-id", "attachment" (sealed JSON: name,
    type, size, part), and our own remarks: "defects" of the reader, "tray-line" of the sorting. `place`: "envelope",
    "header From", "header Subject", "text", "part 3". `lookup` finds equal addresses.
    """

    id = models.UUIDField(primary_key=True)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="items")
    finding = models.ForeignKey(Finding, null=True, on_delete=models.PROTECT, related_name="items")
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="items")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(max_length=20)
    place = models.CharField(max_length=40)
    label = models.CharField(max_length=12, default="AMBER")
    value = models.BinaryField()
    lookup = models.BinaryField(max_length=16, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["report", "kind"], name="incidents_item_report"),
            models.Index(
                fields=["lookup"], condition=models.Q(lookup__isnull=False), name="incidents_item_lookup"
            ),
        ]


class Handle(Guarded):
    """A keyed hash by which a thread is found.

    Kinds: "token" and "message-id", of our letters, by which a reply is filed; "receipt" and "link", which open the
    reporter's private page; "confirm", which confirms the contact of a web report. One that has ended opens nothing.
    """

    key = models.BinaryField(max_length=16, primary_key=True)
    kind = models.CharField(max_length=12)
    correspondence = models.ForeignKey(Correspondence, on_delete=models.PROTECT, related_name="handles")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class Acknowledgement(Guarded):
    """What became of a report's acknowledgement: sent (its letter), capped, or never, with the reason.

    `address_key`, `domain_key` and `day` count towards the caps.
    """

    report = models.OneToOneField(
        Report, primary_key=True, on_delete=models.PROTECT, related_name="acknowledgement"
    )
    verdict = models.CharField(max_length=8)
    reason = models.CharField(max_length=40)
    authenticated = models.BooleanField()
    letter = models.UUIDField(null=True)
    address_key = models.BinaryField(max_length=16)
    domain_key = models.BinaryField(max_length=16)
    day = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["day", "address_key"], name="incidents_ack_address"),
            models.Index(fields=["day", "domain_key"], name="incidents_ack_domain"),
            models.Index(
                fields=["day", "verdict"], condition=models.Q(authenticated=False), name="incidents_ack_total"
            ),
        ]


class PossibleLink(Guarded):
    """That a report possibly belongs to a thread: seen by staff, shown to nobody outside, and changes nothing."""

    id = models.UUIDField(primary_key=True)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="possible_links")
    correspondence = models.ForeignKey(
        Correspondence, on_delete=models.PROTECT, related_name="possible_links"
    )
    reason = models.CharField(max_length=40)
    made_at = models.DateTimeField()


class Repeat(Guarded):
    """That the same mail arrived again, as after a lost 250: linked and shown, not a report of its own."""

    arrival = models.UUIDField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="repeats")
    at = models.DateTimeField()


class Step(Guarded):
    """What happened to a report, who did it, and when: its states are read from here.

    `reason`: of "in-tray" the rule that decided; else empty. The line of the settings behind it is sealed, as an item.
    """

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=20)
    at = models.DateTimeField()
    staff = models.UUIDField(null=True)
    reason = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["report", "at"], name="incidents_step_report")]
