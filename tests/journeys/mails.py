"""Mails of many reporters, each with an address and domain of its own: caps and pace count by both."""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it is sent: envelope sender and content in CRLF."""

    sender: str
    content: bytes

    @property
    def digest(self) -> str:
        """How its arrival is known."""
        return sha256(self.content).hexdigest()


def report(number: int, *, size: int = 0) -> Mail:
    """The report with this number, filled up to about `size` bytes."""
    sender = f"reporter@site{number}.example"
    head = (
        f"From: {sender}\r\nTo: report@csirt.example\r\nSubject: A strange login, {number}\r\n"
        f"Message-ID: <{number}@site{number}.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"Somebody tried our server {number} last night. 昨夜の不審な接続です。\r\n"
    ).encode()
    line = b"192.0.2.7 - - GET /login 401 " + b"x" * 40 + b"\r\n"
    return Mail(sender, head + line * max(0, (size - len(head)) // len(line)))
