"""Whether a report is acknowledged, and where a mail is filed."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.incidents.policy import (
    ACK_RULES,
    AckFacts,
    AckLimits,
    MatchFacts,
    acknowledge,
    file_under,
    vouched,
)

PERSON = AckFacts(
    envelope_from="hana@site.example",
    header_from=("hana@site.example",),
    kind="report",
    auto_submitted=None,
    list_headers=frozenset(),
    precedence=None,
    received_count=3,
    message_id_is_ours=False,
    aligned=True,
    own_addresses=frozenset({"report@csirt.example"}),
)

ALWAYS = [
    ("a person's report", {}),
    ("a person's report that says it is no automatic mail", {"auto_submitted": "no"}),
    ("the same with a comment", {"auto_submitted": "No (typed by hand)"}),
    ("a reply that found no thread", {"kind": "reply"}),
    ("an empty mail: its sender should know that it arrived", {"kind": "empty"}),
    ("a feedback report that a person sent", {"kind": "feedback-report"}),
    ("thirty servers are a long way, no circle", {"received_count": 30}),
    ("a precedence that is none of the three", {"precedence": "first-class"}),
    ("postmasters report incidents", {"envelope_from": "postmaster@site.example"}),
    ("abuse desks too", {"envelope_from": "abuse@site.example"}),
    ("a person whose name only looks like it", {"envelope_from": "bouncer@site.example"}),
    ("the fiftieth of an authenticated address", {"address_today": 49}),
    ("the domain's cap is not for the authenticated", {"domain_today": 1000, "total_today": 10_000}),
    ("the first of an unauthenticated address", {"aligned": False}),
    ("the last of its domain", {"aligned": False, "domain_today": 19}),
    ("the last of all", {"aligned": False, "total_today": 499}),
    ("the demonstration believes everybody", {"aligned": False, "demonstration": True, "address_today": 9}),
]

NEVER = [
    ("null-sender", {"envelope_from": ""}),
    ("null-sender", {"envelope_from": "<>"}),
    ("unusable-sender", {"envelope_from": "hana"}),
    ("unusable-sender", {"envelope_from": "a@b@site.example"}),
    ("unusable-sender", {"envelope_from": "hana@site.example\r\nRCPT TO:<x@y.example>"}),
    ("unusable-sender", {"envelope_from": "hana@site.example,all@site.example"}),
    ("ourselves", {"envelope_from": "report@csirt.example"}),
    ("ourselves", {"envelope_from": "Report+mzxw6ytboi@CSIRT.example"}),
    ("ourselves", {"header_from": ("report@csirt.example",)}),
    ("our-message-id", {"message_id_is_ours": True}),
    ("loop", {"received_count": 31}),
    ("automatic-kind", {"kind": "bounce"}),
    ("automatic-kind", {"kind": "auto-reply"}),
    ("auto-submitted", {"auto_submitted": "auto-replied"}),
    ("auto-submitted", {"auto_submitted": "auto-generated; owner-email=x@y.example"}),
    ("auto-submitted", {"auto_submitted": "auto-notified"}),
    ("auto-submitted", {"auto_submitted": "notable"}),
    ("auto-submitted", {"auto_submitted": ""}),
    ("list", {"list_headers": frozenset({"List-Id"})}),
    ("list", {"list_headers": frozenset({"list-unsubscribe"})}),
    ("precedence", {"precedence": "bulk"}),
    ("precedence", {"precedence": " LIST "}),
    ("precedence", {"precedence": "junk"}),
    *(
        ("role-address", {"envelope_from": f"{local}@site.example"})
        for local in (
            "MAILER-DAEMON",
            "noreply",
            "no-reply",
            "do-not-reply",
            "donotreply",
            "noreply-alerts",
            "owner-staff",
            "staff-owner",
            "staff-request",
            "staff-bounces",
            "staff-bounces+hana=site.example",
            "bounce",
            "bounces-4711",
            "bounce+4711",
            "list-errors",
            "majordomo",
        )
    ),
    ("role-address", {"header_from": ("no-reply@site.example",)}),
]

CAPPED = [
    ("address-cap-authenticated", {"address_today": 50}),
    ("address-cap", {"aligned": False, "address_today": 1}),
    ("domain-cap", {"aligned": False, "domain_today": 20}),
    ("total-cap", {"aligned": False, "total_today": 500}),
    ("address-cap", {"header_from": ("hana@site.example", "x@y.example"), "address_today": 1}),
    ("address-cap", {"limits": AckLimits(unauthenticated_address=0), "aligned": False}),
]


@pytest.mark.parametrize(("case", "change"), ALWAYS, ids=[case for case, _ in ALWAYS])
def test_is_acknowledged(case: str, change: dict[str, Any]) -> None:
    decision = acknowledge(replace(PERSON, **change))
    assert (decision.verdict, decision.reason) == ("send", "allowed")
    assert not any(hit for _, hit in decision.trail)


@pytest.mark.parametrize(("rule", "change"), NEVER)
def test_is_never_acknowledged(rule: str, change: dict[str, Any]) -> None:
    decision = acknowledge(replace(PERSON, **change))
    assert (decision.verdict, decision.reason) == ("never", rule)
    assert decision.rule.startswith("RFC ")


@pytest.mark.parametrize(("rule", "change"), CAPPED)
def test_waits_for_a_person_when_the_day_is_full(rule: str, change: dict[str, Any]) -> None:
    decision = acknowledge(replace(PERSON, **change))
    assert (decision.verdict, decision.reason) == ("capped", rule)


def test_what_is_never_sent_is_not_merely_capped() -> None:
    decision = acknowledge(replace(PERSON, kind="bounce", address_today=50))
    assert (decision.verdict, decision.reason) == ("never", "automatic-kind")
    assert dict(decision.trail)["address-cap-authenticated"], "the trail keeps the later hit too"


def test_every_rule_stands_in_the_trail_and_says_where_it_comes_from() -> None:
    assert [name for name, _ in acknowledge(PERSON).trail] == [rule.name for rule in ACK_RULES]
    assert len({rule.name for rule in ACK_RULES}) == len(ACK_RULES)
    assert all(rule.source and rule.sentence.endswith(".") for rule in ACK_RULES)


@pytest.mark.parametrize(
    ("envelope", "author", "holds"),
    [
        ("hana@site.example", "hana@site.example", True),
        ("b+1@mail.site.example", "hana@site.example", True),
        ("hana@SITE.example", "hana@site.example.", True),
        ("victim@bank.example", "mallory@evil.example", False),
        ("victim@example", "mallory@evil.example", False),
        ("victim@notsite.example", "hana@site.example", False),
        ("hana@site.example", "", False),
    ],
)
def test_a_signature_vouches_for_no_other_domain_in_the_envelope(
    envelope: str, author: str, holds: bool
) -> None:
    assert vouched(replace(PERSON, envelope_from=envelope, header_from=(author,))) is holds


facts = st.builds(
    AckFacts,
    envelope_from=st.sampled_from(["", "hana@site.example", "no-reply@x.example", "é\x00@"])
    | st.text(max_size=20),
    header_from=st.lists(st.sampled_from(["hana@site.example", "x"]) | st.text(max_size=20), max_size=2).map(
        tuple
    ),
    kind=st.sampled_from(["report", "bounce", "reply", "empty"]),
    auto_submitted=st.none() | st.sampled_from(["no"]) | st.text(max_size=10),
    list_headers=st.frozensets(st.sampled_from(["List-Id", "List-Post"])),
    precedence=st.none() | st.text(max_size=5),
    received_count=st.integers(0, 40),
    message_id_is_ours=st.booleans(),
    aligned=st.booleans(),
    address_today=st.integers(0, 60),
    domain_today=st.integers(0, 30),
    total_today=st.integers(0, 600),
)

RANK = {"never": 0, "capped": 1, "send": 2}


@given(facts)
def test_less_authentication_never_sends_more(known: AckFacts) -> None:
    believed, doubted = (acknowledge(replace(known, aligned=aligned)) for aligned in (True, False))
    assert RANK[doubted.verdict] <= RANK[believed.verdict]


@given(facts, st.integers(0, 100))
def test_more_sent_today_never_sends_more(known: AckFacts, more: int) -> None:
    later = replace(
        known,
        address_today=known.address_today + more,
        domain_today=known.domain_today + more,
        total_today=known.total_today + more,
    )
    assert RANK[acknowledge(later).verdict] <= RANK[acknowledge(known).verdict]


# --- Filing ---

A, B = UUID(int=1), UUID(int=2)
NONE: frozenset[UUID] = frozenset()

FILED = [
    ("a mail without any match is a new report", {}, ("new", None, None)),
    ("a live token files it, whoever sends it", {"token": A}, ("thread", A, "token")),
    ("an answer to our letter", {"message_ids": {A}}, ("thread", A, "message-id")),
    ("both agree", {"token": A, "message_ids": {A}}, ("thread", A, "token")),
    (
        "a number quoted beside the token changes nothing",
        {"token": A, "references": {B}},
        ("thread", A, "token"),
    ),
    ("token and Message-ID disagree", {"token": A, "message_ids": {B}}, ("possible", None, None)),
    ("an answer to letters of two threads", {"message_ids": {A, B}}, ("possible", None, None)),
    (
        "the number from an authenticated party",
        {"references": {A}, "party_of": {A}, "aligned": True},
        ("thread", A, "reference"),
    ),
    (
        "the number from a party whom nothing authenticates",
        {"references": {A}, "party_of": {A}},
        ("possible", None, None),
    ),
    (
        "the number from an authenticated stranger",
        {"references": {A}, "party_of": {B}, "aligned": True},
        ("possible", None, None),
    ),
    (
        "two numbers from a party of one of them",
        {"references": {A, B}, "party_of": {A}, "aligned": True},
        ("possible", None, None),
    ),
    (
        "a party who names no number writes a new report",
        {"party_of": {A}, "aligned": True},
        ("new", None, None),
    ),
]


def _match(change: dict[str, Any]) -> MatchFacts:
    values: dict[str, Any] = {name: frozenset(v) if isinstance(v, set) else v for name, v in change.items()}
    return MatchFacts(**values)


@pytest.mark.parametrize(("case", "change", "expected"), FILED, ids=[case for case, _, _ in FILED])
def test_filing(case: str, change: dict[str, Any], expected: tuple[Any, ...]) -> None:
    filing = file_under(_match(change))
    assert (filing.kind, filing.correspondence, filing.by) == expected


def test_a_conflict_shows_staff_all_threads_it_may_belong_to() -> None:
    filing = file_under(MatchFacts(token=A, message_ids=frozenset({B})))
    assert (filing.reason, filing.candidates) == ("conflict", frozenset({A, B}))


ids = st.frozensets(st.sampled_from([A, B, UUID(int=3)]), max_size=3)
matches = st.builds(
    MatchFacts,
    token=st.none() | st.sampled_from([A, B]),
    message_ids=ids,
    references=ids,
    party_of=ids,
    aligned=st.booleans(),
)
FILES = {"new": 0, "possible": 1, "thread": 2}


@given(matches)
def test_filing_is_total_and_only_a_thread_is_named(known: MatchFacts) -> None:
    filing = file_under(known)
    assert filing == file_under(known)
    assert (filing.kind == "thread") == (filing.correspondence is not None) == (filing.by is not None)
    assert (filing.kind == "possible") == bool(filing.candidates)


@given(matches, ids)
def test_less_authentication_never_files_more(known: MatchFacts, parties: frozenset[UUID]) -> None:
    weaker = replace(known, aligned=False, party_of=known.party_of & parties)
    assert FILES[file_under(weaker).kind] <= FILES[file_under(known).kind]


@given(matches)
def test_a_number_alone_opens_nothing(known: MatchFacts) -> None:
    alone = replace(known, token=None, message_ids=NONE, aligned=False)
    assert file_under(alone).kind != "thread"
