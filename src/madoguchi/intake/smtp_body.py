"""The bytes of one SMTP DATA: counted, kept as long as they may be, and freed of their transport form."""

import re
from dataclasses import dataclass

TOO_LARGE = "552 5.3.4 larger than this server takes (see SIZE)"
LINE_TOO_LONG = "554 5.6.0 a line is longer than this server takes"
SMUGGLED = "554 5.6.0 a line with a dot alone must have CRLF on both sides (RFC 5321 section 2.3.8)"
CROWDED = "451 4.3.2 too much mail at once, try again later"

STOP = b".\r\n"
"""What every chunk is read up to: the end of a mail has it, and so has many a sentence."""
END = b"\r\n" + STOP
LONE_DOTS = (b"\n.\n", b"\n.\r", b"\r.\n", b"\r.\r")
"""Each of these some server takes for the end of a mail. The true end is cut off before they are sought."""
DOUBLED = re.compile(rb"(?<!\r)\n\.\.")
"""What smtplib and others make of a dot behind a bare LF, which is a line end to them."""


@dataclass(slots=True)
class Ceiling:
    """How many bytes all mails under way may hold in memory together, and how many they do."""

    most: int
    held: int = 0

    def allows(self, size: int) -> bool:
        """Whether `size` bytes more may be held."""
        return self.held + size <= self.most


class Body:
    """One mail under way.

    `size` is the most bytes that a mail may have, `line` the most that one of its lines may have with its
    end (None: any). `refusal` is the reply where the mail is not taken; none of its bytes is held then.
    """

    def __init__(self, *, size: int, line: int | None, ceiling: Ceiling) -> None:
        self.refusal: str | None = None
        self._size = size
        self._line = line
        self._ceiling = ceiling
        self._content = bytearray()
        self._held = 0
        self._seen = 0
        self._tail = b""

    def add(self, chunk: bytes) -> bool:
        """Takes the next bytes, which hold no STOP but at their end; True when the mail is at its end."""
        self._seen += len(chunk)
        self._tail = (self._tail + chunk if len(chunk) < len(END) else chunk)[-len(END) :]
        if self.refusal is None:
            self._keep(chunk)
        return self._tail == END or (self._seen == len(STOP) and self._tail == STOP)

    def _keep(self, chunk: bytes) -> None:
        # Transparency dots are no part of a mail's size; there is one in four bytes at the most.
        if self._seen - len(STOP) > self._size * 4 // 3:
            self._refuse(TOO_LARGE)
        elif not self._ceiling.allows(len(chunk)):
            self._refuse(CROWDED)
        else:
            self._content += chunk
            self._held += len(chunk)
            self._ceiling.held += len(chunk)

    def raw(self) -> bytes:
        """The mail, without its end and transparency dots (RFC 5321 section 4.5.2); empty where refused.

        To be asked for once, at the end; the mail counts as held until `discard`.
        """
        content, self._content = self._content, bytearray()
        del content[-len(STOP) :]
        if content.startswith((b".\r", b".\n")) or any(dots in content for dots in LONE_DOTS):
            self._refuse(SMUGGLED)
        if b"\n.." in content:
            content[:] = DOUBLED.sub(b"\n.", content)
        raw = bytes(content.removeprefix(b".").replace(b"\r\n.", b"\r\n"))
        if len(raw) > self._size:
            self._refuse(TOO_LARGE)
        elif self._line is not None and max(map(len, raw.split(b"\n"))) >= self._line:
            self._refuse(LINE_TOO_LONG)
        return b"" if self.refusal else raw

    def _refuse(self, reply: str) -> None:
        self.refusal = reply
        self.discard()

    def discard(self) -> None:
        """Holds nothing any more."""
        self._ceiling.held -= self._held
        self._held = 0
        self._content = bytearray()
