"""DNS look-ups for the authentication of one mail, bounded in time as a whole."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import dns.exception
import dns.nameserver
import dns.resolver

SECONDS_A_QUERY: Final = 5.0
SECONDS_A_MAIL: Final = 20.0  # RFC 7208, section 4.6.4, wants at least 20 for SPF
_CACHED: Final = 5_000


class NoAnswerError(Exception):
    """The DNS did not answer: a temporary error (RFC 8601, section 2.7)."""


class Lookup:
    """Asks a resolver on behalf of one mail. Made anew for each mail: the time allowed runs from then."""

    def __init__(
        self,
        resolver: dns.resolver.Resolver,
        *,
        seconds: float = SECONDS_A_MAIL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._deadline = clock() + seconds

    def ask(self, name: str, kind: str) -> list[Any]:
        """Give the records (dnspython's rdata) of a name; none where it does not exist or cannot exist.

        Raises `NoAnswerError` where the answer is not known.
        """
        left = self._deadline - self._clock()
        if left <= 0:
            raise NoAnswerError("the time for this mail is used up")
        lifetime = min(left, SECONDS_A_QUERY)
        try:
            answer = self._resolver.resolve(
                name, kind, lifetime=lifetime, search=False, raise_on_no_answer=False
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN):
            return []
        except (dns.exception.Timeout, dns.resolver.NoNameservers, OSError) as error:
            raise NoAnswerError(type(error).__name__) from error
        except (dns.exception.DNSException, UnicodeError):
            return []  # no name at all, such as one with an empty or a too long label
        return list(answer.rrset or ())

    def texts(self, name: str, *, longest: int) -> list[bytes]:
        """Give the TXT records of a name as whole strings, without those longer than so many bytes."""
        joined = (b"".join(record.strings) for record in self.ask(name, "TXT"))
        return [text for text in joined if len(text) <= longest]


def resolver_for(nameservers: Sequence[str]) -> dns.resolver.Resolver:
    """Make a resolver with a cache that asks these servers, or those of the system where none is given.

    A server is an address or `address:port` (`[address]:port` for IPv6). Raises ValueError for another form,
    and dnspython's NoResolverConfiguration where the system names none.
    """
    resolver = dns.resolver.Resolver(configure=not nameservers)
    if nameservers:
        resolver.nameservers = [_nameserver(server) for server in nameservers]
    resolver.cache = dns.resolver.LRUCache(_CACHED)
    return resolver


def _nameserver(server: str) -> dns.nameserver.Nameserver:
    host, colon, port = server.rpartition(":")
    if colon and (host.startswith("[") or ":" not in host):
        return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))
    return dns.nameserver.Do53Nameserver(server, 53)
