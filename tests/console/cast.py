"""The cast of the page tests: Alice reports; Bob is a handler; Charlie works here in another role; Mallory means no good.

Mails come in through the intake's own verbs, so the pages show what the real path stored.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.header import Header

from django.test import Client
from django.utils import timezone

from incidents.mails import ALICE, COUNTER, incoming, mail
from madoguchi.audit.actions import OPERATOR
from madoguchi.identity import actions
from madoguchi.identity.models import Staff
from madoguchi.identity.policy import Role
from madoguchi.incidents.models import Report
from madoguchi.intake.actions import Incoming, store, understand_due

PASSWORD = "seven quiet herons wade"


def staff(username: str, *roles: Role, password: str = "", now: datetime | None = None) -> Staff:
    """An account with these roles; with `password`, set through a one-time link as in life."""
    now = now or timezone.now()
    person = actions.add_staff(actor=OPERATOR, now=now, username=username, name=username.title(), roles=roles)
    if password:
        token = actions.issue_link(actor=OPERATOR, now=now, username=username)
        person = actions.set_password_by_link(now=now, token=token, password=password)
    return person


def signed_in(person: Staff, *, language: str = "en") -> Client:
    """A browser in which this person is signed in, reading in `language`."""
    client = Client()
    client.force_login(person)
    client.cookies["madoguchi_language"] = language
    return client


def handler(username: str = "bob") -> Client:
    """Bob, signed in."""
    return signed_in(staff(username, "handler"))


def received(mails: Sequence[Incoming], *, by: str = "dkim") -> list[Report]:
    """Lets these mails arrive and be understood; gives the reports that they opened, the first first.

    `by`: who vouches for their senders; empty for nobody.
    """
    known = set(Report.objects.values_list("pk", flat=True))
    store(mails)
    latest = max(one.received_at for one in mails)
    for _ in range(0, len(mails), 20):
        understand_due(now=latest + timedelta(seconds=1), vouch=lambda opened: [by] * len(opened))
    return list(Report.objects.exclude(pk__in=known).order_by("received_at", "id"))


def report(
    raw: bytes | None = None, *, now: datetime | None = None, by: str = "dkim", sender: str = ALICE
) -> Report:
    """Alice's report of a minute ago, or the report that `raw` becomes."""
    [only] = received(
        [incoming(raw or mail(), now or timezone.now() - timedelta(minutes=1), sender=sender)], by=by
    )
    return only


def encoded(text: str) -> str:
    """A field's value as an encoded word (RFC 2047), which may carry anything."""
    return Header(text, "utf-8").encode(maxlinelen=0)


def with_attachment(name_parameter: str, content: str = "bm90aGluZw==", kind: str = "text/html") -> bytes:
    """A mail with one attachment; `name_parameter` is what stands behind `attachment;` in its disposition."""
    return (
        f"From: {ALICE}\r\nTo: {COUNTER}\r\nSubject: With a file\r\nMessage-ID: <file@reporter.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n"
        "--cut\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee the file.\r\n"
        f"--cut\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; {name_parameter}\r\n\r\n{content}\r\n--cut--\r\n"
    ).encode()
