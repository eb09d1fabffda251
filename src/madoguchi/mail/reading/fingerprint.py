"""What stays the same when an MTA sends the same mail again after a lost 250.

Hashed with a key by whoever keeps it. Never the Message-ID alone: it is the sender's to choose.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from madoguchi.mail.reading import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

# Fields that relays and filters add on the way or change between two attempts (RFC 5321, 4.4; RFC 8601;
# RFC 8617).
TRACE = frozenset(
    ("return-path", "received", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-envelope-from",
     "x-rcpt-to", "apparently-to", "authentication-results", "x-authentication-results", "received-spf",
     "dkim-signature", "x-google-dkim-signature", "domainkey-signature", "x-received", "x-gm-message-state",
     "x-google-smtp-source", "x-forwarded-to", "x-forwarded-for", "x-loop", "x-virus-scanned", "x-virus-status",
     "x-greylist", "x-scanned-by", "x-mailscanner", "x-amavis-alert", "x-rspamd-server", "x-rspamd-queue-id",
     "x-policyd-weight", "x-originating-ip", "x-session-marker", "x-tm-as-result", "x-barracuda-connect")
)  # fmt: skip
TRACE_PREFIXES = ("arc-", "x-spam", "x-ms-exchange-", "x-microsoft-antispam", "x-forefront-", "x-rspamd-", "x-proofpoint-",
                  "x-ironport-", "x-mailscanner-", "x-barracuda-", "x-mimecast-", "x-sophos-", "x-tm-")  # fmt: skip

_BLANKS = re.compile(rb"[ \t\r\n]+")
_NEWLINE = re.compile(rb"\r\n|\r|\n")


def content_fingerprint_material(raw: bytes) -> Iterator[bytes]:
    """The mail without trace fields, line ends made equal: octets to feed to a keyed hash, in order.

    Field names are lower case and blanks in values single, since relays fold anew; the order of fields
    counts.
    """
    header, body = fields.split(raw, 0, len(raw), [])
    for name, value in header.items:
        if name not in TRACE and not name.startswith(TRACE_PREFIXES):
            yield name.encode() + b":" + _BLANKS.sub(b" ", value).strip() + b"\n"
    yield b"\n"
    yield _NEWLINE.sub(b"\n", raw[body:]).rstrip(b"\n")
