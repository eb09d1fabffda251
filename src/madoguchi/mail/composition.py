"""Making the bytes of a letter: what is cleared, and the few fields that transport adds around it.

*Cleared content*: Subject, From, To, Cc, Reply-To and the MIME entity, as bytes; a clearance holds their hash.
*Transport fields*: a fixed list, each with a fixed grammar, so that nothing else can ride along.
"""

import hashlib
import re
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime, quote
from functools import lru_cache
from itertools import takewhile

MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>", re.ASCII)
AUTO_SUBMITTED = frozenset({"", "no", "auto-generated", "auto-replied"})
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
ATOMS = re.compile(rf"{_ATOM}(?: {_ATOM})*")
MOST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its brackets
# Atoms and dots in any order: Japanese carriers gave out addresses such as a..b.@, which RFC 5322 has no form for.
# Nothing that a reader could take for an encoded word (RFC 2047).
DOTTED = re.compile(r"(?!.*=\?)[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)
LINE, LONGEST_LINE = 76, 900
"""Characters of a header line (RFC 2047, section 2), and bytes of a line of text that needs no encoding."""


class CompositionError(Exception):
    """The letter could not be put together: a field is not in its grammar. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter as it is meant: whom it is from and to, its subject and plain text."""

    sender_name: str
    sender: str
    to: str
    subject: str
    text: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class Transport:
    """What transport adds. `in_reply_to` and `references` that are no message ids are left out by `transport_for`."""

    message_id: str
    envelope_from: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    auto_submitted: str = ""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def cleared_content(draft: Draft) -> bytes:
    """The bytes that are cleared: header fields and a text/plain entity in UTF-8. Raises CompositionError.

    Written field by field with the standard library's encoders: its EmailMessage parses every field that it is
    given, which cost a fifth of all work on a report.
    """
    try:
        return _head(draft).encode("ascii") + _entity(draft.text)
    except UnicodeError as wrong:
        raise CompositionError(CompositionError.__doc__) from wrong


def published_content(draft: Draft) -> bytes:
    """As `cleared_content`, for a letter that stands on a page: it is addressed to nobody and can't be mailed."""
    head = f"Subject: {_words('Subject', draft.subject)}\r\n{_address_field('From', draft.sender_name, draft.sender)}"
    try:
        return head.encode("ascii") + _entity(draft.text)
    except UnicodeError as wrong:
        raise CompositionError(CompositionError.__doc__) from wrong


def _head(draft: Draft) -> str:
    return (
        f"Subject: {_words('Subject', draft.subject)}\r\n"
        f"{_address_field('From', draft.sender_name, draft.sender)}"
        f"{_address_field('To', '', draft.to)}"
        f"{_address_field('Reply-To', draft.sender_name, draft.reply_to)}"
    )


def _entity(text: str) -> bytes:
    """7bit where it can be, so that letters stay readable raw; base64 for Japanese, which any program reads."""
    lines = text.encode().splitlines()
    body = b"".join(line + b"\r\n" for line in lines)
    seven_bit = body.isascii() and max(map(len, lines), default=0) < LONGEST_LINE
    if not seven_bit:
        body = encodebytes(body).replace(b"\n", b"\r\n")
    encoding = b"7bit" if seven_bit else b"base64"
    return (
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: " + encoding + b"\r\nMIME-Version: 1.0\r\n\r\n" + body
    )


def _words(field: str, text: str) -> str:
    """A field of free text: plain words up to the first that ASCII can not say, then encoded words (RFC 2047)."""
    words = text.split()
    plain = list(takewhile(_is_plain, words))
    header = Header(header_name=field, maxlinelen=LINE)
    header.append(" ".join(plain), "us-ascii")
    if len(plain) < len(words):
        header.append(" ".join(words[len(plain) :]), "utf-8")
    return header.encode(linesep="\r\n")


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isprintable() and "=?" not in word


def _address_field(field: str, name: str, address: str) -> str:
    spec = _spec(address)
    if not name:
        return f"{field}: {spec}\r\n"
    phrase = _phrase(" ".join(name.split()))
    space = " " if len(field) + len(phrase) + len(spec) + 5 <= LINE else "\r\n "
    return f"{field}: {phrase}{space}<{spec}>\r\n"


@lru_cache(maxsize=64)
def _phrase(name: str) -> str:
    """A display name (RFC 5322, 3.4): as it is, quoted, or in encoded words."""
    if not all(map(_is_plain, name.split(" "))):
        return Header(name, "utf-8", header_name="Reply-To", maxlinelen=LINE).encode(linesep="\r\n")
    return name if ATOMS.fullmatch(name) else f'"{quote(name)}"'


def can_be_written_to(address: str) -> bool:
    """Whether a letter's To field can hold the address; whether anybody reads it there is another matter."""
    try:
        _spec(address)
    except CompositionError:
        return False
    return address.rpartition("@")[0] != ""


def _spec(address: str) -> str:
    """The address as a field holds it, and no other: what would have to be changed to fit there is refused."""
    local, _, domain = address.rpartition("@")
    try:
        whole = f"{local}@{_ascii_domain(domain)}"
        if len(whole) <= MOST_ADDRESS and DOTTED.fullmatch(whole):
            return whole
        spec = Address(addr_spec=whole).addr_spec
    except (
        ValueError,
        LookupError,
        AttributeError,
        MessageError,
    ) as wrong:  # all of them, for hostile addresses
        raise CompositionError(CompositionError.__doc__) from wrong
    if spec != whole or len(whole) > MOST_ADDRESS or not spec.isprintable():
        raise CompositionError(CompositionError.__doc__)
    return spec


def _ascii_domain(domain: str) -> str:
    """The A-labels of an internationalised domain, where they stand for this very name (RFC 5891); or ValueError."""
    if domain.isascii():
        return domain
    written = domain.encode("idna")
    if written.decode("idna") != domain.lower():
        raise ValueError("a name that IDNA 2003 takes for another")
    return written.decode("ascii")


def content_hash(content: bytes) -> bytes:
    """SHA-256 of cleared content; each holds an unguessable reply address, so the hash tells nobody what it says."""
    return hashlib.sha256(content).digest()


def assemble(content: bytes, transport: Transport, sent_at: datetime) -> bytes:
    """The whole message: transport's fields before the cleared bytes. Raises CompositionError."""
    fields = [
        ("Date", format_datetime(sent_at)),
        ("Message-ID", _message_id(transport.message_id)),
    ]
    if transport.in_reply_to:
        fields.append(("In-Reply-To", _message_id(transport.in_reply_to)))
    if transport.references:
        fields.append(("References", "\r\n ".join(_message_id(one) for one in transport.references)))
    if transport.auto_submitted not in AUTO_SUBMITTED:
        raise CompositionError(CompositionError.__doc__)
    if transport.auto_submitted:
        fields.append(("Auto-Submitted", transport.auto_submitted))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return head.encode("ascii") + content


def sound_ids(candidates: Sequence[str], most: int) -> tuple[str, ...]:
    """Those of a hostile mail's message ids that are in our grammar, the last `most`."""
    return tuple(one for one in candidates if MESSAGE_ID.fullmatch(one))[-most:]


def _message_id(value: str) -> str:
    if not MESSAGE_ID.fullmatch(value):
        raise CompositionError(CompositionError.__doc__)
    return value
