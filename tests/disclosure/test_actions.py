"""Clearing: what a rule lets out is cleared and waits in the outbox, and one refusal takes the whole verb back."""

from dataclasses import replace
from datetime import datetime

import pytest

from deeds import HANDLER, candidate_of
from incidents.mails import ALICE, MALLORY
from madoguchi.audit.actions import WORKER
from madoguchi.audit.models import Entry
from madoguchi.disclosure.actions import RefusedError, clear
from madoguchi.incidents.outgoing import acknowledgement_candidate
from madoguchi.lib.verbs import verb
from madoguchi.mail.actions import NotClearedError, enqueue
from madoguchi.mail.models import Clearance, Letter
from madoguchi.vault.models import DataKey

pytestmark = [pytest.mark.store, pytest.mark.django_db]


def nothing_is_there() -> bool:
    return not any(model.objects.exists() for model in (Clearance, Letter, DataKey, Entry))


def test_a_clearance_holds_who_cleared_what_by_which_rule_for_whom(now: datetime) -> None:
    clear(actor=HANDLER, now=now, candidates=[candidate_of(now)])
    clearance = Clearance.objects.get()
    assert (clearance.rule, clearance.audience) == ("answer-to-the-reports-contact", "reporter")
    assert (clearance.actor_kind, clearance.actor_id, clearance.at) == ("staff", HANDLER.id, now)
    assert Letter.objects.get().clearance_id == clearance.id
    assert set(Entry.objects.values_list("verb", flat=True)) == {"cleared", "queued"}


def test_a_refusal_says_every_reason_and_takes_back_what_was_cleared_with_it(now: datetime) -> None:
    good = acknowledgement_candidate(now, "EXAMPLE#12345678", ALICE, (), private_link=False)
    bad = candidate_of(now)
    bad = replace(bad, draft=replace(bad.draft, to=MALLORY))
    with pytest.raises(RefusedError, match=r"person of the staff.*contact") as raised:
        clear(actor=WORKER, now=now, candidates=[good, bad])
    assert len(raised.value.decision.reasons) == 2
    assert nothing_is_there()


def test_a_refusal_takes_the_whole_verb_around_it_back(now: datetime) -> None:
    bad = candidate_of(now)
    bad = replace(bad, draft=replace(bad.draft, to=MALLORY))

    @verb
    def deal_with() -> None:
        clear(actor=HANDLER, now=now, candidates=[candidate_of(now)])
        clear(actor=HANDLER, now=now, candidates=[bad])

    with pytest.raises(RefusedError):
        deal_with()
    assert nothing_is_there()


@pytest.mark.parametrize("at", [0, 10, 200, -1])
def test_an_acknowledgement_altered_by_one_character_is_refused(now: datetime, at: int) -> None:
    candidate = acknowledgement_candidate(now, "EXAMPLE#12345678", ALICE, (), private_link=False)
    text = list(candidate.draft.text)
    text[at] = "?"
    altered = replace(candidate, draft=replace(candidate.draft, text="".join(text)))
    with pytest.raises(RefusedError, match="fixed words"):
        clear(actor=HANDLER, now=now, candidates=[altered])
    assert nothing_is_there()


def test_an_acknowledgement_with_a_subject_of_its_own_is_refused(now: datetime) -> None:
    candidate = acknowledgement_candidate(now, "EXAMPLE#12345678", ALICE, (), private_link=False)
    altered = replace(candidate, draft=replace(candidate.draft, subject="EXAMPLE#12345678 Buy now"))
    with pytest.raises(RefusedError, match="fixed words"):
        clear(actor=WORKER, now=now, candidates=[altered])
    assert nothing_is_there()


def test_what_is_cleared_is_made_from_what_was_judged(now: datetime) -> None:
    candidate = candidate_of(now)
    altered = replace(candidate, draft=replace(candidate.draft, text="Other words"))
    assert b"Other words" in altered.content
    with pytest.raises(ValueError, match="content"):
        replace(candidate, content=b"Subject: smuggled\r\n\r\n")


def test_a_clearance_of_other_words_puts_nothing_into_the_outbox(now: datetime) -> None:
    from deeds import outgoing

    other, one = outgoing(now), outgoing(now)
    with pytest.raises(NotClearedError, match="cleared"):
        enqueue(actor=HANDLER, now=now, letters=[replace(one, clearance=other.clearance)])
    assert nothing_is_there()
