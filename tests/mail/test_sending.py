"""From the outbox to the relay: every state a letter can be in, walked with real rows."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import ProtectedError

from madoguchi.audit.queries import entries_about
from madoguchi.lib.keyring import KeyringError
from madoguchi.lib.verbs import verb
from madoguchi.mail import sending as module
from madoguchi.mail.actions import Sender, look_after_forgotten, send_again
from madoguchi.mail.models import Clearance, Letter
from madoguchi.mail.policy import DOMAIN_PER_MINUTE, WAITS, Refused, Unsure
from madoguchi.mail.queries import letter_backlog
from madoguchi.mail.sending import LAST_START, LEASE, claim
from madoguchi.mail.transport import transport_for
from madoguchi.vault.models import DataKey
from mail.outbox import (
    ALICE,
    HANDLER,
    Clock,
    Relay,
    Walk,
    acknowledgement,
    answer,
    message_id,
    opened,
    resealed,
    sending,
    state,
    write,
)

pytestmark = [pytest.mark.store, pytest.mark.django_db]

SECOND = timedelta(seconds=1)
LATER = Refused("450 later", temporary=True, code=450)
NEVER = Refused("550 no such user", temporary=False, code=550)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now + SECOND)


# --- The ends of a try -------------------------------------------------------------------------------------


def test_a_letter_that_is_taken_is_sent_and_stays_so(now: datetime, clock: Clock) -> None:
    walk, relay = Walk(answer(now)), Relay()
    assert sending(relay, clock) == 1
    letter = walk.now("sent")
    assert (letter.due_at, letter.lease_until, letter.claim, letter.last_error) == (None, None, None, "")
    clock.forward(timedelta(days=1))
    assert sending(relay, clock) == 0
    assert not send_again(actor=HANDLER, now=clock.now, letter_id=letter.id)
    assert len(relay.taken) == 1
    assert [entry.verb for entry in entries_about(letter.id)] == ["queued", "sent"]


def test_a_letter_carries_its_envelope_its_clearance_and_its_message_id(now: datetime, clock: Clock) -> None:
    person, automatic = answer(now), acknowledgement(now, "bob@site.example")
    relay = Relay()
    sending(relay, clock)
    sending(relay, clock)
    (first_from, first_to, first), (second_from, second_to, second) = relay.taken
    assert (first_to, second_to) == ([ALICE], ["bob@site.example"])
    assert first_from.startswith("report+")
    assert second_from == ""
    assert first.endswith(opened(person, "content"))
    assert second.endswith(opened(automatic, "content"))
    assert relay.message_ids == [message_id(person), message_id(automatic)]
    assert message_from_bytes(first)["Auto-Submitted"] is None
    assert message_from_bytes(second)["Auto-Submitted"] == "auto-replied"


def test_a_letter_refused_for_now_waits_for_its_next_try_and_then_goes(now: datetime, clock: Clock) -> None:
    walk, relay = Walk(answer(now)), Relay(LATER, OSError("no route"), None)
    for tries, wait in ((1, WAITS[0]), (2, WAITS[1])):
        assert sending(relay, clock) == 1
        letter = walk.now("deferred")
        assert letter.due_at is not None
        assert clock.now + wait <= letter.due_at <= clock.now + wait * 1.2
        assert (letter.tries, letter.lease_until) == (tries, None)
        clock.now = letter.due_at - SECOND
        assert sending(relay, clock) == 0
        clock.now = letter.due_at
    assert letter_backlog().troubled
    sending(relay, clock)
    assert walk.now("sent").last_error == ""
    assert not letter_backlog().troubled
    assert set(relay.message_ids) == {message_id(walk.letter)}


def test_a_letter_refused_for_good_has_failed_until_a_person_sends_it_again(
    now: datetime, clock: Clock
) -> None:
    walk, relay = Walk(answer(now)), Relay(NEVER)
    sending(relay, clock)
    letter = walk.now("failed")
    assert (letter.reply_code, letter.due_at) == (550, None)
    assert letter.last_error == "madoguchi.mail.policy.Refused"
    clock.forward(timedelta(days=9))
    assert sending(relay, clock) == 0
    assert send_again(actor=HANDLER, now=clock.now, letter_id=letter.id)
    walk.now("queued")
    sending(relay, clock)
    walk.now("sent")


def test_a_letter_is_given_up_after_the_last_wait(now: datetime, clock: Clock) -> None:
    letter = answer(now)
    write(letter=letter, tries=len(WAITS))
    sending(Relay(LATER), clock)
    assert state(letter) == "failed"


def test_an_operator_need_not_wait_for_the_next_try(now: datetime, clock: Clock) -> None:
    walk, relay = Walk(answer(now)), Relay(LATER)
    sending(relay, clock)
    walk.now("deferred")
    assert send_again(actor=HANDLER, now=clock.now, letter_id=walk.letter)
    walk.now("queued")
    sending(relay, clock)
    walk.now("sent")


def test_an_automatic_letter_without_an_answer_goes_again_by_itself_with_the_same_message_id(
    now: datetime, clock: Clock
) -> None:
    walk, relay = Walk(acknowledgement(now)), Relay(Unsure("no answer"))
    sending(relay, clock)
    letter = walk.now("queued")
    assert sending(relay, clock) == 0
    clock.forward(WAITS[0] * 2)
    sending(relay, clock)
    walk.now("sent")
    assert relay.message_ids == [message_id(letter.id)]


def test_what_a_sender_could_not_note_is_noted_when_the_store_is_back(
    now: datetime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk, relay = Walk(answer(now)), Relay()
    sender, real = Sender(relay, lambda: clock.now), module.note

    def away(**_: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(module, "note", away)
    with pytest.raises(OperationalError):
        sender.send_due()
    walk.now("sending")
    monkeypatch.setattr(module, "note", real)
    assert sender.send_due() == 0
    letter = walk.now("sent")
    assert relay.message_ids == [message_id(letter.id)]


def test_a_person_s_letter_without_an_answer_is_unknown_and_goes_again_by_a_person_alone(
    now: datetime, clock: Clock
) -> None:
    walk, relay = Walk(answer(now)), Relay(Unsure("no answer"))
    sending(relay, clock)
    letter = walk.now("unknown")
    assert letter.due_at is None
    clock.forward(timedelta(days=9))
    assert sending(relay, clock) == 0
    assert send_again(actor=HANDLER, now=clock.now, letter_id=letter.id)
    walk.now("queued")
    sending(relay, clock)
    walk.now("sent")
    assert relay.message_ids == [message_id(letter.id)]


@pytest.mark.parametrize("error", [ValueError("secret"), RuntimeError("secret"), UnicodeError("secret")])
def test_a_letter_that_breaks_its_sender_fails_alone(now: datetime, clock: Clock, error: Exception) -> None:
    first, second = acknowledgement(now, "a@x.example"), acknowledgement(now, "b@y.example")
    assert sending(Relay(error), clock) == 2
    assert {state(first), state(second)} == {"failed", "sent"}
    assert Letter.objects.get(state="failed").last_error == type(error).__name__


# --- Workers that die, and slow relays ---------------------------------------------------------------------


def test_an_automatic_letter_of_a_dead_worker_goes_again_with_the_same_message_id(
    now: datetime, clock: Clock
) -> None:
    walk = Walk(acknowledgement(now))
    claim(now=clock.now, automatic=True, most=9)
    walk.now("sending")
    relay = Relay()
    clock.forward(LEASE)
    assert sending(relay, clock) == 0
    clock.forward(SECOND)
    assert sending(relay, clock) == 1
    assert walk.now("sent").last_error == ""
    assert relay.message_ids == [message_id(walk.letter)]
    assert [one.verb for one in entries_about(walk.letter)] == ["queued", "unknown", "sent"]


def test_a_person_s_letter_of_a_dead_worker_waits_for_a_person(now: datetime, clock: Clock) -> None:
    walk, relay = Walk(answer(now)), Relay()
    claim(now=clock.now, automatic=False, most=1)
    clock.forward(LEASE + SECOND)
    assert sending(relay, clock) == 0
    assert walk.now("unknown").last_error
    clock.forward(timedelta(days=9))
    assert sending(relay, clock) == 0
    assert send_again(actor=HANDLER, now=clock.now, letter_id=walk.letter)
    sending(relay, clock)
    walk.now("sent")
    assert relay.message_ids == [message_id(walk.letter)]


def test_a_lone_worker_looks_after_every_letter_under_way_at_its_start(now: datetime, clock: Clock) -> None:
    person, automatic = answer(now), acknowledgement(now)
    claim(now=clock.now, automatic=False, most=1)
    claim(now=clock.now, automatic=True, most=1)
    look_after_forgotten(now=clock.now)
    assert (state(person), state(automatic)) == ("sending", "sending")
    look_after_forgotten(now=clock.now, leases_ended=True)
    assert (state(person), state(automatic)) == ("unknown", "queued")


def test_what_a_slow_relay_leaves_of_a_batch_is_queued_again(now: datetime, clock: Clock) -> None:
    letters = [acknowledgement(now, f"{n}@d{n}.example") for n in range(5)]

    def slow() -> None:
        clock.forward(LAST_START + SECOND)

    relay = Relay(None, slow)
    assert sending(relay, clock) == 2
    assert Counter(state(one) for one in letters) == {"sent": 2, "queued": 3}
    assert Letter.objects.filter(state="queued", lease_until=None, claim=None, tries=0).count() == 3
    assert sending(relay, clock) == 3
    assert sorted(relay.message_ids) == sorted(message_id(one) for one in letters)


def test_a_worker_slower_than_its_lease_does_not_write_over_what_the_next_one_does(
    now: datetime, clock: Clock
) -> None:
    letter, late = acknowledgement(now), Relay()

    def outlived() -> None:
        clock.forward(LEASE + SECOND)
        look_after_forgotten(now=clock.now)
        claim(now=clock.now, automatic=True, most=1)
        raise LATER

    late.answers = [outlived]
    sending(late, clock)
    assert state(letter) == "sending"
    assert Letter.objects.get().lease_until == clock.now + LEASE


def test_a_slow_worker_s_letter_that_was_taken_after_all_is_no_longer_unknown(
    now: datetime, clock: Clock
) -> None:
    walk, relay = Walk(answer(now)), Relay()

    def outlived() -> None:
        clock.forward(LEASE + SECOND)
        look_after_forgotten(now=clock.now)
        walk.now("unknown")

    relay.answers = [outlived]
    sending(relay, clock)
    walk.now("sent")


def test_letters_seem_never_begun_where_the_keys_are_missing(
    now: datetime, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = answer(now)

    def missing() -> None:
        raise KeyringError

    with monkeypatch.context() as broken:
        broken.setattr(module, "wrapper", missing)
        with pytest.raises(KeyringError):
            sending(Relay(), clock)
    assert state(letter) == "queued"
    assert sending(Relay(), clock) == 1
    assert state(letter) == "sent"


# --- What is not as it was cleared -------------------------------------------------------------------------


@verb
def clear_otherwise(*, letter: UUID, **fields: object) -> None:
    Clearance.objects.filter(letter=letter).update(**fields)


@verb
def alter_key(*, letter: UUID, **fields: object) -> None:
    key = Letter.objects.values_list("data_key", flat=True).get(pk=letter)
    DataKey.objects.filter(pk=key).update(**fields)


def test_altered_content_never_leaves_even_when_it_was_sealed_with_our_keys(
    now: datetime, clock: Clock
) -> None:
    letter, relay = answer(now), Relay()
    resealed(letter, "content", opened(letter, "content") + b"P.S. And something else.\r\n")
    sending(relay, clock)
    assert (state(letter), relay.taken) == ("failed", [])
    assert Letter.objects.get().last_error.endswith("NotClearedError")


def test_altered_recipients_never_get_it(now: datetime, clock: Clock) -> None:
    relay = Relay()
    for recipients in (["mallory@evil.example"], [ALICE, "mallory@evil.example"], [], [ALICE, ALICE]):
        letter = answer(now)
        resealed(letter, "recipients", json.dumps(recipients).encode())
        sending(relay, clock)
        assert state(letter) == "failed", recipients
    assert relay.taken == []


@pytest.mark.parametrize("field", ["content_hash", "recipients_key"])
def test_an_altered_clearance_lets_nothing_out(now: datetime, clock: Clock, field: str) -> None:
    letter, relay = answer(now), Relay()
    clear_otherwise(letter=letter, **{field: bytes(32 if field == "content_hash" else 16)})
    sending(relay, clock)
    assert (state(letter), relay.taken) == ("failed", [])


@pytest.mark.parametrize("field", ["content", "recipients", "transport"])
def test_bytes_altered_in_the_database_never_leave(now: datetime, clock: Clock, field: str) -> None:
    letter, relay = answer(now), Relay()
    row = bytearray(getattr(Letter.objects.get(), field))
    row[-1] ^= 1
    write(letter=letter, **{field: bytes(row)})
    sending(relay, clock)
    assert (state(letter), relay.taken) == ("failed", [])


@pytest.mark.parametrize(
    "transport",
    [
        {"message_id": "<a@b>\r\nBcc: mallory@evil.example"},
        {"auto_submitted": "no\r\nX-Smuggled: yes"},
        {"references": ["<a@b>", "nonsense"]},
        {"unheard_of": "x"},
    ],
)
def test_transport_fields_outside_their_grammar_never_leave(
    now: datetime, clock: Clock, transport: dict[str, object]
) -> None:
    letter, relay = answer(now), Relay()
    fields = json.loads(opened(letter, "transport")) | transport
    resealed(letter, "transport", json.dumps(fields).encode())
    sending(relay, clock)
    assert (state(letter), relay.taken) == ("failed", [])


@pytest.mark.parametrize(
    ("spoilt", "error"),
    [
        ({"wrapped": bytes(60)}, "NotOpenedError"),
        ({"wrapped": None, "shredded_at": datetime(2026, 1, 1, tzinfo=UTC)}, "ShreddedError"),
        ({"kek": "gone"}, "KeyringError"),
    ],
    ids=["damaged", "shredded", "of an unknown wrap key"],
)
def test_a_letter_whose_key_does_not_open_fails_alone(
    now: datetime, clock: Clock, spoilt: dict[str, object], error: str
) -> None:
    first, second = acknowledgement(now, "a@x.example"), acknowledgement(now, "b@y.example")
    alter_key(letter=first, **spoilt)
    assert sending(Relay(), clock) == 2
    assert (state(first), state(second)) == ("failed", "sent")
    assert Letter.objects.get(pk=first).last_error.endswith(error)


def test_a_letter_without_a_clearance_can_not_be(now: datetime) -> None:
    letter = answer(now)
    with pytest.raises(IntegrityError), transaction.atomic():
        write(letter=letter, clearance=None)
    with pytest.raises(IntegrityError):
        _point_to_no_clearance(letter)


def _point_to_no_clearance(letter: UUID) -> None:
    with transaction.atomic():
        write(letter=letter, clearance_id=letter)
        connection.check_constraints()


def test_one_clearance_lets_one_letter_out(now: datetime) -> None:
    first, second = answer(now), answer(now)
    with pytest.raises(IntegrityError), transaction.atomic():
        write(letter=second, clearance_id=Letter.objects.get(pk=first).clearance_id)


def test_a_clearance_does_not_go_while_its_letter_is_there(now: datetime) -> None:
    answer(now)

    @verb
    def remove() -> None:
        Clearance.objects.all().delete()

    with pytest.raises(ProtectedError):
        remove()


# --- Pace --------------------------------------------------------------------------------------------------


def test_one_domain_gets_sixty_letters_a_minute_and_stands_in_nobody_s_way(
    now: datetime, clock: Clock
) -> None:
    for n in range(DOMAIN_PER_MINUTE + 50):
        acknowledgement(now, f"{n}@large.example")
    other = acknowledgement(now + timedelta(milliseconds=1), "bob@small.example")
    relay = Relay()
    for _ in range(6):
        sending(relay, clock)
    assert state(other) == "sent"
    assert len(relay.taken) == DOMAIN_PER_MINUTE + 1
    for _ in range(3):
        clock.forward(timedelta(seconds=31))
        for _ in range(3):
            sending(relay, clock)
    assert Letter.objects.exclude(state="sent").count() == 0


def test_letters_of_persons_go_before_automatic_ones_and_one_at_a_time(now: datetime, clock: Clock) -> None:
    automatic = [acknowledgement(now, f"{n}@d{n}.example") for n in range(3)]
    persons = [answer(now, f"{n}@e{n}.example") for n in range(2)]
    relay = Relay()
    assert [sending(relay, clock) for _ in range(4)] == [1, 1, 3, 0]
    assert relay.message_ids[:2] == [message_id(one) for one in persons]
    assert sorted(relay.message_ids[2:]) == sorted(message_id(one) for one in automatic)


# --- A real relay ------------------------------------------------------------------------------------------


class Sink:
    """An SMTP server that keeps what it takes, and refuses whom it is told to."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("later"):
            return "450 4.2.1 later"
        if address.startswith("never"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        self.taken.append(envelope)
        return "250 taken"


@pytest.fixture
def server() -> Iterator[tuple[Sink, int]]:
    sink, loop = Sink(), asyncio.new_event_loop()
    controller = Controller(sink, hostname="127.0.0.1", port=0, loop=loop)
    controller.port = _free_port()
    controller.start()
    yield sink, controller.port
    controller.stop()
    loop.close()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_over_real_smtp_each_letter_ends_as_the_server_says(
    now: datetime, clock: Clock, server: tuple[Sink, int]
) -> None:
    sink, port = server
    names = ("alice", "later", "never")
    letters = {name: acknowledgement(now, f"{name}@{name}.example") for name in names}
    sender = Sender(transport_for(f"smtp://127.0.0.1:{port}?tls=never"), clock)
    assert sender.send_due() == 3
    sender.close()
    assert {name: state(one) for name, one in letters.items()} == {
        "alice": "sent",
        "later": "deferred",
        "never": "failed",
    }
    [envelope] = sink.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("<>", ["alice@alice.example"])
    assert isinstance(envelope.content, bytes)
    assert envelope.content.endswith(opened(letters["alice"], "content"))


def test_no_relay_there_defers_every_letter(now: datetime, clock: Clock) -> None:
    letter = acknowledgement(now)
    sender = Sender(transport_for("smtp://127.0.0.1:1?tls=never"), clock)
    assert sender.send_due() == 1
    assert state(letter) == "deferred"
