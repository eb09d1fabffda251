"""LMTP (RFC 2033): the same door for a mail server in front, with one reply for each recipient. No Django."""

import re
from typing import AnyStr

from aiosmtpd.lmtp import LMTP

from madoguchi.intake.smtp_session import Connection

PLAIN = re.compile(r"(?P<code>(?P<class>[245])\d\d) (?!\d\.\d)")
"""A reply of the library's that lacks an enhanced status code (RFC 2034)."""


class LmtpConnection(LMTP, Connection):
    """One LMTP session. The library knows LHLO; the replies to a mail are ours."""

    door_name = "lmtp"
    greeting = "LMTP Madoguchi"

    def announced(self) -> list[str]:
        """RFC 2033 section 5 wants enhanced status codes as well."""
        return ["250-ENHANCEDSTATUSCODES", *super().announced()]

    async def push_outcome(self, reply: str, recipients: int) -> None:
        """All recipients of a mail share one arrival, and so its fate; each is told."""
        for _ in range(recipients):
            await self.push(reply)

    async def push(self, status: AnyStr) -> None:
        """RFC 2033 section 5 wants enhanced status codes in every reply but greetings."""
        if isinstance(status, bytes) or status.startswith(("220 ", "250 HELP")):
            await super().push(status)
        else:
            await super().push(PLAIN.sub(r"\g<code> \g<class>.0.0 ", status, count=1))
