"""A small DNS server on loopback, over UDP, that answers from a table."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

from madoguchi.mail.lookup import resolver_for

Zone = Mapping[tuple[str, str], Sequence[str]]


@dataclass
class DnsServer:
    """What is served: records in presentation form by name and type; names that do not exist else.

    Names in `failing` get SERVFAIL, those in `silent` no answer at all. `asked` keeps every question.
    """

    zone: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    def resolver(self) -> dns.resolver.Resolver:
        """Give a resolver that asks this server alone."""
        return resolver_for([f"127.0.0.1:{self.port}"])

    def answer(self, question: bytes) -> bytes | None:
        query = dns.message.from_wire(question)
        asked = query.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        if name in self.silent:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in self.zone:
            response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *self.zone[name, kind]))
        elif not any(known == name for known, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire(max_size=65_000)


@contextmanager
def serving(zone: Zone) -> Iterator[DnsServer]:
    """Serve a zone from a thread until the block ends."""
    server = DnsServer({(name.lower(), kind): records for (name, kind), records in zone.items()})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        server.port = listening.getsockname()[1]
        stopping = threading.Event()

        def serve() -> None:
            while not stopping.is_set():
                question, sender = listening.recvfrom(65_535)
                if stopping.is_set():
                    return
                if (response := server.answer(question)) is not None:
                    listening.sendto(response, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            stopping.set()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waking:
                waking.sendto(b"", ("127.0.0.1", server.port))
            thread.join(5)
