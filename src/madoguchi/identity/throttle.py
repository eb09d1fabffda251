"""From where somebody tries to sign in, and how long they wait: by device if known, else by network and account.

A device is known to one account by a signed cookie of its last sign-in there. Whoever guesses from elsewhere can slow
the account for strangers, never for such a device and never for a passkey.
"""

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from madoguchi.identity import queries
from madoguchi.identity.models import Staff
from madoguchi.lib.ids import new_id
from madoguchi.vault.actions import blind_index

COOKIE = "madoguchi_device"
KNOWN_FOR = timedelta(days=180)
_SALT = "madoguchi.identity.device"


@dataclass(frozen=True, slots=True)
class Origin:
    """`key`: the device if it is known to the account, else the network; `account`: the name that was typed; keyed."""

    key: bytes = field(repr=False)
    account: bytes = field(repr=False)
    known: bool

    def seconds_to_wait(self, now: datetime) -> int:
        """How long until a password or a code is looked at; 0 where it is now."""
        own = queries.seconds_to_wait(self.key, now)
        return own if self.known else max(own, queries.account_seconds_to_wait(self.account, now))


def origin(request: HttpRequest, username: str) -> Origin:
    """From where this request tries to sign in under a name, which need not be anybody's."""
    account = _account(username)
    given = request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=int(KNOWN_FOR.total_seconds()))
    device, _, of = (given or "").partition(":")
    if device and of == account.hex():
        return Origin(blind_index().key("sign-in device", device), account, known=True)
    return Origin(blind_index().key("sign-in network", network_of(request)), account, known=False)


def network_of(request: HttpRequest) -> str:
    """The visitor's /24 or /64: who guesses passwords has more than one address."""
    address = ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 -- no address is no network, not a listener
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))


def remember_device(response: HttpResponse, staff: Staff, now: datetime) -> None:
    """Makes this browser known to the account that just signed in."""
    response.set_signed_cookie(
        COOKIE,
        f"{new_id(now).hex}:{_account(staff.username).hex()}",
        salt=_SALT,
        max_age=int(KNOWN_FOR.total_seconds()),
        path="/staff/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _account(username: str) -> bytes:
    return blind_index().key("sign-in account", username.strip())
