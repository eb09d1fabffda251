"""What stands in front of all pages: the load balancer's questions, and who the visitor behind our own proxy is."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase

from madoguchi.config import health
from madoguchi.config.options import networks
from madoguchi.lib.floods import Address, plain_address

Proxies = Sequence[IPv4Network | IPv6Network]
GetResponse = Callable[[HttpRequest], HttpResponseBase]

HEALTH = {"/healthz": health.alive, "/readyz": health.ready}
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO")
STAFF_PAGES = ("/console/", "/staff/")
SCHEMES = frozenset({"http", "https"})


class AnswerLoadBalancers:
    """A balancer asks by address, under no name of ours: ALLOWED_HOSTS is no matter of its questions."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = HEALTH.get(request.path)
        return answer(request) if answer is not None else self._get_response(request)


class BelieveOurProxies:
    """Puts the visitor's address and scheme in place of the proxy's; believes trusted_proxies and nobody else.

    The address is the rightmost of X-Forwarded-For that is no proxy of ours: what stands to the left of it the visitor
    may have written. Behind it nobody sees these fields any more.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._proxies = networks(settings.OPTIONS.trusted_proxies)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        believe(request.META, self._proxies)
        return self._get_response(request)


class KeepTheConsoleToItsNetworks:
    """Outside of console_networks the staff's pages are not there; behind BelieveOurProxies, which says who asks."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._networks = networks(settings.OPTIONS.console_networks)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self._networks and request.path_info.startswith(STAFF_PAGES):
            visitor = plain_address(request.META.get("REMOTE_ADDR", ""))
            if visitor is None or not _are_ours(self._networks, visitor):
                raise Http404
        return self._get_response(request)


def believe(environ: dict[str, Any], proxies: Proxies) -> None:
    """Does that to a WSGI environment; a second time it changes nothing."""
    chain, scheme = (str(environ.pop(name, "")) for name in FORWARDED)
    peer = plain_address(environ.get("REMOTE_ADDR", ""))
    if peer is None or not _are_ours(proxies, peer):
        return
    environ["REMOTE_ADDR"] = str(_visitor(proxies, peer, chain))
    last = scheme.rpartition(",")[2].strip().lower()
    if last in SCHEMES:
        environ["wsgi.url_scheme"] = last


def _visitor(proxies: Proxies, peer: Address, chain: str) -> Address:
    """Goes back from proxy to proxy; where one names no address, it is the visitor itself as far as we know."""
    visitor = peer
    for named in reversed(chain.split(",")):
        before = plain_address(_without_port(named.strip()))
        if before is None:
            break
        visitor = before
        if not _are_ours(proxies, visitor):
            break
    return visitor


def _are_ours(proxies: Proxies, address: Address) -> bool:
    return any(address in network for network in proxies)


def _without_port(text: str) -> str:
    """An address as some proxies write it: `192.0.2.1:50000`, `[2001:db8::1]:50000` or plain."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
