"""Letters of a report: composed, ready for disclosure to clear, and noted in their thread."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from madoguchi.disclosure.actions import Candidate, Facts
from madoguchi.disclosure.letters import (
    CentreWords,
    acknowledgement_subject,
    acknowledgement_text,
    answer_subject,
    answer_text,
)
from madoguchi.incidents.filing import MESSAGE_ID, TOKEN, message_id_key, token_key
from madoguchi.incidents.models import Handle, Message
from madoguchi.incidents.reference import plus_address, reply_token, token_of
from madoguchi.lib.ids import new_id
from madoguchi.mail.actions import Draft, Transport, cleared_content, sound_ids
from madoguchi.vault.actions import new_unit

KEPT_REFERENCES = 20


def centre_words() -> CentreWords:
    """What the centre says of itself, from the settings."""
    options = settings.OPTIONS
    return CentreWords(
        name=options.centre_name,
        name_ja=options.centre_name_ja or options.centre_name,
        hours=options.centre_hours,
        hours_ja=options.centre_hours_ja or options.centre_hours,
        address=options.report_address,
    )


def acknowledgement_candidate(now: datetime, reference: str, to: str, thread: Sequence[str]) -> Candidate:
    """An acknowledgement: fixed text, null sender, marked as automatic (RFC 3834, section 3).

    `thread`: the message ids that it answers, the mail's own last (RFC 5322, 3.6.4).
    """
    text = acknowledgement_text(reference, centre_words())
    facts = Facts(
        kind="acknowledgement",
        recipients=(to,),
        text=text,
        fixed_text=text,
        envelope_sender=to,
        contact="",
        by_person=False,
    )
    return _candidate(
        now, facts, acknowledgement_subject(reference), sound_ids(thread, KEPT_REFERENCES), automatic=True
    )


def answer_candidate(
    now: datetime, reference: str, *, to: str, contact: str, subject: str, text: str, thread: Sequence[str]
) -> Candidate:
    """A handler's answer to the contact of the report; bounces come back to its reply address."""
    whole = answer_text(text, reference, centre_words())
    facts = Facts(
        kind="answer",
        recipients=(to,),
        text=whole,
        fixed_text="",
        envelope_sender="",
        contact=contact,
        by_person=True,
    )
    line = answer_subject(reference, subject)
    return _candidate(now, facts, line, sound_ids(thread, KEPT_REFERENCES), automatic=False)


def _candidate(
    now: datetime, facts: Facts, subject: str, references: tuple[str, ...], *, automatic: bool
) -> Candidate:
    report_address = settings.OPTIONS.report_address
    reply_to = plus_address(report_address, reply_token())
    content = cleared_content(
        Draft(
            sender_name=settings.OPTIONS.centre_name,
            sender=report_address,
            to=facts.recipients[0],
            subject=subject,
            text=facts.text,
            reply_to=reply_to,
        )
    )
    domain = report_address.rpartition("@")[2]
    transport = Transport(
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        envelope_from="" if automatic else reply_to,
        in_reply_to=references[-1] if references else "",
        references=references,
        auto_submitted="auto-replied" if automatic else "",
    )
    return Candidate(
        id=new_id(now),
        unit=new_unit("letter", now),
        facts=facts,
        content=content,
        transport=transport,
        reply_to=reply_to,
    )


def store_outgoing(
    now: datetime, kind: str, letters: Sequence[tuple[UUID, Candidate]], *, staff: UUID | None
) -> None:
    """Notes letters in their threads, and the handles by which replies to them are found."""
    Message.objects.bulk_create(
        Message(id=new_id(now), correspondence_id=thread, at=now, kind=kind, letter=letter.id, staff=staff)
        for thread, letter in letters
    )
    Handle.objects.bulk_create(
        handle for thread, letter in letters for handle in _handles(now, thread, letter)
    )


def _handles(now: datetime, thread: UUID, letter: Candidate) -> tuple[Handle, Handle]:
    token = token_of(letter.reply_to, settings.OPTIONS.report_address) or ""
    message_id = letter.transport.message_id
    return (
        Handle(key=token_key(token), kind=TOKEN, correspondence_id=thread, made_at=now),
        Handle(key=message_id_key(message_id), kind=MESSAGE_ID, correspondence_id=thread, made_at=now),
    )
