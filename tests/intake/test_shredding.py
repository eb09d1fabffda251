"""Shredding a report: nothing that came in or went out for it can be read again, and a stone remains."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from deeds import HANDLER
from incidents.forms import WITH_CONTACT, add, hand_in, reported, understand, visiting
from incidents.mails import incoming, mail
from madoguchi.audit.models import Entry
from madoguchi.incidents import actions as incidents
from madoguchi.incidents.actions import ShreddedBeforeError, UnknownReportError, what_would_go
from madoguchi.incidents.models import Acknowledgement, Handle, Item, Message, Provider, Report, Step
from madoguchi.incidents.reading import SHREDDED
from madoguchi.intake import actions as intake
from madoguchi.intake.models import Arrival
from madoguchi.intake.queries import blobs_named, find_draft, original
from madoguchi.mail.models import Letter, Revocation
from madoguchi.mail.queries import sent_letters
from madoguchi.vault.models import DataKey
from madoguchi.vault.queries import ShreddedError, open_units
from madoguchi.vault.shredded_list import list_file, listed

pytestmark = [pytest.mark.store, pytest.mark.usefixtures("committed", "fresh_keys")]


def came(now: datetime, raw: bytes) -> Report:
    """A report by mail, understood and acknowledged."""
    before = set(Report.objects.values_list("pk", flat=True))
    intake.store([incoming(raw, now)])
    understand(now)
    return Report.objects.exclude(pk__in=before).get()


def shredded(now: datetime, report: Report) -> incidents.Shredded:
    return intake.shred_all_of(actor=HANDLER, now=now, reference=report.correspondence.reference)


def test_nothing_of_a_shredded_report_opens_and_nothing_finds_it(now: datetime) -> None:
    one = came(now, mail())
    letters = list(Letter.objects.values_list("pk", flat=True))
    assert len(letters) == 1
    gone = shredded(now, one)
    assert (len(gone.arrivals), gone.letters, gone.person) == (1, 1, True)
    assert open_units(DataKey.objects.values_list("pk", flat=True)) == {}
    for arrival in gone.arrivals:
        with pytest.raises(ShreddedError):
            original(arrival)
    assert sent_letters(letters) == {}
    assert not Handle.objects.exists()
    assert not Item.objects.exclude(lookup=None).exists()
    assert not Message.objects.exclude(fingerprint=None).exists()
    assert not Acknowledgement.objects.exclude(address_key=bytes(16)).exists()
    again = came(now + timedelta(hours=1), mail("Another", message_id="<2@reporter.example>"))
    assert again.provider_id != one.provider_id


def test_a_stone_remains_with_its_counts_and_its_entries(now: datetime) -> None:
    one = came(now, mail())
    entries, items = set(Entry.objects.values_list("pk", flat=True)), Item.objects.count()
    gone = shredded(now, one)
    assert set(Entry.objects.values_list("pk", flat=True)) > entries
    told = Entry.objects.filter(verb="shredded").values_list("object_kind", flat=True)
    assert sorted(told) == ["arrival", "letter", "person", "report"]
    assert (Report.objects.count(), Item.objects.count(), gone.items) == (1, items, items)
    assert [step.kind for step in Step.objects.order_by("pk")][-1] == "shredded"
    page = incidents.open_report(actor=HANDLER, now=now, report_id=one.id)
    assert (page.provider_name, list(page.items)) == (SHREDDED, [])
    assert page.report.waiting_since is None


def test_a_person_who_gave_something_else_too_stays(now: datetime) -> None:
    one = came(now, mail())
    other = came(now + timedelta(hours=1), mail("More", message_id="<2@reporter.example>"))
    assert not shredded(now, one).person
    assert set(open_units([other.data_key, Provider.objects.get().data_key])) == {
        other.data_key,
        Provider.objects.get().data_key,
    }
    assert shredded(now, other).person
    assert open_units([Provider.objects.get().data_key]) == {}


def test_what_has_not_left_yet_does_not_leave(now: datetime) -> None:
    one = came(now, mail())
    shredded(now, one)
    assert Revocation.objects.count() == Letter.objects.count() == 1


def test_files_that_were_handed_over_are_removed(now: datetime, settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    one = came(now, mail("x" * 400_000))
    [blob] = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    shredded(now, one)
    assert not blob.exists()
    assert list(blobs_named()) == []
    assert Arrival.objects.get().size > 400_000


def test_an_addition_that_is_not_understood_yet_goes_too(now: datetime) -> None:
    handed, one = reported(now, WITH_CONTACT)
    add(now, visiting(handed))
    assert Arrival.objects.filter(handled_at=None).count() == 1
    shredded(now, one)
    assert not Arrival.objects.filter(handled_at=None).exists()
    understand(now + timedelta(hours=1))
    assert Report.objects.count() == 1


def test_other_reports_and_drafts_are_left_alone(now: datetime) -> None:
    one, (_, other) = (
        came(now, mail()),
        reported(now + timedelta(hours=1), WITH_CONTACT | {"address": "bob@x.example"}),
    )
    hand_in(now)
    token = intake.begin_draft(now=now, notice="1")
    shredded(now, one)
    assert open_units([other.data_key, other.provider.data_key]).keys() == {
        other.data_key,
        other.provider.data_key,
    }
    assert Handle.objects.filter(correspondence=other.correspondence_id).exists()
    assert find_draft(token, now) is not None


def test_it_is_said_beforehand_what_would_go_and_nothing_goes(now: datetime) -> None:
    one = came(now, mail())
    told = what_would_go(one.correspondence.reference)
    assert (told.report, len(told.arrivals), told.letters, told.person) == (one.pk, 1, 1, True)
    assert DataKey.objects.filter(wrapped=None).count() == 0


def test_an_unknown_or_shredded_report_is_refused(now: datetime) -> None:
    one = came(now, mail())
    with pytest.raises(UnknownReportError):
        intake.shred_all_of(actor=HANDLER, now=now, reference="EXAMPLE#00000000")
    shredded(now, one)
    before = Entry.objects.count()
    with pytest.raises(ShreddedBeforeError):
        shredded(now, one)
    assert Entry.objects.count() == before


def test_the_list_beside_the_keyring_names_every_key_that_went(now: datetime, settings: Any) -> None:
    one = came(now, mail())
    keys = set(DataKey.objects.values_list("pk", flat=True))
    shredded(now, one)
    assert keys <= listed(list_file(settings.KEYRING))


def test_sqlite_keeps_no_wrapped_key_in_database_or_log(now: datetime, store: str) -> None:
    one = came(now, mail())
    wrapped = [bytes(key) for key in DataKey.objects.values_list("wrapped", flat=True) if key]
    assert len(wrapped) == 4
    shredded(now, one)
    assert not DataKey.objects.exclude(wrapped=None).exists()
    if store == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        assert file.with_name(file.name + "-wal").stat().st_size == 0
        assert not [key for key in wrapped if key in file.read_bytes()]


def test_the_stone_s_ids_are_not_those_of_its_keys(now: datetime) -> None:
    one = came(now, mail())
    shredded(now, one)
    ids = {UUID(entry) for entry in Entry.objects.filter(verb="shredded").values_list("object_id", flat=True)}
    assert not ids & set(DataKey.objects.values_list("pk", flat=True))
