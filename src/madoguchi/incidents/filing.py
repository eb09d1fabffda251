"""Which thread a mail belongs to, for a batch of mails with a fixed number of queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from madoguchi.incidents.models import Correspondence, Handle, Message
from madoguchi.incidents.policy import Filing, MatchFacts, file_under
from madoguchi.incidents.reference import references_in, token_of
from madoguchi.incidents.submission import Submission
from madoguchi.vault.actions import blind_index

TOKEN, MESSAGE_ID = "token", "message-id"
MOST_IDS = 50


@dataclass(frozen=True, slots=True)
class _Marks:
    """The traces of our letters that one mail carries, as look-up keys."""

    tokens: frozenset[bytes]
    message_ids: frozenset[bytes]
    own_id: bytes
    references: frozenset[str]
    sender: bytes


@dataclass(frozen=True, slots=True)
class Filed:
    """The decision, and whether the mail's own Message-ID is one that we gave out."""

    filing: Filing
    message_id_is_ours: bool


def token_key(token: str) -> bytes:
    """The stored form of a reply token."""
    return blind_index().key(TOKEN, token)


def message_id_key(message_id: str) -> bytes:
    """The stored form of a Message-ID of ours."""
    return blind_index().key(MESSAGE_ID, message_id)


def file_all(submissions: Sequence[Submission]) -> Mapping[UUID, Filed]:
    """The filing of each submission by arrival id; two queries for the whole batch."""
    marks = {one.arrival: _marks(one) for one in submissions}
    threads = _threads_of_handles(marks.values())
    named = _threads_of_references(marks.values())
    return {one.arrival: _filed(one, marks[one.arrival], threads, named) for one in submissions}


def _marks(submission: Submission) -> _Marks:
    options, letter = settings.OPTIONS, submission.letter
    addressed = (*submission.recipients, *(box.address for box in (*letter.to, *letter.cc)))
    tokens = (token_of(address, options.report_address) for address in addressed[:MOST_IDS])
    ids = (*letter.in_reply_to, *letter.references[-MOST_IDS:])[:MOST_IDS]
    prefixes = (options.reference_prefix, *options.former_prefixes)
    return _Marks(
        tokens=frozenset(token_key(token) for token in tokens if token),
        message_ids=frozenset(message_id_key(one) for one in ids),
        own_id=message_id_key(letter.message_id or ""),
        references=frozenset(references_in(letter.subject, prefixes)),
        sender=blind_index().address(submission.contact),
    )


def _threads_of_handles(marks: Iterable[_Marks]) -> Mapping[bytes, tuple[str, UUID]]:
    keys = {key for one in marks for key in (*one.tokens, *one.message_ids, one.own_id)}
    rows = Handle.objects.filter(key__in=keys, ended_at__isnull=True).values_list(
        "key", "kind", "correspondence_id"
    )
    return {bytes(key): (kind, thread) for key, kind, thread in rows}


def _threads_of_references(marks: Iterable[_Marks]) -> Mapping[str, tuple[UUID, bytes]]:
    references = {name for one in marks for name in one.references}
    # A page opens a thread before its report is understood; nobody takes part in it yet.
    rows = Correspondence.objects.filter(reference__in=references, report__isnull=False)
    found = rows.values_list("reference", "id", "report__provider__address_key")
    return {reference: (thread, bytes(party)) for reference, thread, party in found}


def _filed(
    submission: Submission,
    marks: _Marks,
    threads: Mapping[bytes, tuple[str, UUID]],
    named: Mapping[str, tuple[UUID, bytes]],
) -> Filed:
    if submission.addition:
        return Filed(Filing("thread", submission.correspondence, "page", "page"), message_id_is_ours=False)
    by_token = {threads[key][1] for key in marks.tokens if key in threads and threads[key][0] == TOKEN}
    by_id = {threads[key][1] for key in marks.message_ids if key in threads and threads[key][0] == MESSAGE_ID}
    found = {named[name] for name in marks.references if name in named}
    facts = MatchFacts(
        token=by_token.pop() if len(by_token) == 1 else None,
        # Tokens of two threads contradict each other as two Message-IDs do.
        message_ids=frozenset(by_id | by_token),
        references=frozenset(thread for thread, _ in found),
        party_of=frozenset(thread for thread, party in found if party == marks.sender),
        aligned=bool(submission.authenticated_by),
    )
    return Filed(file_under(facts), threads.get(marks.own_id, ("",))[0] == MESSAGE_ID)


def same_mails(submissions: Sequence[Submission]) -> Mapping[bytes, UUID]:
    """Messages that came in before with these fingerprints: fingerprint to message id. One query."""
    prints = {one.fingerprint for one in submissions}
    rows = Message.objects.filter(fingerprint__in=prints).order_by("-at").values_list("fingerprint", "id")
    return {bytes(fingerprint): message for fingerprint, message in rows if fingerprint is not None}
