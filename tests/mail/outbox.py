"""Letters of the cast in a real outbox, and relays that answer exactly as a test says."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes
from itertools import pairwise
from uuid import UUID, uuid4

from madoguchi.audit.actions import Actor
from madoguchi.disclosure.actions import clear
from madoguchi.incidents.outgoing import acknowledgement_candidate, answer_candidate
from madoguchi.lib.verbs import verb
from madoguchi.mail.models import Letter
from madoguchi.mail.outbox import LABEL
from madoguchi.mail.policy import may_move
from madoguchi.mail.sending import Sender
from madoguchi.vault.actions import Place
from madoguchi.vault.queries import open_unit

HANDLER = Actor("staff", str(uuid4()))
ALICE = "alice@reporter.example"
REFERENCE = "EXAMPLE#12345678"


class Relay:
    """Takes every letter, but for the answers that a test has put down, one after the other."""

    def __init__(self, *answers: BaseException | Callable[[], None] | None) -> None:
        self.answers = list(answers)
        self.taken: list[tuple[str, list[str], bytes]] = []

    def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> object:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        if answer is not None:
            answer()
        self.taken.append((envelope_from, list(recipients), content))
        return "250 taken"

    def close(self) -> None:
        """Nothing is open."""

    @property
    def message_ids(self) -> list[str]:
        return [message_from_bytes(content)["Message-ID"] for _, _, content in self.taken]


class Clock:
    """Says the time that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


def sending(relay: Relay, clock: Clock) -> int:
    """One round of a worker."""
    return Sender(relay, clock).send_due()


def acknowledgement(now: datetime, to: str = ALICE) -> UUID:
    candidate = acknowledgement_candidate(now, REFERENCE, to, (), private_link=True)
    clear(actor=HANDLER, now=now, candidates=[candidate])
    return candidate.id


def answer(now: datetime, to: str = ALICE, text: str = "We look into it.") -> UUID:
    """A letter that a person wrote."""
    candidate = answer_candidate(now, REFERENCE, to=to, contact=to, subject="", text=text, thread=())
    clear(actor=HANDLER, now=now, candidates=[candidate])
    return candidate.id


def state(letter: UUID) -> str:
    return str(Letter.objects.get(pk=letter).state)


@verb
def write(*, letter: UUID, **fields: object) -> None:
    """What somebody with the database in their hands does to a letter's row."""
    Letter.objects.filter(pk=letter).update(**fields)


def opened(letter: UUID, field: str) -> bytes:
    row = Letter.objects.get(pk=letter)
    return open_unit(row.data_key).open(Place(LABEL, row.id, field), bytes(getattr(row, field)))


def resealed(letter: UUID, field: str, plain: bytes) -> None:
    """What somebody with database and keys does to it."""
    row = Letter.objects.get(pk=letter)
    write(letter=letter, **{field: open_unit(row.data_key).seal(Place(LABEL, row.id, field), plain)})


def message_id(letter: UUID) -> str:
    return str(json.loads(opened(letter, "transport"))["message_id"])


class Walk:
    """Follows one letter from state to state and insists that the table of moves knows each step."""

    def __init__(self, letter: UUID) -> None:
        self.letter = letter
        self.states = [state(letter)]

    def now(self, expected: str) -> Letter:
        found = state(self.letter)
        steps = [
            self.states[-1],
            *(["sending"] if found not in {"queued", "cancelled", "sending"} else []),
            found,
        ]
        direct = may_move(self.states[-1], found)  # type: ignore[arg-type]
        through = all(may_move(one, other) for one, other in pairwise(steps))  # type: ignore[arg-type]
        assert found == self.states[-1] or direct or through, (self.states, found)
        assert found == expected
        self.states.append(found)
        return Letter.objects.get(pk=self.letter)
