"""Checks the DKIM signatures of a mail (RFC 6376, RFC 8301) with dkimpy, within bounds.

dkimpy trusts the mail's size and shape in a few places; everything that a sender could blow up is bounded
here first: signatures, their length, header fields, white space in the body, the key record.
"""

import logging
import re
from dataclasses import dataclass
from typing import Any, Final

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from madoguchi.mail.lookup import Lookup, NoAnswerError

MOST_SIGNATURES: Final = 5
LONGEST_SIGNATURE: Final = 4_096
LONGEST_HEADER: Final = 131_072
MOST_FIELDS: Final = 500
LONGEST_KEY_RECORD: Final = 1_024  # RSA of 4096 bits, the most that verifiers must take, has 750

# dkimpy writes field values into its log; ours holds nothing from a mail.
_SILENT: Final = logging.Logger("dkim", logging.CRITICAL + 1)  # noqa: LOG001 — out of reach of any handler

# What dkimpy's own ASN.1 reader and arithmetic raise on keys and signatures that are none.
_BROKEN: Final = (ValueError, ArithmeticError, LookupError, TypeError, AssertionError, InvalidTagValueList)


class _NoKeyError(Exception):
    """There is no such key."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header section of a mail, as far as it has to be known here."""

    section: bytes  # with its last line end, without the empty line
    body: bytes
    fields: tuple[tuple[str, bytes], ...]  # name in lower case, and the value unfolded

    def values(self, name: str) -> list[bytes]:
        """Give the values of all fields of this name (in lower case), the topmost first."""
        return [value for field, value in self.fields if field == name]

    @property
    def bounded(self) -> bool:
        """Whether the header is of a size that is worth checking."""
        return len(self.section) <= LONGEST_HEADER and len(self.fields) <= MOST_FIELDS


_EMPTY_LINE: Final = re.compile(rb"\r?\n\r?\n")
_FIELD: Final = re.compile(rb"^([!-9;-~]+)[ \t]*:((?:[^\n]*\n[ \t])*[^\n]*)", re.MULTILINE)
_FOLD: Final = re.compile(rb"\r?\n(?=[ \t])")

_RAISED: Final[tuple[tuple[type[Exception], str], ...]] = (
    (NoAnswerError, "temperror"),
    (dkim.ValidationError, "fail"),  # the body's hash is another
    (dkim.NaClNotFoundError, "neutral"),  # Ed25519 (RFC 8463), where its library is not installed
    (dkim.KeyFormatError, "policy"),  # the key is too small
)


def header_of(raw: bytes) -> Header:
    """Split a mail into header section and body, and the section into fields."""
    end = _EMPTY_LINE.search(raw)
    section, body = (raw[: end.start()] + b"\r\n", raw[end.end() :]) if end else (raw, b"")
    if len(section) > LONGEST_HEADER:
        return Header(section, body, ())
    fields = tuple(
        (match[1].decode("ascii").lower(), _FOLD.sub(b"", match[2]).strip())
        for match in _FIELD.finditer(section)
    )
    return Header(section, body, fields)


def check_dkim(header: Header, lookup: Lookup) -> tuple[tuple[str, str], ...]:
    """Check the topmost signatures; give (signing domain, result) for each, none for an unsigned mail.

    The results are the words of RFC 8601, section 2.7.1; "policy" is a signature that is right and still
    proves too little: SHA-1, a key below 1024 bits, a domain in testing mode, or a body signed in part.
    """
    if "dkim-signature" not in {name for name, _ in header.fields}:
        return ()
    try:
        verifier = dkim.DKIM(header.section + b"\r\n", logger=_SILENT)
    except dkim.DKIMException:
        return (("", "permerror"),)
    count = min(len(header.values("dkim-signature")), MOST_SIGNATURES)
    body = _without_empty_end(re.sub(rb"\r?\n", b"\r\n", header.body))
    return tuple(_check_one(verifier, index, body, lookup) for index in range(count))


def _check_one(verifier: Any, index: int, body: bytes, lookup: Lookup) -> tuple[str, str]:
    signatures = [value for name, value in verifier.headers if name.lower() == b"dkim-signature"]
    if index >= len(signatures) or len(signatures[index]) > LONGEST_SIGNATURE:
        return "", "permerror"
    try:
        verifier.verify_headerprep(index)
    except (dkim.DKIMException, *_BROKEN):
        return "", "permerror"
    domain = verifier.domain.decode("ascii", "replace").lower()
    if b"from" not in verifier.include_headers:  # RFC 6376, section 6.1.1
        return domain, "permerror"
    return domain, _verify(verifier, index, body, lookup)


def _verify(verifier: Any, index: int, body: bytes, lookup: Lookup) -> str:
    signature: dict[bytes, bytes] = verifier.signature_fields
    relaxed = signature.get(b"c", b"").lower().endswith(b"/relaxed")
    verifier.body = _relaxed(body) if relaxed else body
    records: list[bytes] = []

    def key_record(name: bytes, timeout: float) -> bytes:  # noqa: ARG001 — dkimpy's signature; ours is in Lookup
        records.extend(_key_records(name, lookup))
        if not records:
            raise _NoKeyError
        return records[0]

    try:
        right = verifier.verify(index, dnsfunc=key_record)
    except (NoAnswerError, _NoKeyError, dkim.DKIMException, *_BROKEN) as error:
        return next((result for kind, result in _RAISED if isinstance(error, kind)), "permerror")
    if not right:
        return "fail"
    weak = signature[b"a"].lower().endswith(b"sha1") or b"l" in signature or _is_testing(records[0])
    return "policy" if weak else "pass"


def _key_records(name: bytes, lookup: Lookup) -> list[bytes]:
    try:
        found = lookup.texts(name.decode("utf-8"), longest=LONGEST_KEY_RECORD)
    except UnicodeDecodeError:
        return []
    return [record for record in found if b"p=" in record.replace(b" ", b"")]


def _is_testing(record: bytes) -> bool:
    """Whether the key says t=y: such mail counts as unsigned (RFC 6376, section 3.6.1)."""
    return b"y" in [flag.strip() for flag in parse_tag_value(record).get(b"t", b"").split(b":")]


def _relaxed(body: bytes) -> bytes:
    """Canonicalise the body as "relaxed" does (RFC 6376, section 3.4.4), in linear time.

    dkimpy does it again and finds nothing left to do; by itself it needs quadratic time on long white space.
    """
    return _without_empty_end(re.sub(rb"[\t ]+", b" ", body).replace(b" \r\n", b"\r\n"))


def _without_empty_end(body: bytes) -> bytes:
    """Drop the empty lines at the end, which neither canonicalisation counts; dkimpy does it one by one."""
    kept = body.rstrip(b"\r\n")
    ending = body[len(kept) :]
    return kept + b"\r\n" if ending and ending.count(b"\r\n") * 2 == len(ending) else body
