"""Who vouches for the sender of a mail: its domain, by DKIM or SPF, or a relay that we trust.

What this says is about the domain of From, never about the person; a right or a secret is never opened by it
alone.
"""

import importlib.resources
import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import authres
import dns.resolver
from publicsuffix2 import PublicSuffixList  # type: ignore[import-untyped]  # authheaders brings it

from madoguchi.mail.dkim_check import Header, check_dkim, header_of
from madoguchi.mail.lookup import Lookup
from madoguchi.mail.spf_check import check_spf

LONGEST_RESULTS: Final = 8_192
DEEPEST_COMMENT: Final = 20


@dataclass(frozen=True, slots=True)
class TrustedRelays:
    """Our own mail servers in front of this one, and the name that they sign their findings with.

    `authserv_id` None: they do not authenticate; DKIM is then checked here, SPF (which needs the first
    peer's address) is not. `received_above` is how many Received fields stand above a true result: 0 where
    the server that authenticates hands the mail to us itself, 1 for one more server of ours in between.
    What stands deeper may have come from outside and does not count. With 0 a forged field can never stand
    high enough; with more, our servers have to remove those of their name (RFC 8601, section 5).
    """

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    authserv_id: str | None = None
    received_above: int = 0

    def include(self, peer: str | None) -> bool:
        """Whether the peer's address is one of theirs."""
        if peer is None:
            return False
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return any((mapped or address) in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Authentication:
    """What was found, in the words of RFC 8601, and whether it speaks for the domain of From.

    `spf` is None where it was not checked. `dkim` has the signing domain and the result of each signature.
    `reason` is a code: "dkim", "spf" or "relay" (it is aligned by these), "no-author", "several-authors",
    "header-too-large", "relay-silent" (it left no result), "relay-unaligned", "temporary" (it may be aligned,
    the DNS did not say), "unaligned".
    """

    spf: str | None
    dkim: tuple[tuple[str, str], ...]
    aligned: bool
    by: Literal["dkim", "spf", "relay"] | None
    reason: str


def authenticate(
    raw: bytes,
    *,
    peer: str | None,
    helo: str,
    mail_from: str,
    header_from: Sequence[str],
    trusted: TrustedRelays,
    resolver: dns.resolver.Resolver,
    relayed: bool = False,
) -> Authentication:
    """Find out who vouches for a mail; never raises, whatever the mail and the DNS say.

    `peer` is the address that delivered it, None where nobody did over the network; `mail_from` "" is the
    null reverse-path; `header_from` has every address of every From field. `relayed`: a trusted relay spoke with
    us, and `peer` is the client that it told; SPF is checked here for that client, unless the relay authenticates.
    """
    header = header_of(raw)
    if not header.bounded:
        return Authentication(None, (), aligned=False, by=None, reason="header-too-large")
    author, problem = _author(header, header_from)
    ours = trusted.include(peer)
    if (relayed or ours) and trusted.authserv_id is not None:
        return _by_relay(header, author, problem, trusted)
    lookup = Lookup(resolver)
    dkim = check_dkim(header, lookup)
    spf = None
    if peer is not None and not ours:
        spf = check_spf(peer=peer, helo=helo, mail_from=mail_from, lookup=lookup)
    return _decide(author, problem, mail_from, spf, dkim)


def _author(header: Header, header_from: Sequence[str]) -> tuple[str, str]:
    """Give the domain of the one author, or "" and why there is none to align with (RFC 7489, 6.6.1)."""
    if len(header_from) > 1 or len(header.values("from")) > 1:
        return "", "several-authors"
    domain = _domain(header_from[0]) if header_from else ""
    return domain, "" if domain else "no-author"


def _decide(
    author: str, problem: str, mail_from: str, spf: str | None, dkim: tuple[tuple[str, str], ...]
) -> Authentication:
    if problem:
        return Authentication(spf, dkim, aligned=False, by=None, reason=problem)
    if any(result == "pass" and _aligns(domain, author) for domain, result in dkim):
        return Authentication(spf, dkim, aligned=True, by="dkim", reason="dkim")
    if spf == "pass" and mail_from and _aligns(_domain(mail_from), author):
        return Authentication(spf, dkim, aligned=True, by="spf", reason="spf")
    unknown = "temperror" in {spf, *(result for _, result in dkim)}
    return Authentication(spf, dkim, aligned=False, by=None, reason="temporary" if unknown else "unaligned")


# --- What a trusted relay found ----------------------------------------------------------------------------


def _by_relay(header: Header, author: str, problem: str, trusted: TrustedRelays) -> Authentication:
    results = _results_of(header, trusted)
    if results is None:
        return Authentication(None, (), aligned=False, by=None, reason="relay-silent")
    spf = next((each.result for each in results if each.method == "spf"), None)
    dkim = tuple((each.identity, each.result) for each in results if each.method == "dkim")
    if problem:
        return Authentication(spf, dkim, aligned=False, by=None, reason=problem)
    if any(each.result == "pass" and _aligns(each.identity, author) for each in results):
        return Authentication(spf, dkim, aligned=True, by="relay", reason="relay")
    return Authentication(spf, dkim, aligned=False, by=None, reason="relay-unaligned")


@dataclass(frozen=True, slots=True)
class _Result:
    method: str
    result: str
    identity: str  # the domain that was authenticated


# Which property of a result names the domain that it authenticates (RFC 8601, section 2.7).
_IDENTITY: Final = {
    "dkim": (("header", "d"), ("header", "i")),
    "spf": (("smtp", "mailfrom"),),
    "dmarc": (("header", "from"),),
}


def _results_of(header: Header, trusted: TrustedRelays) -> list[_Result] | None:
    """Read the topmost field of our relay's name; None where there is none, or none that can be read."""
    for name, value in fields_of_relay(header, trusted):
        if name == "authentication-results" and is_of(value, trusted.authserv_id):
            parsed = parse_results(value)
            return None if parsed is None else _identified(parsed)
    return None


def fields_of_relay(header: Header, trusted: TrustedRelays) -> Iterator[tuple[str, bytes]]:
    """The fields that stand high enough to be our relay's, the topmost first; its Received fields are left out."""
    above = 0
    for name, value in header.fields:
        if name == "received":
            above += 1
            if above > trusted.received_above:
                return
        else:
            yield name, value


def is_of(value: bytes, authserv_id: str | None) -> bool:
    """Whether results were written under this name (RFC 8601, section 2.5)."""
    name = re.split(r"[;\s]", value.decode("ascii", "replace"), maxsplit=1)[0]
    return authserv_id is not None and name.lower() == authserv_id.lower()


def parse_results(value: bytes) -> Sequence[authres.core.AuthenticationResult] | None:
    """The results that an Authentication-Results field holds; None where it can't be read."""
    if len(value) > LONGEST_RESULTS or value.count(b"(") > DEEPEST_COMMENT:
        return None
    try:
        parsed = authres.AuthenticationResultsHeader.parse_value(value.decode("utf-8", "replace"))
    except (authres.AuthResError, ValueError, LookupError, TypeError):
        return None  # the relay's own field cannot be read: it vouches for nobody
    return [result for result in parsed.results if getattr(result, "method", "")]


def _identified(results: Sequence[authres.core.AuthenticationResult]) -> list[_Result]:
    return [
        _Result(result.method.lower(), result.result.lower(), _identity(result))
        for result in results
        if result.method.lower() in _IDENTITY
    ]


def _identity(result: authres.core.AuthenticationResult) -> str:
    found = {(each.type.lower(), each.name.lower()): str(each.value or "") for each in result.properties}
    values = (found.get(wanted, "") for wanted in _IDENTITY[result.method.lower()])
    return next((_domain(value) for value in values if value), "")


# --- Alignment ---------------------------------------------------------------------------------------------


def _domain(address: str) -> str:
    """Give an address's domain, or a domain itself, in lower case and ASCII form; "" where it has none."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    if domain.startswith("[") or domain.rpartition(".")[2].isdigit():
        return ""  # an IP address has no organisation above it
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _aligns(authenticated: str, author: str) -> bool:
    """Whether both domains have the same organisational domain: "relaxed" of RFC 7489, section 3.1."""
    return bool(authenticated) and organisational_domain(authenticated) == organisational_domain(author)


@lru_cache(maxsize=4_096)
def organisational_domain(domain: str) -> str:
    """Give the domain that somebody registered, by the public suffix list that comes with authheaders.

    Under a top-level domain that the list does not know, it has two labels (the list's rule "*"). A public
    suffix stands for itself alone.
    """
    domain = _domain(domain)
    registered: str | None = _suffixes().get_sld(domain, strict=True)
    return registered or ".".join(domain.split(".")[-2:])


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    source = importlib.resources.files("authheaders") / "public_suffix_list.txt"
    return PublicSuffixList(source.read_text(encoding="utf-8").splitlines())
