"""Understanding arrivals: read, authenticated, given to the domain, in batches where one bad mail harms no other."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, UUIDField, Value, When

from madoguchi.audit.actions import WORKER
from madoguchi.incidents.actions import WEB, Became, Prepared, Submission, prepare, receive
from madoguchi.intake.accepting import envelope_json, raw_of
from madoguchi.intake.incoming import ADDITION, ANONYMOUS, Envelope
from madoguchi.intake.models import Arrival
from madoguchi.intake.pipe import UNKNOWN_SENDER
from madoguchi.intake.weighing import weigh
from madoguchi.lib.backoff import next_after
from madoguchi.lib.due import claim, give_back, waiting
from madoguchi.lib.keyring import KeyringError
from madoguchi.lib.logs import error_class
from madoguchi.lib.verbs import verb
from madoguchi.mail.forms import submitted
from madoguchi.mail.letter import Letter
from madoguchi.mail.reading import content_fingerprint_material, read
from madoguchi.vault.actions import NotOpenedError, UnitKey, blind_index, wrapper
from madoguchi.vault.queries import open_unit, open_units

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
BATCH = 50
# An arrival that was claimed this often without an outcome may kill its worker: it is tried alone.
SUSPECT = 2
# Then it waits for a person, on the page of what failed.
WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360))
_random = random.SystemRandom()


class OvertakenError(Exception):
    """Another worker understood some of these arrivals in the meantime; the others are taken one by one."""


class NoFormError(Exception):
    """The web door took this in, but no form of ours can be read in it. Tell the developers; it is kept."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An arrival in clear, in memory only."""

    arrival: Arrival
    raw: bytes
    envelope: Envelope
    letter: Letter


Vouch = Callable[[Sequence[Opened]], Sequence[str]]
"""Who vouches for each mail's sender: "dkim", "spf", "relay", "demo", or "" for nobody. Takes a batch at once."""


@dataclass(frozen=True, slots=True)
class _Failure:
    arrival: Arrival
    error: BaseException


def understand_due(*, now: datetime, vouch: Vouch, most: int = BATCH, held: list[UUID] | None = None) -> int:
    """Claims due arrivals and receives them. Gives how many were claimed.

    `held`: a list that a worker keeps from round to round; what it claimed and could not finish, since the store was
    away, stands there and is given back first.
    """
    held = [] if held is None else held
    if held:
        give_back(model=Arrival, keys=held)
        held.clear()
    if not waiting(Arrival, now).exists():
        return 0
    keys = claim(model=Arrival, now=now, lease=LEASE, most=most)
    held += keys
    arrivals = list(Arrival.objects.filter(pk__in=keys).order_by("id"))
    suspects = [one for one in arrivals if one.tries > SUSPECT]
    for group in ([one for one in arrivals if one.tries <= SUSPECT], *([one] for one in suspects)):
        _understand(group, vouch, now)
    held.clear()
    return len(arrivals)


def _understand(arrivals: Sequence[Arrival], vouch: Vouch, now: datetime) -> None:
    prepared, failures = _prepare(arrivals, vouch)
    # What was added to a report comes after it, also where both carry the same hour.
    failures += _receive(sorted(prepared, key=lambda one: one[1].addition), now)
    for failure in failures:
        log.error(
            "Arrival %s waits: %s", failure.arrival.id, error_class(failure.error), exc_info=failure.error
        )
    if failures:
        note_failures(now=now, failures=failures)


def _prepare(
    arrivals: Sequence[Arrival], vouch: Vouch
) -> tuple[list[tuple[Arrival, Submission]], list[_Failure]]:
    """Opens, reads and authenticates each, outside of any transaction."""
    units = _units(arrivals)
    opened, failures = list[Opened](), list[_Failure]()
    for arrival in arrivals:
        try:
            opened.append(_opened(arrival, units.get(arrival.data_key) or open_unit(arrival.data_key)))
        except Exception as error:  # noqa: BLE001 -- what one mail raises is noted at that mail; it stays, sealed
            failures.append(_Failure(arrival, error))
    submissions, unvouched = _submissions(opened, vouch)
    return submissions, failures + unvouched


def _units(arrivals: Sequence[Arrival]) -> Mapping[UUID, UnitKey]:
    """The keys in one query; none where one is damaged, and then each is opened by itself."""
    wrapper()  # a keyring that can't be read stops the round; a key that it lacks stops one mail
    try:
        return open_units(arrival.data_key for arrival in arrivals)
    except (NotOpenedError, KeyringError):
        return {}


def _submissions(
    opened: Sequence[Opened], vouch: Vouch
) -> tuple[list[tuple[Arrival, Submission]], list[_Failure]]:
    """All vouched for at once; where that fails, each by itself, so that the mail at fault is found."""
    try:
        mails = [one for one in opened if one.arrival.door != WEB]
        vouched = dict(zip((one.arrival.id for one in mails), vouch(mails), strict=True))
        return [(one.arrival, _submission(one, vouched.get(one.arrival.id, ""))) for one in opened], []
    except Exception as error:  # noqa: BLE001 -- as above
        if len(opened) == 1:
            return [], [_Failure(opened[0].arrival, error)]
    each = [_submissions([one], vouch) for one in opened]
    return [pair for pairs, _ in each for pair in pairs], [failure for _, found in each for failure in found]


