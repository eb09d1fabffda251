"""Where outgoing mail is handed over, and how to speak there: read from one URL."""

from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

Tls = Literal["require", "opportunistic", "never"]

LETTERS_A_CONNECTION: Final = 100
IDLE_SECONDS: Final = 30.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where the relay is and how to speak to it.

    `opportunistic` takes STARTTLS where it is offered and does not verify the certificate: it keeps a
    listener out, but not whoever stands in between (RFC 7435). `require` verifies certificate and name.
    The seconds to wait for the answer after the final dot are many because a server that works on a large
    letter is not a dead one, and ending early would make the letter arrive twice (RFC 5321, 4.5.3.2.6).
    """

    host: str
    port: int
    implicit_tls: bool = False
    tls: Tls = "opportunistic"
    ca_file: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    helo: str = "localhost"
    command_seconds: float = 60.0
    final_seconds: float = 600.0
    letters_a_connection: int = LETTERS_A_CONNECTION
    idle_seconds: float = IDLE_SECONDS


def relay_for(url: str, *, helo: str) -> Relay:
    """Read the URL of a relay; raise ValueError with a sentence where it is wrong.

    `smtp://[user:password@]host[:port]` or `smtps://...`, with `?tls=require|opportunistic|never` and
    `ca=/file.pem`. TLS is verified by default on smtps:// and where a password is sent; a password to
    another machine never goes without.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("a relay is smtp://host:port or smtps://host:port")
    query = parse_qs(parts.query, keep_blank_values=True)
    if unknown := set(query) - {"tls", "ca"}:
        raise ValueError(f"the relay's URL has an unknown option: {', '.join(sorted(unknown))}")
    host, secured = parts.hostname, parts.scheme == "smtps"
    user = unquote(parts.username) if parts.username else None
    tls = _tls(query.get("tls", [""])[0], verified=secured or (user is not None and host not in _LOOPBACK))
    if user is not None and tls != "require" and host not in _LOOPBACK:
        raise ValueError("a password goes to the relay only with tls=require")
    return Relay(
        host=host,
        port=parts.port or (465 if secured else 25),
        implicit_tls=secured,
        tls=tls,
        ca_file=query.get("ca", [None])[0],
        user=user,
        password=unquote(parts.password) if parts.password else None,
        helo=helo,
    )


def _tls(wanted: str, *, verified: bool) -> Tls:
    match wanted:
        case "":
            return "require" if verified else "opportunistic"
        case "require" | "opportunistic" | "never":
            return wanted
        case _:
            raise ValueError("tls is require, opportunistic or never")
