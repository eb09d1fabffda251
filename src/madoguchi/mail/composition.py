"""Making the bytes of a letter: what is cleared, and the few fields that transport adds around it.

*Cleared content*: Subject, From, To, Cc, Reply-To and the MIME entity, as bytes; a clearance holds their hash.
*Transport fields*: a fixed list, each with a fixed grammar, so that nothing else can ride along.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>", re.ASCII)
MOST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its brackets
# Atoms and dots in any order: Japanese carriers gave out addresses such as a..b.@, which RFC 5322 has no form for.
# Nothing that a reader could take for an encoded word (RFC 2047).
_DOTTED = re.compile(r"(?!.*=\?)[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)
AUTO_SUBMITTED = frozenset({"", "no", "auto-generated", "auto-replied"})
# utf8=False: what a header can't say in ASCII becomes encoded words, which every mail program reads.
_POLICY = SMTP.clone(max_line_length=76)


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
    """The bytes that are cleared: header fields and a text/plain entity in UTF-8. Raises CompositionError."""
    try:
        return _message(draft).as_bytes()
    except UnicodeError as wrong:
        raise CompositionError(CompositionError.__doc__) from wrong


def _message(draft: Draft) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = _one_line(draft.subject)
    message["From"] = _address(draft.sender_name, draft.sender)
    message["To"] = _address("", draft.to)
    message["Reply-To"] = _address(draft.sender_name, draft.reply_to)
    message.set_content(draft.text, charset="utf-8", cte=_encoding(draft.text))
    return message


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


def _address(name: str, address: str) -> Address:
    """The address for a header field, and no other: what would have to be changed to fit there is refused."""
    local, _, domain = address.rpartition("@")
    try:
        whole = f"{local}@{_ascii_domain(domain)}"
        if len(whole) > MOST_ADDRESS:
            raise CompositionError(CompositionError.__doc__)
        if _DOTTED.fullmatch(whole):
            made = Address(_one_line(name), *whole.split("@"))
        else:
            made = Address(_one_line(name), addr_spec=whole)
    except (
        ValueError,
        LookupError,
        AttributeError,
        MessageError,
    ) as wrong:  # all of them, for hostile addresses
        raise CompositionError(CompositionError.__doc__) from wrong
    if made.addr_spec != whole:
        raise CompositionError(CompositionError.__doc__)
    return made


def _ascii_domain(domain: str) -> str:
    """The A-labels of an internationalised domain, where they stand for this very name (RFC 5891); raises ValueError."""
    if domain.isascii():
        return domain
    written = domain.encode("idna")
    if written.decode("idna") != domain.lower():
        raise ValueError("a name that IDNA 2003 takes for another")
    return written.decode("ascii")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _encoding(text: str) -> str:
    """7bit where it can be, so that letters stay readable raw; base64 for Japanese, which any program reads."""
    return "7bit" if text.isascii() and max(map(len, text.splitlines()), default=0) < 900 else "base64"
