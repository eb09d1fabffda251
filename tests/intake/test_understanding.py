"""Arrivals in batches: whatever one of them does to its worker, the others are received, and none is lost."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import OperationalError

from incidents.mails import ALICE, incoming, mail
from madoguchi.audit.actions import Actor
from madoguchi.audit.queries import entries_about
from madoguchi.incidents.models import Item, Repeat, Report
from madoguchi.intake import understanding
from madoguchi.intake.actions import Opened, accept, store, take_back_leases, understand_again, understand_due
from madoguchi.intake.incoming import Envelope, Incoming
from madoguchi.intake.models import Arrival
from madoguchi.intake.queries import arrival_backlog, original
from madoguchi.intake.understanding import LEASE, SUSPECT, WAITS
from madoguchi.lib.due import claim
from madoguchi.lib.verbs import verb
from madoguchi.vault.blobs import BlobMissingError
from madoguchi.vault.models import DataKey
from madoguchi.vault.queries import ShreddedError

pytestmark = [pytest.mark.store, pytest.mark.django_db]

SECOND = timedelta(seconds=1)
OPERATOR = Actor("staff", str(uuid4()))


def nobody(opened: Sequence[Opened]) -> list[str]:
    return [""] * len(opened)


def some(now: datetime, count: int) -> list[Incoming]:
    mails = [mail(f"{n}", message_id=f"<{n}@x.example>", subject=f"{n}") for n in range(count)]
    found = [incoming(raw, now) for raw in mails]
    store(found)
    return found


def handled() -> set[UUID]:
    return set(Arrival.objects.filter(handled_at__isnull=False).values_list("pk", flat=True))


def poison(monkeypatch: pytest.MonkeyPatch, subject: str, error: BaseException) -> None:
    """Receiving a mail with this subject raises, as a defect would."""
    from madoguchi.incidents import receiving

    real = receiving.items_of

    def failing(submission: understanding.Submission, *rest: object) -> list[Item]:
        if submission.letter.subject == subject:
            raise error
        return real(submission, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(receiving, "items_of", failing)


# --- What a worker leaves ----------------------------------------------------------------------------------


def test_what_a_dead_worker_had_taken_is_taken_again_when_its_lease_ends(now: datetime) -> None:
    [one] = some(now, 1)
    claim(model=Arrival, now=now, lease=LEASE, most=1)
    assert understand_due(now=now + LEASE, vouch=nobody) == 0
    assert understand_due(now=now + LEASE + SECOND, vouch=nobody) == 1
    assert handled() == {one.id}
    assert Report.objects.count() == 1


def test_a_lone_worker_does_not_wait_for_the_leases_of_a_dead_one(now: datetime) -> None:
    some(now, 3)
    claim(model=Arrival, now=now, lease=LEASE, most=2)
    assert take_back_leases() == 2
    assert understand_due(now=now + SECOND, vouch=nobody) == 3


def test_an_arrival_that_may_kill_its_worker_is_tried_alone(now: datetime) -> None:
    mails = some(now, 4)
    at = now
    for _ in range(SUSPECT):
        claim(model=Arrival, now=at, lease=LEASE, most=2)
        at += LEASE + SECOND
    groups: list[int] = []

    def watching(opened: Sequence[Opened]) -> list[str]:
        groups.append(len(opened))
        return nobody(opened)

    assert understand_due(now=at, vouch=watching) == 4
    assert groups == [2, 1, 1]
    assert handled() == {one.id for one in mails}


def test_a_worker_that_was_overtaken_changes_nothing(now: datetime) -> None:
    [one] = some(now, 1)

    def overtaken(opened: Sequence[Opened]) -> list[str]:
        understand_due(now=now + LEASE + SECOND, vouch=nobody)
        return nobody(opened)

    understand_due(now=now, vouch=overtaken)
    arrival = Arrival.objects.get()
    assert (arrival.outcome, arrival.id) == ("report", one.id)
    assert (Report.objects.count(), Repeat.objects.count()) == (1, 0)


def test_a_failure_that_comes_after_the_success_does_not_make_it_due_again(now: datetime) -> None:
    some(now, 1)

    def overtaken(_: Sequence[Opened]) -> list[str]:
        if not handled():
            understand_due(now=now + LEASE + SECOND, vouch=nobody)
        raise RuntimeError

    understand_due(now=now, vouch=overtaken)
    assert Arrival.objects.get().due_at is None


# --- One that fails ----------------------------------------------------------------------------------------


@verb
def alter(*, arrival: UUID, **fields: object) -> None:
    Arrival.objects.filter(pk=arrival).update(**fields)


@verb
def alter_key(*, arrival: UUID, **fields: object) -> None:
    key = Arrival.objects.values_list("data_key", flat=True).get(pk=arrival)
    DataKey.objects.filter(pk=key).update(**fields)


SPOILT: dict[str, tuple[Callable[[UUID, datetime], None], str]] = {
    "mail altered": (lambda one, _: alter(arrival=one, raw=b"\x01" + bytes(60)), "NotOpenedError"),
    "envelope altered": (lambda one, _: alter(arrival=one, envelope=b""), "NotOpenedError"),
    "key damaged": (lambda one, _: alter_key(arrival=one, wrapped=bytes(60)), "NotOpenedError"),
    "key shredded": (lambda one, now: alter_key(arrival=one, wrapped=None, shredded_at=now), "ShreddedError"),
    "wrap key unknown": (lambda one, _: alter_key(arrival=one, kek="gone"), "KeyringError"),
    "blob gone": (lambda one, _: alter(arrival=one, raw=None, blob=uuid4()), "BlobMissingError"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_an_arrival_that_does_not_open_waits_and_the_others_are_received(now: datetime, name: str) -> None:
    spoil, error = SPOILT[name]
    mails = some(now, 3)
    spoil(mails[1].id, now)
    assert understand_due(now=now, vouch=nobody) == 3
    assert handled() == {mails[0].id, mails[2].id}
    [waiting] = arrival_backlog().troubled
    assert waiting.id == mails[1].id
    assert waiting.last_error.endswith(error)


def test_a_mail_whose_sender_can_not_be_looked_up_waits_and_the_others_are_received(now: datetime) -> None:
    mails = some(now, 3)

    def failing(opened: Sequence[Opened]) -> list[str]:
        if any(one.letter.subject == "1" for one in opened):
            raise ValueError("a record that nobody foresaw")
        return nobody(opened)

    assert understand_due(now=now, vouch=failing) == 3
    assert handled() == {mails[0].id, mails[2].id}
    assert Arrival.objects.get(pk=mails[1].id).last_error == "ValueError"


def test_a_failing_arrival_is_tried_after_each_wait_and_then_waits_for_a_person(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    [one] = some(now, 1)
    with monkeypatch.context() as broken:
        poison(broken, "0", RuntimeError("secret"))
        at = now
        for wait in WAITS:
            assert understand_due(now=at, vouch=nobody) == 1
            arrival = Arrival.objects.get()
            assert (arrival.last_error, arrival.lease_until) == ("RuntimeError", None)
            assert arrival.due_at is not None
            assert at + wait <= arrival.due_at <= at + wait * 1.2
            assert understand_due(now=arrival.due_at - SECOND, vouch=nobody) == 0
            at = arrival.due_at
        assert understand_due(now=at, vouch=nobody) == 1
    assert Arrival.objects.get().due_at is None
    assert understand_due(now=at + timedelta(days=30), vouch=nobody) == 0
    assert [row.id for row in arrival_backlog().troubled] == [one.id]
    assert understand_again(actor=OPERATOR, now=at, arrival=one.id)
    assert understand_due(now=at, vouch=nobody) == 1
    assert handled() == {one.id}
    assert list(arrival_backlog().troubled) == []
    assert not understand_again(actor=OPERATOR, now=at, arrival=one.id)
    assert [entry.verb for entry in entries_about(one.id)] == ["accepted", "ran again"]


# --- What comes in is what is kept -------------------------------------------------------------------------


@pytest.mark.parametrize("more", [-1, 0, 1, 200_000])
def test_a_mail_around_the_size_of_a_blob_is_kept_byte_for_byte(now: datetime, more: int) -> None:
    size = settings.OPTIONS.blob_bytes + more
    raw = mail("x" * 60 + "\r\n").ljust(size, b"\x80")
    one = accept(now=now, envelope=Envelope(door="smtp", mail_from=ALICE), raw=raw)
    arrival = Arrival.objects.get()
    assert (arrival.blob is None, arrival.raw is not None) == (more <= 0, more <= 0)
    assert original(one.id) == raw
    assert understand_due(now=now, vouch=nobody) == 1
    assert handled() == {one.id}


def test_a_lost_blob_is_missed_with_a_sentence(now: datetime) -> None:
    raw = mail().ljust(settings.OPTIONS.blob_bytes + 1, b" ")
    one = accept(now=now, envelope=Envelope(door="smtp"), raw=raw)
    blob = Arrival.objects.get().blob
    assert blob is not None
    Path(settings.HOME / "blobs" / blob.hex[-2:] / blob.hex).unlink()
    with pytest.raises(BlobMissingError, match="backup"):
        original(one.id)


def test_a_shredded_arrival_says_that_it_was_destroyed_on_purpose(now: datetime) -> None:
    [one] = some(now, 1)
    alter_key(arrival=one.id, wrapped=None, shredded_at=now)
    with pytest.raises(ShreddedError, match="on purpose"):
        original(one.id)


HOSTILE = [
    "älice@reporter.example",
    "例え@例え.example",
    "alice@例え.example",
    '"a b"@reporter.example',
    '"@"@reporter.example',
    "alice@",
    "@",
    "alice",
    "alice@[",
    "alice@x..y",
    "a@b@c@reporter.example",
    "(c)alice@reporter.example",
    "x" * 5000 + "@reporter.example",
    "alice@" + "x" * 5000,
    "alice@reporter.example\r\nBcc: mallory@evil.example",
    "alice@reporter.example\0",
    "alice@repor\udc80ter.example",
    "\ud800@reporter.example",
    "<alice@reporter.example>",
    "alice@reporter.example,mallory@evil.example",
    " ",
    "İ@reporter.example",
]


def test_no_envelope_sender_however_hostile_keeps_its_mail_or_another_from_becoming_a_report(
    now: datetime,
) -> None:
    mails = [
        incoming(mail(f"{n}", message_id=f"<{n}@x.example>"), now, sender=sender)
        for n, sender in enumerate(HOSTILE)
    ]
    store(mails)
    assert understand_due(now=now, vouch=nobody) == len(HOSTILE)
    assert Arrival.objects.exclude(last_error="").count() == 0
    assert set(Arrival.objects.values_list("outcome", flat=True)) == {"report"}
    assert Report.objects.count() == len(HOSTILE)


def test_a_worker_gives_back_what_it_could_not_finish_while_the_store_was_away(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails, held = some(now, 3), list[UUID]()

    def away(*_: object) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as broken:
        broken.setattr("madoguchi.intake.understanding._understand", away)
        with pytest.raises(OperationalError):
            understand_due(now=now, vouch=nobody, held=held)
    assert set(held) == {one.id for one in mails}
    assert understand_due(now=now + SECOND, vouch=nobody) == 0
    assert understand_due(now=now + SECOND, vouch=nobody, held=held) == 3
    assert handled() == {one.id for one in mails}
    assert held == []
