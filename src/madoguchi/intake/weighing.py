"""What speaks for a mail being no report: what our own relay wrote into it, and the centre's rules. Read from bytes."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_network

from django.conf import settings

from madoguchi.intake.incoming import Envelope
from madoguchi.mail.authentication import TrustedRelays
from madoguchi.mail.conditions import Condition, Fields, conditions, first_of
from madoguchi.mail.dkim_check import Header
from madoguchi.mail.letter import Letter
from madoguchi.mail.reading.words import decode
from madoguchi.mail.testimony import RelayTestimony, head_of, hear


def weigh(raw: bytes, envelope: Envelope, letter: Letter) -> tuple[RelayTestimony, str]:
    """What a trusted relay said of this mail, and the line of the centre's first rule that it fulfils, or ""."""
    options, header = settings.OPTIONS, head_of(raw)
    trusted = _relays(options.trusted_relays, options.authserv_id, options.received_above)
    said = hear(
        header,
        relayed=envelope.relayed or trusted.include(envelope.peer),
        trusted=trusted,
        marks=_read(options.spam_marks),
    )
    return said, first_of(_read(options.tray_rules), _fields(header, letter))


def _fields(header: Header, letter: Letter) -> Fields:
    def values(name: str) -> Sequence[str]:
        return [decode(value) for value in header.values(name)]

    return Fields([box.address for box in letter.from_], letter.subject, values)


@lru_cache(maxsize=4)
def _relays(networks: tuple[str, ...], authserv_id: str, received_above: int) -> TrustedRelays:
    return TrustedRelays(tuple(ip_network(one) for one in networks), authserv_id or None, received_above)


@lru_cache(maxsize=4)
def _read(lines: tuple[str, ...]) -> tuple[Condition, ...]:
    return conditions(lines)
