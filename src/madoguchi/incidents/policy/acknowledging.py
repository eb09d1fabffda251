"""Is a report acknowledged, decided from facts alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

Verdict = Literal["send", "capped", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AckLimits:
    """How many acknowledgements leave in one day."""

    authenticated_address: int = 50
    unauthenticated_address: int = 1
    domain: int = 20  # senders whom nothing authenticates, all addresses of the domain together
    total: int = 500  # senders whom nothing authenticates, all domains together


@dataclass(frozen=True, slots=True, kw_only=True)
class AckFacts:
    """What is known of a mail when its acknowledgement is decided.

    The acknowledgement goes to `envelope_from` alone (RFC 3834, section 4). Reply-To and the addresses that
    stand in the text are not among the facts, so no rule can use them.
    """

    envelope_from: str  # the reverse-path; "" is the null one
    header_from: tuple[str, ...]  # every address of every From field
    kind: str  # what the reader of mail took it for, such as "report" or "bounce"
    auto_submitted: str | None  # the field's text, None where it is absent
    list_headers: frozenset[str]  # names of the List-* fields present
    precedence: str | None
    received_count: int
    message_id_is_ours: bool  # its Message-ID is one that we gave out: our own letter came back
    aligned: bool  # SPF or DKIM aligns with From, or a trusted relay says so
    by_form: bool = False  # it came by our form: `envelope_from` is the address given there
    in_tray: bool = False  # it is probably no report, and a person looks at it first
    demonstration: bool = False  # the demonstration takes every sender for authenticated
    own_addresses: frozenset[str] = frozenset()
    address_today: int = 0  # acknowledgements sent to this address today
    domain_today: int = 0  # to unauthenticated senders of its domain
    total_today: int = 0  # to unauthenticated senders of all domains
    limits: AckLimits = field(default_factory=AckLimits)


@dataclass(frozen=True, slots=True)
class AckRule:
    """One small question. Where it applies, the acknowledgement is not sent now."""

    name: str
    verdict: Literal["capped", "never"]
    source: str
    sentence: str
    applies: Callable[[AckFacts], bool]


@dataclass(frozen=True, slots=True)
class AckDecision:
    """The verdict, the name of the rule that decided ("allowed" where none did) and that rule's source.

    `trail` holds every rule's name in the table's order with whether it applied.
    """

    verdict: Verdict
    reason: str
    rule: str
    trail: tuple[tuple[str, bool], ...]


MOST_RECEIVED: Final = 30
AUTOMATIC_KINDS: Final = frozenset({"bounce", "auto-reply"})
BULK_PRECEDENCES: Final = frozenset({"bulk", "junk", "list"})

_PLAIN_ADDRESS: Final = re.compile(r"[^\x00-\x20\x7f<>@,;]+@[^\x00-\x20\x7f<>@,;]+")
# Local parts behind which no person reads: RFC 3834, section 2, names owner-*, *-request and MAILER-DAEMON;
# the others are what list managers and senders of bulk mail use today.
_ROLE: Final = re.compile(
    r"mailer-daemon|(?:do-?not|no)[-_.]?reply(?:[-_.+].*)?|owner-.*|.*-owner|.*-request|.*-errors"
    r"|(?:.*-)?bounces?(?:[-+=].*)?|listserv|majordomo"
)


def vouched(facts: AckFacts) -> bool:
    """Whether the sender of the envelope, who gets the acknowledgement, is authenticated.

    Alignment speaks for the domain of From. Somebody with a signature of their own could name another's
    address in the envelope, so the envelope's domain has to be that of From or one below it.
    """
    if facts.demonstration:
        return True
    if not facts.aligned or len(facts.header_from) != 1:
        return False
    envelope, author = _domain(facts.envelope_from), _domain(facts.header_from[0])
    return bool(author) and (envelope == author or envelope.endswith("." + author))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold().rstrip(".")


def _parties(facts: AckFacts) -> tuple[str, ...]:
    return (facts.envelope_from, *facts.header_from)


def _without_tag(address: str) -> str:
    """The address in lower case without what stands after a plus: a reply token addresses us as well."""
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _is_ours(facts: AckFacts) -> bool:
    ours = {_without_tag(address) for address in facts.own_addresses}
    return any(_without_tag(address) in ours for address in _parties(facts))


def _is_role(facts: AckFacts) -> bool:
    return any(_ROLE.fullmatch(address.casefold().rpartition("@")[0]) for address in _parties(facts))


def _is_automatic(facts: AckFacts) -> bool:
    if facts.auto_submitted is None:
        return False
    keyword = re.split(r"[;(\s]", facts.auto_submitted.strip().casefold(), maxsplit=1)[0]
    return keyword != "no"


ACK_RULES: Final = (
    AckRule(
        "no-contact",
        "never",
        "the reporter's choice",
        "Who gave no address in the form reads everything on the private page.",
        lambda facts: facts.by_form and not facts.envelope_from,
    ),
    AckRule(
        "null-sender",
        "never",
        "RFC 3834, section 2; RFC 5321, section 4.5.5",
        "Nothing is answered to the null reverse-path.",
        lambda facts: facts.envelope_from in {"", "<>"},
    ),
    AckRule(
        "unusable-sender",
        "never",
        "RFC 3834, section 2",
        "The address is checked before the answer is made; an answer that nobody can get is not made.",
        lambda facts: not _PLAIN_ADDRESS.fullmatch(facts.envelope_from),
    ),
    AckRule(
        "ourselves",
        "never",
        "RFC 3834, section 2",
        "An answer to one of our own addresses would loop.",
        _is_ours,
    ),
    AckRule(
        "our-message-id",
        "never",
        "RFC 3834, section 2",
        "Our own letter that came back is not answered.",
        lambda facts: facts.message_id_is_ours,
    ),
    AckRule(
        "loop",
        "never",
        "RFC 5321, section 6.3",
        "A mail that passed more than thirty servers goes in a circle.",
        lambda facts: facts.received_count > MOST_RECEIVED,
    ),
    AckRule(
        "automatic-kind",
        "never",
        "RFC 3834, section 2",
        "Bounces and automatic replies are not answered.",
        lambda facts: facts.kind in AUTOMATIC_KINDS,
    ),
    AckRule(
        "auto-submitted",
        "never",
        "RFC 3834, sections 2 and 5",
        'A mail with Auto-Submitted other than "no" was sent by a program.',
        _is_automatic,
    ),
    AckRule(
        "list",
        "never",
        "RFC 3834, section 2; RFC 2369; RFC 2919",
        "A mail that came over a list is not answered: the answer could reach all of it.",
        lambda facts: any(name.casefold().startswith("list-") for name in facts.list_headers),
    ),
    AckRule(
        "precedence",
        "never",
        "RFC 3834, section 2",
        "Precedence bulk, junk or list marks mail that wants no answer.",
        lambda facts: (facts.precedence or "").strip().casefold() in BULK_PRECEDENCES,
    ),
    AckRule(
        "role-address",
        "never",
        "RFC 3834, section 2",
        "Addresses such as owner-*, *-request and MAILER-DAEMON belong to programs.",
        _is_role,
    ),
    AckRule(
        "tray",
        "capped",
        "the centre's tray",
        "What is probably no report is acknowledged when a person says that it is one.",
        lambda facts: facts.in_tray,
    ),
    AckRule(
        "address-cap-authenticated",
        "capped",
        "RFC 3834, section 2; the centre's limit",
        "An authenticated address gets so many acknowledgements a day.",
        lambda facts: vouched(facts) and facts.address_today >= facts.limits.authenticated_address,
    ),
    AckRule(
        "address-cap",
        "capped",
        "RFC 3834, section 2; the centre's limit",
        "An address that nothing authenticates may be forged: it gets so many a day.",
        lambda facts: not vouched(facts) and facts.address_today >= facts.limits.unauthenticated_address,
    ),
    AckRule(
        "domain-cap",
        "capped",
        "RFC 3834, section 2; the centre's limit",
        "A domain that nothing authenticates gets so many a day.",
        lambda facts: not vouched(facts) and facts.domain_today >= facts.limits.domain,
    ),
    AckRule(
        "total-cap",
        "capped",
        "RFC 3834, section 2; the centre's limit",
        "All senders that nothing authenticates get so many a day together.",
        lambda facts: not vouched(facts) and facts.total_today >= facts.limits.total,
    ),
)


def acknowledge(facts: AckFacts) -> AckDecision:
    """Decide whether the acknowledgement of this report is sent now, held back for a person, or never sent.

    Every rule is asked; the first that applies decides, and those that say "never" stand first.
    """
    trail = tuple((rule.name, rule.applies(facts)) for rule in ACK_RULES)
    for rule, (_, hit) in zip(ACK_RULES, trail, strict=True):
        if hit:
            return AckDecision(rule.verdict, rule.name, rule.source, trail)
    return AckDecision("send", "allowed", "RFC 3834, section 4: to the reverse-path", trail)
