"""Sending what is due: claim, hand over to the relay, note the outcome.

The claim is one statement that reads the letter's state and the revocation of its clearance together: a withdrawal
comes before it and nothing leaves, or after it and finds the letter `sending`. Letters that a person wrote are
claimed one at a time, so that a crash leaves at most one of them `unknown`; automatic ones in batches.
"""

import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from django.db.models import Exists, OuterRef, Q

from madoguchi.audit.actions import WORKER, Actor, Deed, record
from madoguchi.lib.keyring import KeyringError
from madoguchi.lib.logs import error_class
from madoguchi.lib.verbs import verb
from madoguchi.mail import policy
from madoguchi.mail.clearances import recipients_key
from madoguchi.mail.composition import Transport, assemble, content_hash
from madoguchi.mail.models import Letter, Revocation, State
from madoguchi.mail.outbox import LABEL, NotClearedError
from madoguchi.vault.actions import NotOpenedError, Place, UnitKey, wrapper
from madoguchi.vault.queries import open_unit, open_units

log = logging.getLogger(__name__)

# A relay may take ten minutes to answer the final dot (RFC 5321, 4.5.3.2.6). No letter is begun unless that much of
# the lease is left, so that a living worker's letter is never taken for forgotten.
LEASE = timedelta(minutes=15)
LAST_START = timedelta(minutes=4)
BATCH = 40
STEP_ASIDE = timedelta(seconds=15)
WAITING = (State.QUEUED, State.DEFERRED)
_random = random.SystemRandom()


class Relay(Protocol):
    """What sending asks of a transport; see `transport`."""

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> object:
        """Hands one message over; raises Refused, Unsure or OSError."""

    def close(self) -> None:
        """Ends the connection."""


@dataclass(frozen=True, slots=True)
class _Result:
    """How one try ended."""

    letter: Letter
    outcome: policy.Outcome
    error: str = ""
    code: int | None = None


class Sender:
    """Sends due letters through one relay. `clock` gives the time; used by one thread."""

    def __init__(self, relay: Relay, clock: Callable[[], datetime]) -> None:
        self._relay = relay
        self._clock = clock
        # What this sender claimed and has not noted yet: kept where the store is away, and noted when it is back.
        self._results: list[_Result] = []
        self._left: list[Letter] = []

    def send_due(self) -> int:
        """One round: forgotten ones are looked after, then a batch is claimed, sent and noted. How many were tried."""
        self._note()
        now = self._clock()
        if Letter.objects.filter(state=State.SENDING, lease_until__lt=now).exists():
            look_after_forgotten(now=now)
        if not Letter.objects.filter(due_at__lte=now).exists():
            return 0
        self._left = _claim_person_or_batch(now)
        try:
            return self._send(until=now + LAST_START)
        finally:
            self._note()

    def _send(self, until: datetime) -> int:
        keys = _keys(self._left)
        while self._left and self._clock() <= until:
            self._results.append(self._try(self._left.pop(0), keys))
        return len(self._results)

    def _note(self) -> None:
        """Notes what became of the claimed letters; those that were not begun are queued again."""
        if self._results or self._left:
            note(now=self._clock(), results=self._results, not_tried=self._left)
            self._results, self._left = [], []

    def close(self) -> None:
        """Ends the relay's connection."""
        self._relay.close()

    def _try(self, letter: Letter, keys: Mapping[UUID, UnitKey]) -> _Result:
        try:
            key = keys.get(letter.data_key) or open_unit(letter.data_key)
            sender, recipients, message = _opened(letter, key, self._clock())
            self._relay.send(sender, recipients, message)
        except Exception as error:  # noqa: BLE001 -- whatever one letter raises is that letter's outcome, noted and shown
            outcome = policy.outcome(error)
            log.warning("Letter %s: %s (%s)", letter.id, outcome.state, error_class(error))
            return _Result(letter, outcome, error_class(error), getattr(error, "code", None))
        return _Result(letter, policy.Outcome("sent", ""))


def _keys(letters: Sequence[Letter]) -> Mapping[UUID, UnitKey]:
    """The letters' keys in one query; none where one is damaged, and then each is opened by itself."""
    wrapper()  # a keyring that can't be read stops the round; a key that it lacks stops one letter
    try:
        return open_units(letter.data_key for letter in letters)
    except (NotOpenedError, KeyringError):
        return {}


def _opened(letter: Letter, key: UnitKey, now: datetime) -> tuple[str, list[str], bytes]:
    """Envelope sender, recipients and message, after checking that this is what was cleared."""

    def opened(field: str, sealed: bytes | memoryview) -> str:
        return key.open_text(Place(LABEL, letter.id, field), bytes(sealed))

    content = key.open(Place(LABEL, letter.id, "content"), bytes(letter.content))
    recipients = [str(one) for one in json.loads(opened("recipients", letter.recipients))]
    fields = json.loads(opened("transport", letter.transport))
    transport = Transport(**(fields | {"references": tuple(fields["references"])}))
    clearance = letter.clearance
    if content_hash(content) != bytes(clearance.content_hash):
        raise NotClearedError(NotClearedError.__doc__)
    if recipients_key(recipients) != bytes(clearance.recipients_key):
        raise NotClearedError(NotClearedError.__doc__)
    return transport.envelope_from, recipients, assemble(content, transport, now)


def _claim_person_or_batch(now: datetime) -> list[Letter]:
    return claim(now=now, automatic=False, most=1) or claim(now=now, automatic=True, most=BATCH)


