"""Who vouches for the senders of a batch of mails: looked up side by side, since the DNS answers slowly."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from madoguchi.config.options import Options, networks
from madoguchi.intake.actions import Opened, Vouch
from madoguchi.mail.authentication import TrustedRelays, authenticate
from madoguchi.mail.lookup import resolver_for

THREADS = 16


def voucher(options: Options) -> Vouch:
    """Answers "dkim", "spf", "relay" or "" for each mail; in the demonstration "demo" for every one."""
    if options.demonstration:
        return lambda opened: ["demo"] * len(opened)
    trusted = TrustedRelays(
        networks(options.trusted_relays), options.authserv_id or None, options.received_above
    )
    resolver = resolver_for(options.dns_servers)
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="vouch")

    def one(opened: Opened) -> str:
        envelope = opened.envelope
        found = authenticate(
            opened.raw,
            peer=envelope.peer,
            helo=envelope.helo or "",
            mail_from=envelope.mail_from,
            header_from=[box.address for box in opened.letter.from_],
            relayed=envelope.relayed,
            trusted=trusted,
            resolver=resolver,
        )
        return found.by or "" if found.aligned else ""

    def all_of(opened: Sequence[Opened]) -> list[str]:
        return list(pool.map(one, opened))

    return all_of
