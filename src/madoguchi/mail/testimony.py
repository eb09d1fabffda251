"""What a mail server of ours wrote into a mail that it handed over: is it spam, and does its author's domain disown it.

Believed is only what stands as high as the server's own Authentication-Results do (`fields_of_relay`): below a Received
field of somebody else, and in mail that did not come from a trusted relay, anybody can write anything.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from madoguchi.mail.authentication import TrustedRelays, fields_of_relay, is_of, parse_results
from madoguchi.mail.conditions import Condition
from madoguchi.mail.dkim_check import LONGEST_HEADER, Header, header_of
from madoguchi.mail.reading.words import decode

RESULTS: Final = "authentication-results"
ARC_RESULTS: Final = "arc-authentication-results"
_INSTANCE: Final = re.compile(rb"\s*i\s*=\s*\d+\s*;\s*", re.IGNORECASE)  # RFC 8617, section 4.1.1
# The author's domain's wish stands in a comment or a property of the dmarc result; each program has a way of its own:
# OpenDMARC `(p=reject dis=none)`, rspamd `(policy=reject)`, others `policy.dmarc=reject`.
_POLICY: Final = re.compile(r"\b(?:p|policy(?:\.[a-z-]+)?)\s*=\s*(reject|quarantine|none)\b", re.IGNORECASE)
_DMARC: Final = re.compile(r";\s*dmarc\s*=\s*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class RelayTestimony:
    """What our relay said; each is "" where it said nothing.

    `spam`: the line of the centre's setting that a field of the relay fulfils. `dmarc`, `arc`: results in the words of
    RFC 8601. `policy`: what the author's domain wants done with what fails DMARC: "reject", "quarantine", "none".
    """

    spam: str = ""
    dmarc: str = ""
    policy: str = ""
    arc: str = ""


SILENCE: Final = RelayTestimony()


def head_of(raw: bytes) -> Header:
    """A mail's header fields without its body; none where the header is too large to be worth reading."""
    header = header_of(raw[: LONGEST_HEADER + 4])
    return header if header.bounded else Header(b"", b"", ())


def hear(
    header: Header, *, relayed: bool, trusted: TrustedRelays, marks: Sequence[Condition]
) -> RelayTestimony:
    """What a trusted relay wrote above the mail; silence where none handed it over.

    `relayed`: a trusted relay, or our own socket, spoke with us. `marks`: the fields by which it marks spam; of
    several fields of one name the topmost counts, since a relay writes above what it got.
    """
    if not relayed:
        return SILENCE
    fields = list(fields_of_relay(header, trusted))
    dmarc, policy = _dmarc(fields, trusted)
    return RelayTestimony(_spam(fields, marks), dmarc, policy, _arc(fields, trusted))


def _spam(fields: Sequence[tuple[str, bytes]], marks: Sequence[Condition]) -> str:
    topmost: dict[str, bytes] = {}
    for name, value in fields:
        topmost.setdefault(name, value)
    return next(
        (one.line for one in marks if one.what in topmost and one.holds([decode(topmost[one.what])])), ""
    )


def _dmarc(fields: Sequence[tuple[str, bytes]], trusted: TrustedRelays) -> tuple[str, str]:
    """The topmost result for DMARC, and the policy beside it."""
    for value in _results(fields, trusted):
        result = next((one for one in parse_results(value) or () if one.method.lower() == "dmarc"), None)
        if result is not None:
            beside = _DMARC.search(value.decode("utf-8", "replace"))
            named = _POLICY.search(beside[1]) if beside else None
            return result.result.lower(), named[1].lower() if named else ""
    return "", ""


def _arc(fields: Sequence[tuple[str, bytes]], trusted: TrustedRelays) -> str:
    """The topmost result for ARC (RFC 8617)."""
    found = (
        result.result.lower()
        for value in _results(fields, trusted)
        for result in parse_results(value) or ()
        if result.method.lower() == "arc"
    )
    return next(found, "")


def _results(fields: Sequence[tuple[str, bytes]], trusted: TrustedRelays) -> list[bytes]:
    """The values of the relay's own fields of results; those of ARC without their instance, so that they read alike."""
    values = [
        value if name == RESULTS else _INSTANCE.sub(b"", value, count=1)
        for name, value in fields
        if name in {RESULTS, ARC_RESULTS}
    ]
    return [value for value in values if is_of(value, trusted.authserv_id)]
