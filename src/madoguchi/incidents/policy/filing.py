"""Which thread a mail is filed in, decided from facts alone."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

FilingKind = Literal["thread", "possible", "new"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchFacts:
    """What a mail shows of the correspondences it may belong to.

    A token that is wrong, spent or guessed is no fact at all: such a mail cannot be told from one without.
    """

    token: UUID | None = None  # the correspondence whose live reply token the mail was addressed to
    message_ids: frozenset[UUID] = frozenset()  # those whose letters In-Reply-To and References name
    references: frozenset[UUID] = frozenset()  # those whose number stands in the subject
    party_of: frozenset[UUID] = frozenset()  # those in which the address of From takes part
    aligned: bool = False  # SPF or DKIM aligns with From, or a trusted relay says so


@dataclass(frozen=True, slots=True)
class Filing:
    """Where the mail goes.

    "thread": into `correspondence`, recognised `by`. "new": a new report. "possible": a new report like any
    other, with `candidates` shown to staff as what it possibly belongs to; it changes nothing there.
    """

    kind: FilingKind
    correspondence: UUID | None
    by: Literal["token", "message-id", "reference", "page"] | None
    reason: str
    candidates: frozenset[UUID] = frozenset()


def file_under(facts: MatchFacts) -> Filing:
    """Decide which thread a mail is filed in.

    The reply token and our Message-IDs are secrets that only the parties were given, so either is enough;
    a reference number opens nothing by itself (it is told on the telephone and quoted in public).
    """
    secrets = facts.message_ids | ({facts.token} if facts.token else frozenset())
    if len(secrets) > 1:
        return Filing("possible", None, None, "conflict", secrets)
    if facts.token:
        return Filing("thread", facts.token, "token", "token")
    if secrets:
        return Filing("thread", next(iter(secrets)), "message-id", "message-id")
    return _by_reference(facts)


def _by_reference(facts: MatchFacts) -> Filing:
    if not facts.references:
        return Filing("new", None, None, "no-match")
    if len(facts.references) > 1:
        return Filing("possible", None, None, "several-references", facts.references)
    (named,) = facts.references
    if not facts.aligned:
        return Filing("possible", None, None, "unauthenticated", facts.references)
    if named not in facts.party_of:
        return Filing("possible", None, None, "not-a-party", facts.references)
    return Filing("thread", named, "reference", "reference")
