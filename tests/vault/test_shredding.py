"""What was shredded is gone, says so, and takes no page with it: what remains is that it existed."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from deeds import HANDLER, report, submission
from madoguchi.audit.actions import WORKER
from madoguchi.incidents import actions as incidents
from madoguchi.incidents.models import Report
from madoguchi.incidents.queries import page_of
from madoguchi.incidents.reading import SHREDDED
from madoguchi.lib.verbs import verb
from madoguchi.mail.models import Letter
from madoguchi.mail.queries import sent_letters
from madoguchi.vault.actions import NotOpenedError, Place, keep, new_unit
from madoguchi.vault.actions import shred as destroy
from madoguchi.vault.models import DataKey
from madoguchi.vault.queries import ShreddedError, open_unit, open_units

pytestmark = [pytest.mark.store, pytest.mark.django_db]

HERE = Place("a.label", UUID(int=1), "field")


@verb
def alter(*, key: UUID, **fields: object) -> None:
    DataKey.objects.filter(pk=key).update(**fields)


def shred(key: UUID, now: datetime) -> None:
    alter(key=key, wrapped=None, shredded_at=now)


@verb
def kept(*, now: datetime) -> tuple[UUID, bytes]:
    """A unit that is stored, and something that it sealed."""
    unit = new_unit("note", now)
    keep([unit])
    return unit.key.id, unit.key.seal(HERE, b"secret")


def test_a_unit_that_was_kept_opens_what_it_sealed(now: datetime) -> None:
    key, sealed = kept(now=now)
    assert open_unit(key).open(HERE, sealed) == b"secret"


def test_a_shredded_unit_says_so_and_is_left_out_of_many(now: datetime) -> None:
    gone, _ = kept(now=now)
    there, _ = kept(now=now)
    shred(gone, now)
    with pytest.raises(ShreddedError, match="on purpose"):
        open_unit(gone)
    assert set(open_units([gone, there, UUID(int=5)])) == {there}


@verb
def shredded(*, now: datetime, keys: list[UUID]) -> int:
    return destroy(keys, now=now)


def test_shredding_destroys_the_keys_that_are_named_and_no_other(now: datetime) -> None:
    (gone, _), (there, sealed) = kept(now=now), kept(now=now)
    assert shredded(now=now, keys=[gone, UUID(int=7)]) == 1
    with pytest.raises(ShreddedError):
        open_unit(gone)
    assert open_unit(there).open(HERE, sealed) == b"secret"
    later = now + timedelta(days=1)
    assert shredded(now=later, keys=[gone]) == 0
    assert DataKey.objects.get(pk=gone).shredded_at == now


@pytest.mark.parametrize(
    "half", [{"wrapped": None}, {"shredded_at": datetime.fromisoformat("2026-01-01T00:00:00Z")}]
)
def test_a_unit_is_wrapped_or_shredded_and_never_both_or_neither(
    now: datetime, half: dict[str, object]
) -> None:
    key, _ = kept(now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        alter(key=key, **half)


def test_a_wrapped_key_put_into_another_s_row_opens_nothing(now: datetime) -> None:
    one, _ = kept(now=now)
    other, _ = kept(now=now)
    alter(key=other, wrapped=DataKey.objects.get(pk=one).wrapped)
    with pytest.raises(NotOpenedError):
        open_unit(other)


# --- Pages -------------------------------------------------------------------------------------------------


def test_the_queue_still_lists_what_was_shredded(now: datetime) -> None:
    without_words, without_name = report(now), report(now + timedelta(seconds=1))
    shred(without_words.data_key, now)
    rows = incidents.open_rows(actor=HANDLER, now=now, reports=page_of("all").reports, view="all")
    found = {row.report.id: row for row in rows}
    assert found[without_words.id].subject == SHREDDED
    assert found[without_words.id].sender_address == "alice@reporter.example"
    assert found[without_name.id].subject == "A strange login"
    shred(without_name.provider.data_key, now)
    rows = incidents.open_rows(actor=HANDLER, now=now, reports=page_of("all").reports, view="all")
    assert {(row.sender_name, row.sender_address) for row in rows} == {(SHREDDED, SHREDDED)}
    assert {row.subject for row in rows} == {SHREDDED, "A strange login"}


def test_a_shredded_report_s_page_still_shows_what_happened(now: datetime) -> None:
    one = report(now)
    shred(one.data_key, now)
    shred(one.provider.data_key, now)
    page = incidents.open_report(actor=HANDLER, now=now, report_id=one.id)
    assert (page.provider_name, page.provider_address, list(page.items)) == (SHREDDED, SHREDDED, [])
    assert [step.kind for step in page.steps] == ["received"]
    assert len(page.messages) == 2


def test_nobody_is_answered_whose_address_was_shredded(now: datetime) -> None:
    one = report(now)
    shred(one.provider.data_key, now)
    with pytest.raises(ShreddedError):
        incidents.answer(actor=HANDLER, now=now, report_id=one.id, version=1, subject="", text="Hello")
    one.refresh_from_db()
    assert (one.version, one.waiting_since, Letter.objects.count()) == (1, now, 1)


def test_a_shredded_letter_is_left_out_where_letters_are_shown(now: datetime) -> None:
    report(now)
    letter = Letter.objects.get()
    assert set(sent_letters([letter.id])) == {letter.id}
    shred(letter.data_key, now)
    assert sent_letters([letter.id]) == {}


def test_a_reply_to_a_shredded_report_becomes_a_report_of_its_own(now: datetime) -> None:
    from dataclasses import replace

    from mail.outbox import message_id

    one = report(now)
    shred(one.data_key, now)
    given = submission(now, n=7)
    ours = message_id(Letter.objects.get().id)
    reply = replace(given, letter=replace(given.letter, in_reply_to=(ours,)))
    prepared = incidents.prepare(now=now, submissions=[reply])
    became = incidents.receive(actor=WORKER, now=now, prepared=prepared)[given.arrival]
    assert became.outcome == "report"
    assert Report.objects.count() == 2
