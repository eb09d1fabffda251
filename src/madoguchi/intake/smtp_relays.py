"""What a relay of ours tells of its client, by Postfix's commands XCLIENT and XFORWARD. No Django.

https://www.postfix.org/XCLIENT_README.html and https://www.postfix.org/XFORWARD_README.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network

from madoguchi.lib.floods import Address, plain_address

Networks = Sequence[IPv4Network | IPv6Network]

XCLIENT = frozenset({"NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"})
XFORWARD = frozenset({"NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"})
UNKNOWN = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})


class NotToldError(ValueError):
    """The command does not follow its grammar."""


@dataclass(frozen=True, slots=True)
class Told:
    """A client as our relay describes it; None: the relay does not know, or did not say."""

    address: Address | None = None
    helo: str | None = None

    def added(self, arguments: str | None, known: frozenset[str]) -> "Told":
        """With what one more command says; attributes that are not `known` are refused with NotToldError."""
        said = self
        words = (arguments or "").split()
        if not words:
            raise NotToldError
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or name.upper() not in known:
                raise NotToldError
            match name.upper():
                case "ADDR":
                    said = replace(said, address=_address(_decoded(value)))
                case "HELO":
                    said = replace(said, helo=None if value.upper() in UNKNOWN else _decoded(value))
        return said


def is_trusted(relays: Networks, client: Address | None, *, told: bool = False) -> bool:
    """Whether a relay of ours speaks: by its address, or through a socket of this machine.

    A client that was `told` without an address may be anybody.
    """
    if client is None:
        return not told
    return any(client in network for network in relays)


def _decoded(value: str) -> str:
    """The text behind xtext (RFC 3461 section 4)."""
    plain = re.sub(
        rb"\+([0-9A-Fa-f]{2})",
        lambda found: bytes.fromhex(found[1].decode()),
        value.encode(errors="surrogateescape"),
    )
    return plain.decode(errors="replace")


def _address(value: str) -> Address | None:
    if value.upper() in UNKNOWN:
        return None
    address = plain_address(value[5:] if value[:5].upper() == "IPV6:" else value)
    if address is None:
        raise NotToldError
    return address
