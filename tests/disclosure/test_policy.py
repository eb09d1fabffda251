"""What may leave, and to whom: the table of rules, hit and missed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.disclosure.letters import CentreWords, acknowledgement_text, answer_subject, answer_text
from madoguchi.disclosure.policy import Facts, decide

CENTRE = CentreWords("Example CSIRT", "見本シーサート", "9-17", "9時から17時", "report@csirt.example")
FIXED = acknowledgement_text("EXAMPLE#12345678", CENTRE)
ALICE, MALLORY = "alice@reporter.example", "mallory@evil.example"
ACK = Facts("acknowledgement", (ALICE,), FIXED, FIXED, ALICE, "", by_person=False)
LINKED = replace(ACK, link="private")
FORM = Facts("form-acknowledgement", (ALICE,), FIXED, FIXED, ALICE, "", by_person=False, link="confirmation")
PAGE = "page:0198c0de-0000-7000-8000-000000000001"
ON_PAGE = Facts("page-answer", (PAGE,), "Words", "", "", "", by_person=True, page=PAGE)
ANSWER = Facts("answer", (ALICE,), "Words", "", "", ALICE, by_person=True)


@pytest.mark.parametrize(
    ("facts", "rule", "audience"),
    [
        (ACK, "acknowledgement-of-fixed-text", "sender"),
        (ANSWER, "answer-to-the-reports-contact", "reporter"),
        (LINKED, "acknowledgement-of-fixed-text", "sender"),
        (FORM, "acknowledgement-of-a-form", "address-given"),
        (ON_PAGE, "answer-on-the-private-page", "reporter"),
        (replace(ACK, contact=MALLORY), "acknowledgement-of-fixed-text", "sender"),
        (replace(ANSWER, envelope_sender=MALLORY), "answer-to-the-reports-contact", "reporter"),
    ],
)
def test_what_may_leave(facts: Facts, rule: str, audience: str) -> None:
    decision = decide(facts)
    assert (decision.allowed, decision.rule, decision.audience, decision.reasons) == (
        True,
        rule,
        audience,
        (),
    )


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(ACK, text=FIXED + " "), "fixed words"),
        (replace(ACK, text="Buy here"), "fixed words"),
        (replace(ACK, text=""), "fixed words"),
        (replace(ACK, recipients=(MALLORY,)), "envelope sender"),
        (replace(ACK, recipients=(ALICE, MALLORY)), "envelope sender"),
        (replace(ACK, recipients=(ALICE, ALICE)), "envelope sender"),
        (replace(ACK, recipients=()), "envelope sender"),
        (replace(ACK, recipients=("",), envelope_sender=""), "envelope sender"),
        (replace(ACK, recipients=(), envelope_sender=""), "envelope sender"),
        (replace(ACK, envelope_sender=MALLORY), "envelope sender"),
        (replace(ACK, link="confirmation"), "private link or none"),
        (replace(ACK, link="other"), "private link or none"),
        (replace(FORM, link="private"), "never the private one"),
        (replace(FORM, link=""), "never the private one"),
        (replace(FORM, link="other"), "never the private one"),
        (replace(FORM, text="Buy here"), "fixed words"),
        (replace(FORM, recipients=(MALLORY,)), "address given"),
        (replace(FORM, recipients=("",), envelope_sender=""), "address given"),
        (replace(ON_PAGE, by_person=False), "a person"),
        (replace(ON_PAGE, recipients=(ALICE,)), "own private page"),
        (replace(ON_PAGE, recipients=(PAGE, ALICE)), "own private page"),
        (replace(ON_PAGE, recipients=(PAGE.replace("1", "2"),)), "own private page"),
        (replace(ON_PAGE, recipients=("",), page=""), "own private page"),
        (replace(ON_PAGE, kind="answer"), "contact"),
        (replace(ANSWER, kind="page-answer"), "own private page"),
        (replace(ANSWER, by_person=False), "a person"),
        (replace(ANSWER, recipients=(MALLORY,)), "contact"),
        (replace(ANSWER, recipients=(ALICE, MALLORY)), "contact"),
        (replace(ANSWER, recipients=()), "contact"),
        (replace(ANSWER, contact=""), "contact"),
        (replace(ANSWER, recipients=("",), contact=""), "contact"),
        (replace(ANSWER, recipients=(ALICE.upper(),)), "contact"),
        (replace(ANSWER, recipients=("a@straße.example",), contact="a@strasse.example"), "contact"),
        (replace(ACK, kind="newsletter"), "No rule"),  # type: ignore[arg-type]
        (replace(ACK, kind="answer"), "a person"),
    ],
)
def test_what_may_not_leave_and_the_sentence_that_says_why(facts: Facts, reason: str) -> None:
    decision = decide(facts)
    assert (decision.allowed, decision.rule, decision.audience) == (False, "", "")
    assert any(reason in sentence for sentence in decision.reasons)


def test_every_condition_that_is_missed_is_said() -> None:
    decision = decide(replace(ACK, text="x", recipients=(MALLORY,)))
    assert len(decision.reasons) == 2


addresses = (
    st.sampled_from([PAGE, ALICE, MALLORY, "", ALICE.upper(), f" {ALICE}", f"{ALICE}\n", "a@straße.example"])
    | st.text()
)
facts = st.builds(
    Facts,
    kind=st.sampled_from(
        ["acknowledgement", "form-acknowledgement", "answer", "page-answer", "newsletter", ""]
    ),
    recipients=st.lists(addresses, max_size=3).map(tuple),
    text=st.sampled_from([FIXED, ""]) | st.text(),
    fixed_text=st.sampled_from([FIXED, ""]) | st.text(),
    envelope_sender=addresses,
    contact=addresses,
    by_person=st.booleans(),
    page=st.sampled_from([PAGE, ALICE, ""]),
    link=st.sampled_from(["", "private", "confirmation", "other"]),
)
OWN = {
    "acknowledgement": "envelope_sender",
    "form-acknowledgement": "envelope_sender",
    "answer": "contact",
    "page-answer": "page",
}


@given(facts)
def test_the_decision_is_total_and_always_the_same(given_facts: Facts) -> None:
    decision = decide(given_facts)
    assert decide(replace(given_facts)) == decision
    assert decision.allowed is not bool(decision.reasons)


@given(facts)
def test_nothing_leaves_to_anybody_but_the_report_s_own_sender_contact_or_page(given_facts: Facts) -> None:
    if decide(given_facts).allowed:
        own = getattr(given_facts, OWN[given_facts.kind])
        assert own
        assert list(given_facts.recipients) == [own]


@given(facts)
def test_the_private_link_never_goes_to_an_address_that_somebody_typed_into_a_form(
    given_facts: Facts,
) -> None:
    if given_facts.kind == "form-acknowledgement" and decide(given_facts).allowed:
        assert given_facts.link == "confirmation"


@given(facts, st.lists(addresses, min_size=1, max_size=3))
def test_more_recipients_never_make_a_letter_leave(given_facts: Facts, more: list[str]) -> None:
    wider = replace(given_facts, recipients=(*given_facts.recipients, *more))
    if given_facts.recipients:
        assert not decide(wider).allowed


@given(st.integers(0, len(FIXED) - 1), st.characters())
def test_an_acknowledgement_altered_by_one_character_does_not_leave(at: int, letter: str) -> None:
    altered = FIXED[:at] + letter + FIXED[at + 1 :]
    assert decide(replace(ACK, text=altered)).allowed is (altered == FIXED)
    assert not decide(replace(ACK, text=FIXED[:at] + FIXED[at + 1 :])).allowed
    assert not decide(replace(ACK, text=FIXED[:at] + letter + FIXED[at:])).allowed


def test_an_acknowledgement_says_its_reference_in_both_languages() -> None:
    assert FIXED.count("EXAMPLE#12345678") == 2
    assert "受付番号" in FIXED
    assert "reference number" in FIXED


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_the_subject_of_an_answer_is_one_line_that_starts_with_the_reference(words: str) -> None:
    subject = answer_subject("EXAMPLE#12345678", words)
    assert subject.startswith("EXAMPLE#12345678 ")
    assert len(subject.splitlines()) == 1
    assert answer_subject("EXAMPLE#12345678", " \r\n ") == "EXAMPLE#12345678 ご連絡 / Reply"


def test_an_answer_is_the_handler_s_words_with_the_centre_s_signature() -> None:
    text = answer_text("\n  Hello.\n\n", "EXAMPLE#12345678", CENTRE)
    assert text.startswith("Hello.\n\n-- \n")
    assert text.endswith("EXAMPLE#12345678\n")