def _opened(arrival: Arrival, key: UnitKey) -> Opened:
    raw = raw_of(arrival, key)
    return Opened(arrival, raw, Envelope.from_json(envelope_json(arrival, key)), read(raw))


def _submission(opened: Opened, vouched_by: str) -> Submission:
    if opened.arrival.door == WEB:
        return _from_page(opened)
    said, rule = weigh(opened.raw, opened.envelope, opened.letter)
    return Submission(
        arrival=opened.arrival.id,
        door=opened.arrival.door,
        received_at=opened.arrival.received_at,
        letter=opened.letter,
        envelope_from=_sender(opened.envelope, opened.letter),
        recipients=opened.envelope.rcpt_to,
        fingerprint=blind_index().key("same mail", b"".join(content_fingerprint_material(opened.raw))),
        authenticated_by=vouched_by,
        testimony=said,
        rule=rule,
    )


def _from_page(opened: Opened) -> Submission:
    """What a page of ours handed over: the only door whose form is believed. Raises NoFormError."""
    arrival, options = opened.arrival, opened.envelope.options
    form = submitted(opened.letter)
    if form is None:
        raise NoFormError(NoFormError.__doc__)
    return Submission(
        arrival=arrival.id,
        door=arrival.door,
        received_at=arrival.received_at,
        letter=opened.letter,
        envelope_from=form.address,
        recipients=(),
        # Two reporters may say the same, and each was given a reference: never a repeat.
        fingerprint=blind_index().key("same mail", arrival.id.bytes),
        correspondence=arrival.correspondence,
        form=form,
        anonymous=ANONYMOUS in options,
        addition=ADDITION in options,
    )


def _sender(envelope: Envelope, letter: Letter) -> str:
    """The reverse-path: as the envelope says; a pipe that named none left it in Return-Path, if anywhere."""
    if UNKNOWN_SENDER not in envelope.options:
        return envelope.mail_from
    if letter.return_path is not None:
        return letter.return_path.strip("<>")
    return next((box.address for box in letter.from_ if box.address), "")


def _receive(understood: Sequence[tuple[Arrival, Submission]], now: datetime) -> list[_Failure]:
    """All in one transaction; where that fails, each in its own."""
    if not understood:
        return []
    submissions = [submission for _, submission in understood]
    try:
        _receive_together(
            now=now, submissions=submissions, prepared=prepare(now=now, submissions=submissions)
        )
    except Exception as error:  # noqa: BLE001 -- found out one by one below
        if len(understood) == 1:
            return [_Failure(understood[0][0], error)]
        return [failure for one in understood for failure in _receive([one], now)]
    return []


@verb
def _receive_together(*, now: datetime, submissions: Sequence[Submission], prepared: Prepared) -> None:
    with transaction.atomic():
        rows = Arrival.objects.filter(pk__in=[one.arrival for one in submissions], handled_at__isnull=True)
        mine = set(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
        if len(mine) < len(submissions):
            # A worker that outlived its lease was overtaken; of a single arrival nothing is left to do then.
            if len(submissions) == 1:
                return
            raise OvertakenError(OvertakenError.__doc__)
        became = receive(actor=WORKER, now=now, prepared=prepared)
        coarse = {one.arrival for one in submissions if one.anonymous}
        _note_outcomes({key: one for key, one in became.items() if key not in coarse}, now)
        _note_outcomes({key: one for key, one in became.items() if key in coarse}, F("received_at"))


def _note_outcomes(became: Mapping[UUID, Became], now: "datetime | F") -> None:
    """One update for each kind of outcome; only what an arrival became differs from row to row."""
    by_outcome: dict[str, dict[UUID, UUID]] = {}
    for arrival, one in became.items():
        by_outcome.setdefault(one.outcome, {})[arrival] = one.id
    for outcome, rows in by_outcome.items():
        each = Case(
            *(When(pk=arrival, then=Value(row)) for arrival, row in rows.items()), output_field=UUIDField()
        )
        Arrival.objects.filter(pk__in=rows).update(
            outcome=outcome, became=each, handled_at=now, due_at=None, lease_until=None
        )


@verb
def note_failures(*, now: datetime, failures: Sequence[_Failure]) -> None:
    """Puts off what failed; after the last wait it is no longer due by itself and a person runs it again."""
    for failure in failures:
        tries = failure.arrival.tries
        due = next_after(WAITS, tries=tries, now=now, random=_random) if tries else now
        Arrival.objects.filter(pk=failure.arrival.id, handled_at__isnull=True).update(
            due_at=due, lease_until=None, last_error=error_class(failure.error)
        )
