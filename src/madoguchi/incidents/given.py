"""What somebody gave, as provenance rows: one for each value, with its provider and the place it was found in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from madoguchi.incidents.models import Finding, Item, Message, Provider, Report
from madoguchi.incidents.sealing import attachment_value, seal_item
from madoguchi.incidents.submission import Submission
from madoguchi.lib.ids import new_id
from madoguchi.mail.forms import Submitted
from madoguchi.mail.letter import Part
from madoguchi.vault.actions import UnitKey, blind_index

MOST_ATTACHMENTS = 1000
FORM_KINDS: Final[Mapping[str, str]] = {
    "kind": "kind-of-incident",
    "what": "description",
    "text": "description",
    "when": "time",
    "zone": "time-zone",
    "systems": "systems",
    "others": "observables",
    "wish": "wish",
    "share": "share",
    "contact": "contact-choice",
    "name": "contact-name",
    "address": "contact-address",
}
"""The kind of item that a form's field gives; any other field gives "answer". Its place is `form <field id>`."""


@dataclass(frozen=True, slots=True)
class Given:
    """Where the rows of one submission belong; `finding` is none for what came later into a thread."""

    report: Report
    message: Message
    provider: Provider
    finding: Finding | None
    key: UnitKey

    def item(self, now: datetime, kind: str, place: str, value: str) -> Item:
        """One row, sealed under the report's unit; equal addresses can be found."""
        item_id = new_id(now)
        return Item(
            id=item_id,
            report=self.report,
            finding=self.finding,
            message=self.message,
            provider=self.provider,
            kind=kind,
            place=place[:40],
            value=seal_item(self.key, item_id, value),
            lookup=blind_index().address(value) if kind == "contact-address" else None,
        )


Value = tuple[str, str, str]
"""Kind, place and value of a row to be made."""


def items_of(submission: Submission, given: Given, now: datetime) -> list[Item]:
    """The provenance rows of one submission."""
    form = submission.form
    values = _of_mail(submission) if form is None else _of_form(submission, form)
    return [given.item(now, *value) for value in (*values, *_files(submission))]


def _of_mail(submission: Submission) -> Iterator[Value]:
    letter = submission.letter
    yield "subject", "header Subject", letter.subject
    yield "description", "text", letter.text
    for box in letter.from_:
        if box.address:
            yield "contact-address", "header From", box.address
        if box.name:
            yield "contact-name", "header From", box.name
    authors = {box.address for box in letter.from_}
    for box in letter.reply_to:
        if box.address not in authors:
            yield "contact-address", "header Reply-To", box.address
    if submission.envelope_from and submission.envelope_from not in authors:
        yield "contact-address", "envelope", submission.envelope_from
    if letter.message_id:
        yield "message-id", "header Message-ID", letter.message_id
    if letter.defects:
        yield "defects", "reader", "\n".join(letter.defects)


def _of_form(submission: Submission, form: Submitted) -> Iterator[Value]:
    """A row for each answer; of several choices one for each, since each can be taken back by itself."""
    if not submission.addition:
        yield "subject", "form", submission.letter.subject
    for field in form.answers:
        for answer in form.chosen(field):
            yield FORM_KINDS.get(field, "answer"), f"form {field}", answer


def _files(submission: Submission) -> Iterator[Value]:
    for part in attachments_of(submission):
        value = attachment_value(part.index, part.name or "", part.type, part.size)
        yield "attachment", f"part {part.index}", value


def attachments_of(submission: Submission) -> list[Part]:
    """The parts that are files; the answers of our own form are none."""
    parts = submission.letter.parts[1:] if submission.form else submission.letter.parts
    return [part for part in parts if part.is_attachment][:MOST_ATTACHMENTS]
