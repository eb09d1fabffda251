"""What a door allows, and what its sessions need of it. No Django."""

import ssl
from dataclasses import dataclass
from typing import Protocol

from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as Stated

from madoguchi.intake.smtp_body import Ceiling
from madoguchi.intake.smtp_relays import Networks
from madoguchi.intake.smtp_room import Room
from madoguchi.intake.smtp_tarpit import Tarpit
from madoguchi.lib.floods import LEVELS


@dataclass(frozen=True, slots=True)
class Limits:
    """Where the door says no. Sizes in bytes, times in seconds."""

    size: int = 32 * 2**20
    """Of one mail, announced by SIZE (RFC 1870)."""
    line: int | None = None
    """Of one line of a mail with its end; None: any. Real reports carry long lines of logs."""
    recipients: int = 100
    """Of one mail; RFC 5321 section 4.5.3.1.8 wants 100 at least."""
    in_flight: int = 256 * 2**20
    """Of all mails under way together."""
    connections: int = 500
    connections_per_peer: int = 100
    """Of one IPv4 address or IPv6 /64."""
    connections_per_network: int = 400
    """Of one IPv4 /24, or one IPv6 /56 or /48."""
    tarpitted: int = 100
    """Connections whose replies are held back."""
    proxy_header: float = 10
    """For the PROXY header of a trusted relay."""
    idle: float = 300
    """Without a byte or command; RFC 5321 section 4.5.3.2.7 wants five minutes."""
    data: float = 1800
    """For all of one mail's DATA."""

    def __post_init__(self) -> None:
        if self.in_flight < self.size * 4 // 3 + 5:
            raise ValueError("in_flight must have room for one mail of the largest size and a third more")

    @property
    def shares(self) -> dict[int, int]:
        """The most connections of one network by length of its prefix."""
        return {
            length: self.connections_per_peer if length in {32, 64} else self.connections_per_network
            for lengths in LEVELS.values()
            for length in lengths
        }


class Host(Protocol):
    """What a session needs of the door that it came through."""

    hostname: str
    limits: Limits
    tls: ssl.SSLContext | None
    ceiling: Ceiling
    room: Room
    tarpit: Tarpit
    relays: Networks
    """Of our own mail servers in front."""
    closing: bool

    async def store(self, connection: SMTP, session: Session, stated: Stated, raw: bytes) -> str:
        """The reply to a whole mail."""

    def forget(self, connection: SMTP) -> None:
        """The connection has ended."""