@verb
def claim(*, now: datetime, automatic: bool, most: int) -> list[Letter]:
    """Turns due letters from queued or deferred to sending, unless their clearance was revoked; those are cancelled."""
    rows = Letter.objects.filter(automatic=automatic, due_at__lte=now, state__in=WAITING)
    rows = rows.order_by("due_at").select_for_update(skip_locked=True)
    due = list(rows.only("id", "domain_key")[:most])
    found = _paced(due, now)
    # Those that wait for their domain step aside, else they would stand in everybody's way.
    held = [letter.id for letter in due if letter.id not in set(found)]
    Letter.objects.filter(pk__in=held).update(due_at=now + STEP_ASIDE)
    if not found:
        return []
    mine = Letter.objects.filter(pk__in=found, state__in=WAITING)
    revoked = Exists(Revocation.objects.filter(clearance=OuterRef("clearance")))
    claim_id = uuid4()
    mine.filter(~revoked).update(
        state=State.SENDING, state_at=now, due_at=None, lease_until=now + LEASE, claim=claim_id
    )
    cancelled = list(mine.filter(revoked).values_list("pk", flat=True))
    Letter.objects.filter(pk__in=cancelled).update(state=State.CANCELLED, state_at=now, due_at=None)
    if cancelled:
        record(actor=WORKER, now=now, deeds=[Deed("cancelled", "letter", one) for one in cancelled])
    return list(Letter.objects.filter(claim=claim_id).select_related("clearance").order_by("id"))


def _paced(letters: Sequence[Letter], now: datetime) -> list[UUID]:
    """Those that the per-domain pace lets go now; the others wait for the next round."""
    domains = {bytes(letter.domain_key) for letter in letters}
    recent = Letter.objects.filter(domain_key__in=domains, state_at__gt=now - timedelta(minutes=1))
    tried = recent.filter(state__in=(State.SENT, State.SENDING)).values_list("domain_key", flat=True)
    counts = Counter(bytes(key).hex() for key in tried)
    going = policy.pace(letters, lambda letter: [bytes(letter.domain_key).hex()], counts)
    return [letter.id for letter in going]


@verb
def note(*, now: datetime, results: Sequence[_Result], not_tried: Sequence[Letter] = ()) -> None:
    """Notes the outcomes of a batch, one update for all that were sent; what a slow relay left is queued again.

    A worker that was slower than its lease notes only what it sent: everything else is the next one's to say.
    """
    if not_tried:
        mine = Letter.objects.filter(pk__in=[one.id for one in not_tried], claim=not_tried[0].claim)
        mine.filter(state=State.SENDING).update(
            state=State.QUEUED, state_at=now, due_at=now, lease_until=None, claim=None
        )
    sent = [one.letter.id for one in results if one.outcome.state == "sent"]
    Letter.objects.filter(pk__in=sent, state__in=(State.SENDING, State.UNKNOWN)).update(
        state=State.SENT, state_at=now, lease_until=None, claim=None, last_error=""
    )
    for one in results:
        if one.outcome.state != "sent":
            _note_trouble(one, now)
    deeds = [Deed(one.outcome.state, "letter", one.letter.id) for one in results]
    record(actor=WORKER, now=now, deeds=deeds)


def _note_trouble(result: _Result, now: datetime) -> None:
    state: str = result.outcome.state
    tries = result.letter.tries + 1
    if state == State.UNKNOWN:
        state = policy.after_unknown(automatic=result.letter.automatic)
    again = state in {State.DEFERRED, State.QUEUED}
    due = policy.next_try(tries, now, _random) if again else None
    if again and due is None:
        state = State.FAILED
    Letter.objects.filter(pk=result.letter.id, state=State.SENDING, claim=result.letter.claim).update(
        state=state,
        state_at=now,
        due_at=due,
        lease_until=None,
        claim=None,
        tries=tries,
        last_error=result.error,
        reply_code=result.code,
    )


@verb
def look_after_forgotten(*, now: datetime, leases_ended: bool = False) -> None:
    """Letters in `sending` whose worker died become `unknown`; automatic ones are queued again at once.

    `leases_ended`: every lease counts as ended, for a lone worker at its start.
    """
    sending = Letter.objects.filter(state=State.SENDING)
    forgotten = sending if leases_ended else sending.filter(Q(lease_until__lt=now))
    ids = list(forgotten.values_list("pk", "automatic"))
    if not ids:
        return
    for pk, automatic in ids:
        after = policy.after_unknown(automatic=automatic)
        Letter.objects.filter(pk=pk, state=State.SENDING).update(
            state=after,
            state_at=now,
            due_at=now if after == "queued" else None,
            lease_until=None,
            claim=None,
            last_error="worker ended while sending",
        )
    record(actor=WORKER, now=now, deeds=[Deed("unknown", "letter", pk) for pk, _ in ids])


@verb
def send_again(*, actor: Actor, now: datetime, letter_id: UUID) -> bool:
    """Queues a failed, deferred or unknown letter again, with the same Message-ID; false where it is none of these."""
    stuck = Letter.objects.filter(pk=letter_id, state__in=(State.FAILED, State.UNKNOWN, State.DEFERRED))
    moved = stuck.update(state=State.QUEUED, state_at=now, due_at=now, tries=0, last_error="")
    if moved:
        record(actor=actor, now=now, deeds=[Deed("queued again", "letter", letter_id)])
    return bool(moved)
