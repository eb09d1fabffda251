"""The SMTP door as a process: group commit behind it, and a clean end."""

import asyncio
import logging
import signal
import ssl
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections, connections

from madoguchi.config.options import Options, host_and_port, networks
from madoguchi.config.stores import wait_until_durable
from madoguchi.intake.actions import Incoming, store
from madoguchi.intake.gathering import Gatherer
from madoguchi.intake.incoming import Accepts, Mailboxes
from madoguchi.intake.smtp import serve
from madoguchi.intake.smtp_host import Limits

log = logging.getLogger(__name__)


def serve_smtp() -> None:
    """Serves until SIGTERM or SIGINT."""
    wait_until_durable("the SMTP door")
    connections.close_all()
    asyncio.run(_serve(settings.OPTIONS))


async def _serve(options: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    gatherer = Gatherer(_commit, at_end=connections.close_all)
    door = await serve(
        *host_and_port(options.smtp),
        gatherer=gatherer,
        accepts=_accepts(options),
        hostname=options.report_address.rpartition("@")[2],
        limits=_limits(options),
        tls=_tls(options.smtp_certificate),
        relays=networks(options.trusted_relays),
        proxied=options.smtp_proxy_protocol,
    )
    log.info("SMTP listens on %s", options.smtp)
    if options.lmtp:
        await door.listen_for_lmtp(
            Path(options.lmtp) if options.lmtp.startswith("/") else host_and_port(options.lmtp)
        )
        log.info("LMTP listens on %s", options.lmtp)
    await stop.wait()
    await door.close()
    await gatherer.close()


def _limits(options: Options) -> Limits:
    """A tenth of the connections is kept from any one network, so that a flood leaves a place for who is new."""
    most = options.max_connections
    return Limits(
        size=options.max_message_bytes,
        in_flight=options.max_bytes_in_flight,
        connections=most,
        connections_per_peer=max(1, most * 4 // 5),
        connections_per_network=max(1, most * 9 // 10),
        tarpitted=options.max_tarpitted,
    )


def _commit(batch: Sequence[Incoming]) -> None:
    close_old_connections()
    store(batch)


def _accepts(options: Options) -> Accepts:
    name = options.report_address.rpartition("@")[0].casefold()
    boxes = [Mailboxes(domain, frozenset({name})) for domain in options.domains]
    return lambda address: any(box.accepts(address) for box in boxes)


def _tls(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
