"""Who vouches for the senders of a batch of mails: looked up side by side, since the DNS answers slowly."""

import ipaddress
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import dns.resolver

from madoguchi.config.options import Options
from madoguchi.intake.actions import Opened, Vouch
from madoguchi.mail.authentication import TrustedRelays, authenticate

THREADS = 16
TIMEOUT, LIFETIME = 2.0, 5.0


def voucher(options: Options) -> Vouch:
    """Answers "dkim", "spf", "relay" or "" for each mail; in the demonstration "demo" for every one."""
    if options.demonstration:
        return lambda opened: ["demo"] * len(opened)
    trusted = TrustedRelays(
        tuple(ipaddress.ip_network(one) for one in options.trusted_relays), options.authserv_id or None
    )
    resolver = _resolver(options.dns_servers)
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="vouch")

    def one(opened: Opened) -> str:
        envelope = opened.envelope
        found = authenticate(
            opened.raw,
            peer=envelope.peer,
            helo=envelope.helo or "",
            mail_from=envelope.mail_from,
            header_from=[box.address for box in opened.letter.from_],
            trusted=trusted,
            resolver=resolver,
        )
        return found.by or "" if found.aligned else ""

    def all_of(opened: Sequence[Opened]) -> list[str]:
        return list(pool.map(one, opened))

    return all_of


def _resolver(servers: Sequence[str]) -> dns.resolver.Resolver:
    """A resolver with bounded patience; of the named servers, or of the system's."""
    resolver = dns.resolver.Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [_host_and_port(one)[0] for one in servers]
        resolver.nameserver_ports = dict(_host_and_port(one) for one in servers)
    resolver.timeout, resolver.lifetime = TIMEOUT, LIFETIME
    return resolver


def _host_and_port(server: str) -> tuple[str, int]:
    host, colon, port = server.rpartition(":")
    if colon and port.isdigit() and ":" not in host.strip("[]"):
        return host, int(port)
    return server.strip("[]"), 53
