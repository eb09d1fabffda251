"""A withdrawal against a worker that sends: it comes before the claim and nothing leaves, or after it and is noted."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connections, transaction

from madoguchi.audit.queries import entries_about
from madoguchi.disclosure.actions import revoke
from madoguchi.lib.verbs import verb
from madoguchi.mail.actions import send_again
from madoguchi.mail.models import Letter, Revocation
from madoguchi.mail.policy import Refused, Unsure
from madoguchi.mail.sending import BATCH, claim
from mail.outbox import HANDLER, Clock, Relay, acknowledgement, answer, sending, state

pytestmark = [pytest.mark.store, pytest.mark.django_db]

SECOND = timedelta(seconds=1)
Write = Callable[[datetime], UUID]
either = pytest.mark.parametrize("write_letter", [answer, acknowledgement])


def withdraw(letter: UUID, now: datetime) -> None:
    clearance = Letter.objects.values_list("clearance_id", flat=True).get(pk=letter)
    revoke(actor=HANDLER, now=now, clearance_ids=[clearance])


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now + SECOND)


@either
def test_withdrawn_before_a_worker_takes_it_a_letter_never_leaves(
    now: datetime, clock: Clock, write_letter: Write
) -> None:
    letter, relay = write_letter(now), Relay()
    withdraw(letter, now)
    for _ in range(3):
        assert sending(relay, clock) == 0
    assert (state(letter), relay.taken) == ("cancelled", [])
    assert Letter.objects.get().due_at is None
    assert [one.verb for one in entries_about(letter)] == ["queued", "cancelled"]
    assert not send_again(actor=HANDLER, now=clock.now, letter_id=letter)


@either
def test_withdrawn_while_it_is_sent_a_letter_is_sent_and_the_withdrawal_is_noted(
    now: datetime, clock: Clock, write_letter: Write
) -> None:
    letter, relay = write_letter(now), Relay()
    relay.answers = [lambda: withdraw(letter, clock.now)]
    assert sending(relay, clock) == 1
    assert (state(letter), len(relay.taken)) == ("sent", 1)
    assert Revocation.objects.get().actor_id == HANDLER.id


@pytest.mark.parametrize(
    "trouble",
    [
        Refused("450", temporary=True, code=450),
        Refused("550", temporary=False, code=550),
        Unsure("no answer"),
    ],
    ids=["deferred", "failed", "unknown"],
)
def test_withdrawn_after_a_try_that_failed_it_never_leaves_again(
    now: datetime, clock: Clock, trouble: Exception
) -> None:
    letter, relay = answer(now), Relay(trouble)
    sending(relay, clock)
    withdraw(letter, clock.now)
    send_again(actor=HANDLER, now=clock.now, letter_id=letter)
    clock.forward(timedelta(days=1))
    sending(relay, clock)
    assert (state(letter), relay.taken) == ("cancelled", [])


def test_withdrawn_while_its_worker_is_dead_an_automatic_letter_does_not_go_again(
    now: datetime, clock: Clock
) -> None:
    letter, relay = acknowledgement(now), Relay()
    claim(now=clock.now, automatic=True, most=1)
    withdraw(letter, clock.now)
    assert state(letter) == "sending"
    clock.forward(timedelta(hours=1))
    sending(relay, clock)
    assert (state(letter), relay.taken) == ("cancelled", [])


def test_one_letter_of_a_batch_withdrawn_keeps_none_of_the_others_back(now: datetime, clock: Clock) -> None:
    letters = [acknowledgement(now, f"{n}@d{n}.example") for n in range(5)]
    withdraw(letters[2], now)
    assert sending(Relay(), clock) == 4
    assert [state(one) for one in letters] == ["sent", "sent", "cancelled", "sent", "sent"]


def test_withdrawing_twice_stays_the_first_withdrawal(now: datetime) -> None:
    letter = answer(now)
    withdraw(letter, now)
    withdraw(letter, now + SECOND)
    assert Revocation.objects.get().at == now


@pytest.mark.usefixtures("committed")
def test_a_withdrawal_under_way_already_holds_its_letter_and_no_other(
    now: datetime, clock: Clock, store: str
) -> None:
    if store == "sqlite":
        pytest.skip("SQLite has one writer: a claim waits for the withdrawal's end")
    letter, other, relay = answer(now), acknowledgement(now), Relay()
    with transaction.atomic():
        withdraw(letter, now)
        assert in_thread(lambda: sending(relay, clock)) == 1
    sending(relay, clock)
    assert (state(letter), state(other), len(relay.taken)) == ("cancelled", "sent", 1)


@pytest.mark.usefixtures("committed")
def test_a_withdrawal_waits_for_a_claim_under_way_and_finds_the_letter_being_sent(
    now: datetime, clock: Clock, store: str
) -> None:
    if store == "sqlite":
        pytest.skip("SQLite has one writer: each waits for the other's end by itself")
    letter = answer(now)
    found: list[str] = []

    def late() -> int:
        withdraw(letter, clock.now)
        found.append(state(letter))
        return 0

    thread = threading.Thread(target=lambda: run([late]))
    with transaction.atomic():
        claim(now=clock.now, automatic=False, most=1)
        thread.start()
        thread.join(0.5)
        assert (thread.is_alive(), found) == (True, [])
    thread.join()
    assert found == ["sending"]


@pytest.mark.usefixtures("committed")
def test_a_withdrawal_that_fails_holds_nothing_back(now: datetime, clock: Clock) -> None:
    letter, relay = answer(now), Relay()

    @verb
    def failing() -> None:
        withdraw(letter, now)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert in_thread(lambda: sending(relay, clock)) == 1
    assert state(letter) == "sent"


@pytest.mark.usefixtures("committed")
def test_withdrawals_and_workers_at_once_end_in_sent_or_cancelled_and_never_in_both(now: datetime) -> None:
    """Each letter's withdrawal is committed before a claim that sees it: what was taken is exactly what is sent."""
    letters = [acknowledgement(now, f"{n}@d{n}.example") for n in range(60)]
    relays = [Relay(), Relay()]
    start = threading.Barrier(3)
    withdrawn_unsent: set[UUID] = set()

    def send(relay: Relay) -> None:
        clock = Clock(now + SECOND)
        start.wait()
        while Letter.objects.filter(state__in=("queued", "sending")).exists():
            sending(relay, clock)

    def withdraw_all() -> None:
        start.wait()
        for letter in reversed(letters):
            withdraw(letter, now + SECOND)
            if state(letter) == "queued":
                withdrawn_unsent.add(letter)

    run([lambda: send(relays[0]), lambda: send(relays[1]), withdraw_all])
    states = {letter: state(letter) for letter in letters}
    assert set(states.values()) <= {"sent", "cancelled"}
    taken = [message for relay in relays for message in relay.message_ids]
    assert len(taken) == len(set(taken)) == list(states.values()).count("sent")
    # A letter that was still waiting when its withdrawal was committed did not leave.
    assert {states[letter] for letter in withdrawn_unsent} <= {"cancelled"}
    assert Revocation.objects.count() == len(letters)
    assert len(letters) > BATCH


def in_thread(deed: Callable[[], int]) -> int:
    found: list[int] = []
    run([lambda: found.append(deed())])
    return found[0]


def run(deeds: list[Callable[[], object]]) -> None:
    failures: list[BaseException] = []

    def guarded(deed: Callable[[], object]) -> None:
        try:
            deed()
        except BaseException as error:  # noqa: BLE001 -- raised again in the test's own thread
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=(deed,)) for deed in deeds]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if failures:
        raise failures[0]
