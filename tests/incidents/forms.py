"""Reports by the web form, handed in and understood through the real verbs."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from incidents.mails import ALICE
from madoguchi.incidents.models import Report
from madoguchi.incidents.queries import Visit, visit_by_link
from madoguchi.intake.actions import Handed, accept_addition, accept_form, understand_due
from madoguchi.mail.forms import ADDITION, INCIDENT_REPORT, Answers, File, compose

SECOND = timedelta(seconds=1)
ANSWERS: dict[str, str | tuple[str, ...]] = {
    "kind": "intrusion",
    "what": "Somebody signed in to our router.",
    "when": "24 November, 22:00",
    "zone": "Asia/Tokyo",
    "systems": "192.0.2.1",
    "others": "203.0.113.9",
    "wish": ("question", "contact-site"),
    "share": ("site",),
    "contact": "anonymous",
}
WITH_CONTACT = ANSWERS | {"contact": "contact", "name": "Alice", "address": ALICE}
LOG = b"Nov 24 22:00:01 sshd: accepted"


def understand(now: datetime, by: str = "dkim") -> None:
    """Lets a worker understand what is due; `by`: who vouches for the senders of mail."""
    understand_due(now=now + SECOND, vouch=lambda opened: [by] * len(opened))


def hand_in(now: datetime, answers: Answers = ANSWERS, files: Iterable[tuple[str, bytes]] = ()) -> Handed:
    """Hands a filled form in, as the page does."""
    given = [File(name, "text/plain", len(content), [content]) for name, content in files]
    raw = compose(INCIDENT_REPORT, answers, given, language="en", notice="1")
    return accept_form(now=now, raw=raw, language="en", anonymous=answers["contact"] == "anonymous")


def reported(now: datetime, answers: Answers = ANSWERS) -> tuple[Handed, Report]:
    """A report that was handed in and understood."""
    handed = hand_in(now, answers)
    understand(now)
    return handed, Report.objects.get(correspondence=handed.correspondence)


def visiting(handed: Handed) -> Visit:
    """Its reporter, back by the private link."""
    visit = visit_by_link(handed.link)
    assert visit is not None
    return visit


def add(
    now: datetime, visit: Visit, text: str = "It happened again.", files: Iterable[tuple[str, bytes]] = ()
) -> None:
    """Adds something on the private page."""
    given = [File(name, "text/plain", len(content), [content]) for name, content in files]
    raw = compose(ADDITION, {"text": text}, given, language="en", notice="")
    accept_addition(now=now, raw=raw, correspondence=visit.correspondence, anonymous=visit.thread.anonymous)
