"""A real SMTP server that keeps the letters that left, and a client that behaves as an MTA does."""

import re
import smtplib
import threading
from collections import defaultdict
from email import message_from_bytes
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller

from journeys.tree import ADDRESS, free_port

LINE_END = re.compile(rb"\r\n|\r|\n")


class Sink:
    """Where letters end: `letters` holds, by recipient, the bytes of each in the order in which they came."""

    def __init__(self) -> None:
        self.letters: defaultdict[str, list[bytes]] = defaultdict(list)
        self.port = free_port()
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, data_size_limit=0)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        with self._lock:
            for recipient in envelope.rcpt_tos:
                self.letters[recipient].append(envelope.original_content)
        return "250 2.0.0 kept"

    def message_ids(self, recipient: str) -> list[str]:
        """The Message-IDs of what a recipient got, one per letter."""
        return [str(message_from_bytes(raw)["Message-ID"]) for raw in self.letters[recipient]]

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._controller.stop(no_assert=True)


def with_crlf(raw: bytes) -> bytes:
    """The mail as SMTP carries it: every line ends in CRLF, the last one too."""
    content = LINE_END.sub(b"\r\n", raw)
    return content if content.endswith(b"\r\n") or not content else content + b"\r\n"


class Sender:
    """One connection of an MTA; opened again where it was lost."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._smtp: smtplib.SMTP | None = None

    def send(self, sender: str, content: bytes, to: str = ADDRESS) -> int:
        """The code of the last reply to one mail; 0 where the connection was lost, so nobody knows."""
        try:
            if self._smtp is None:
                self._smtp = smtplib.SMTP(
                    "127.0.0.1", self._port, local_hostname="mx.reporter.example", timeout=60
                )
                self._smtp.ehlo()
            options = [f"SIZE={len(content)}", "BODY=8BITMIME"]
            code, _ = self._smtp.mail(sender, options)
            code = code if code != 250 else self._smtp.rcpt(to)[0]
            code = code if code != 250 else self._smtp.data(content)[0]
            if code == 421:
                self.close()
            elif code != 250:
                self._smtp.rset()
        except smtplib.SMTPResponseException as refused:
            self.close()
            return refused.smtp_code
        except OSError:  # the base of smtplib's errors too
            self.close()
            return 0
        return code

    def close(self) -> None:
        """Hangs up without a word."""
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None
