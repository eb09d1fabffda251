"""Letters of a report: composed, ready for disclosure to clear, and noted in their thread."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from madoguchi.disclosure.actions import Candidate, centre_words
from madoguchi.disclosure.letters import (
    acknowledgement_subject,
    acknowledgement_text,
    answer_subject,
    answer_text,
    form_acknowledgement_text,
)
from madoguchi.disclosure.links import link_to, read_link
from madoguchi.incidents.codes import fresh_token
from madoguchi.incidents.filing import MESSAGE_ID, TOKEN, message_id_key, token_key
from madoguchi.incidents.models import Handle, Message
from madoguchi.incidents.opening import CONFIRM, LINK, code_key
from madoguchi.incidents.reference import plus_address, reply_token, token_of
from madoguchi.lib.ids import new_id
from madoguchi.mail.actions import Draft, Transport, sound_ids
from madoguchi.vault.actions import blind_index, new_unit

KEPT_REFERENCES = 20


def acknowledgement_candidate(
    now: datetime, reference: str, to: str, thread: Sequence[str], *, private_link: bool
) -> Candidate:
    """An acknowledgement of a mail: fixed text, null sender, marked as automatic (RFC 3834, section 3).

    `thread`: the message ids that it answers, the mail's own last (RFC 5322, 3.6.4). `private_link`: it carries a fresh
    link to the report's private page, which shows our answers: only where they would go to the same address.
    """
    link = link_to("private", settings.OPTIONS.base_url, fresh_token()) if private_link else ""
    text = acknowledgement_text(reference, centre_words(), link)
    draft = _draft(to, acknowledgement_subject(reference), text)
    return Candidate(
        id=new_id(now),
        unit=new_unit("letter", now),
        kind="acknowledgement",
        reference=reference,
        draft=draft,
        transport=_transport(thread, envelope_from="", auto_submitted="auto-replied"),
        envelope_sender=to,
        link=link,
    )


def form_acknowledgement_candidate(now: datetime, reference: str, to: str) -> Candidate:
    """The acknowledgement of a filled form to the address given there, with a fresh link that confirms it."""
    link = link_to("confirmation", settings.OPTIONS.base_url, fresh_token())
    text = form_acknowledgement_text(reference, centre_words(), link)
    return Candidate(
        id=new_id(now),
        unit=new_unit("letter", now),
        kind="form-acknowledgement",
        reference=reference,
        draft=_draft(to, acknowledgement_subject(reference), text),
        transport=_transport((), envelope_from="", auto_submitted="auto-generated"),
        envelope_sender=to,
        link=link,
    )


def answer_candidate(
    now: datetime, reference: str, *, to: str, contact: str, subject: str, text: str, thread: Sequence[str]
) -> Candidate:
    """A handler's answer to the contact of the report; bounces come back to its reply address."""
    draft = _draft(to, answer_subject(reference, subject), answer_text(text, reference, centre_words()))
    return Candidate(
        id=new_id(now),
        unit=new_unit("letter", now),
        kind="answer",
        reference=reference,
        draft=draft,
        transport=_transport(thread, envelope_from=draft.reply_to, auto_submitted=""),
        contact=contact,
    )


def page_answer_candidate(
    now: datetime, reference: str, *, correspondence: UUID, subject: str, text: str
) -> Candidate:
    """A handler's answer that stands on the report's own private page and is mailed to nobody."""
    options = settings.OPTIONS
    return Candidate(
        id=new_id(now),
        unit=new_unit("letter", now),
        kind="page-answer",
        reference=reference,
        draft=Draft(
            sender_name=options.centre_name,
            sender=options.report_address,
            to="",
            subject=answer_subject(reference, subject),
            text=answer_text(text, reference, centre_words()),
            reply_to="",
        ),
        transport=Transport(message_id="", envelope_from=""),
        page=page_of_thread(correspondence),
    )


def page_of_thread(correspondence: UUID) -> str:
    """The name of a thread's private page, which a clearance covers in place of an address."""
    return f"page:{correspondence}"


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are one to us: compared as the blind index does."""
    return blind_index().address(one) == blind_index().address(other)


def _draft(to: str, subject: str, text: str) -> Draft:
    """A letter from the centre's one address, with a reply address of its own."""
    report_address = settings.OPTIONS.report_address
    return Draft(
        sender_name=settings.OPTIONS.centre_name,
        sender=report_address,
        to=to,
        subject=subject,
        text=text,
        reply_to=plus_address(report_address, reply_token()),
    )


def _transport(thread: Sequence[str], *, envelope_from: str, auto_submitted: str) -> Transport:
    """The fields that transport adds; of a hostile mail's message ids only those in our grammar are named."""
    references = sound_ids(thread, KEPT_REFERENCES)
    domain = settings.OPTIONS.report_address.rpartition("@")[2]
    return Transport(
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        envelope_from=envelope_from,
        in_reply_to=references[-1] if references else "",
        references=references,
        auto_submitted=auto_submitted,
    )


def store_outgoing(
    now: datetime,
    kind: str,
    letters: Sequence[tuple[UUID, Candidate]],
    *,
    staff: UUID | None,
    position: int = 0,
) -> None:
    """Notes letters in their threads, each at this `position`, and the handles by which replies to them are found."""
    Message.objects.bulk_create(
        Message(
            id=new_id(now),
            correspondence_id=thread,
            at=now,
            position=position,
            kind=kind,
            letter=letter.id,
            staff=staff,
        )
        for thread, letter in letters
    )
    Handle.objects.bulk_create(
        handle for thread, letter in letters for handle in _handles(now, thread, letter)
    )


def _handles(now: datetime, thread: UUID, letter: Candidate) -> Iterator[Handle]:
    """What its reply is found by, and what its link opens; a letter on a page has neither."""
    if letter.published:
        return
    token = token_of(letter.draft.reply_to, settings.OPTIONS.report_address) or ""
    message_id = letter.transport.message_id
    yield Handle(key=token_key(token), kind=TOKEN, correspondence_id=thread, made_at=now)
    yield Handle(key=message_id_key(message_id), kind=MESSAGE_ID, correspondence_id=thread, made_at=now)
    link, token = read_link(letter.link, settings.OPTIONS.base_url)
    if link:
        kind = LINK if link == "private" else CONFIRM
        yield Handle(key=code_key(kind, token), kind=kind, correspondence_id=thread, made_at=now)
