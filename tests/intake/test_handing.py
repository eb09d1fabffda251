"""What a page hands over: durable before anybody is told so, and the codes to come back with in the same commit."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from madoguchi.audit.queries import entries_about
from madoguchi.incidents.codes import is_receipt, is_token
from madoguchi.incidents.models import Correspondence, Handle
from madoguchi.incidents.opening import code_key
from madoguchi.intake import handing
from madoguchi.intake.accepting import envelope_json, raw_of
from madoguchi.intake.actions import Handed, accept_addition, accept_form
from madoguchi.intake.models import Arrival
from madoguchi.vault.queries import open_unit

pytestmark = [pytest.mark.store, pytest.mark.django_db]

HOUR = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def hand_in(now: datetime, *pieces: bytes, anonymous: bool = False) -> Handed:
    return accept_form(now=now, raw=iter(pieces or (b"one ", b"two")), language="ja", anonymous=anonymous)


def blobs_in(home: Path) -> set[Path]:
    return {one for one in (home / "blobs").rglob("*") if one.is_file()}


def test_a_form_is_kept_byte_for_byte_and_has_its_reference_at_once(now: datetime) -> None:
    handed = hand_in(now, b"Subject: x\r\n", b"\r\n", b"text")
    [arrival] = Arrival.objects.all()
    thread = Correspondence.objects.get(reference=handed.reference)
    assert raw_of(arrival) == b"Subject: x\r\n\r\ntext"
    assert (arrival.door, arrival.size, arrival.due_at) == ("web", 18, now)
    assert arrival.correspondence == thread.id == handed.correspondence
    assert [one.verb for one in entries_about(arrival.id)] == ["accepted"]
    assert [one.verb for one in entries_about(thread.id)] == ["opened"]


def test_its_codes_are_well_formed_and_stored_as_keyed_hashes_alone(now: datetime) -> None:
    handed = hand_in(now)
    assert is_receipt(handed.receipt)
    assert is_token(handed.link)
    kept = {bytes(row.key): row.kind for row in Handle.objects.filter(correspondence=handed.correspondence)}
    assert kept == {code_key("receipt", handed.receipt): "receipt", code_key("link", handed.link): "link"}
    assert handed.receipt not in repr(handed)
    assert handed.link not in repr(handed)


def test_a_large_one_is_streamed_into_a_blob_and_never_held_whole(now: datetime, settings: Any) -> None:
    piece, many = b"x" * 65536, 512

    def pieces() -> Iterator[bytes]:
        for _ in range(many):
            yield bytes(piece)

    handed = accept_form(now=now, raw=pieces(), language="en", anonymous=False)
    [arrival] = Arrival.objects.filter(correspondence=handed.correspondence)
    assert arrival.raw is None
    assert arrival.size == many * len(piece) > settings.OPTIONS.blob_bytes
    assert raw_of(arrival) == piece * many


def test_an_anonymous_ones_time_is_known_to_the_hour_and_no_closer(now: datetime) -> None:
    handed = hand_in(now, anonymous=True)
    [arrival] = Arrival.objects.all()
    thread = Correspondence.objects.get(pk=handed.correspondence)
    assert thread.anonymous
    assert {arrival.received_at, arrival.due_at, thread.opened_at} == {HOUR}
    assert {one.at for one in entries_about(arrival.id)} == {HOUR}
    moments = {int(id_.hex[:12], 16) for id_ in (arrival.id, arrival.data_key, thread.id)}
    assert moments == {int(HOUR.timestamp() * 1000)}
    assert set(Handle.objects.values_list("made_at", flat=True)) == {HOUR}
    envelope = json.loads(envelope_json(arrival, open_unit(arrival.data_key)))
    assert (envelope["peer"], envelope["options"]) == (None, ["language=ja", "anonymous"])


def test_where_the_store_is_away_nobody_is_given_a_receipt(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(handing, "keep", away)
    with pytest.raises(OperationalError):
        hand_in(now)
    assert not Arrival.objects.exists()
    assert not Correspondence.objects.exists()
    assert not Handle.objects.exists()


def test_where_the_sender_breaks_off_nothing_is_kept(now: datetime, settings: Any) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (settings.OPTIONS.blob_bytes + 1)
        raise ConnectionResetError

    before = blobs_in(settings.HOME)
    with pytest.raises(ConnectionResetError):
        accept_form(now=now, raw=broken(), language="en", anonymous=False)
    assert not Arrival.objects.exists()
    assert blobs_in(settings.HOME) == before


def test_an_addition_names_its_thread(now: datetime) -> None:
    handed = hand_in(now)
    added = accept_addition(now=now, raw=[b"more"], correspondence=handed.correspondence, anonymous=False)
    assert Arrival.objects.get(pk=added).correspondence == handed.correspondence
    assert Correspondence.objects.count() == 1
