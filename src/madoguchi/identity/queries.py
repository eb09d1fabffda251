"""Who may what, and what is known of sign-ins and links."""

import hashlib
import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from madoguchi.audit.actions import Actor
from madoguchi.identity.errors import NotAllowedError
from madoguchi.identity.models import FailedSignIn, OneTimeLink, RoleGrant, Staff
from madoguchi.identity.own_sessions import sessions_of
from madoguchi.identity.policy import Permission, Role, account_delay, permissions, sign_in_delay
from madoguchi.identity.shown_factors import codes_left, factors_of, has_factor, kinds_of, passkeys_of

__all__ = [
    "Staff",
    "account_seconds_to_wait",
    "active_staff",
    "actor_of",
    "codes_left",
    "factors_of",
    "has_factor",
    "kinds_of",
    "link_holder",
    "may",
    "may_here",
    "must_add_factor",
    "own_page",
    "passkeys_of",
    "permitted",
    "seconds_to_wait",
    "sessions_of",
    "staff_list",
    "staff_names",
]

P = ParamSpec("P")
REMEMBERED = "_madoguchi_may"
SECOND = "second"


def may(staff: Staff) -> frozenset[Permission]:
    """All that this person may do now. One query."""
    if not staff.is_active:
        return frozenset()
    roles = RoleGrant.objects.filter(staff=staff, ended_at__isnull=True).values_list("role", flat=True)
    return permissions(cast("list[Role]", list(roles)))


def may_here(request: HttpRequest) -> frozenset[Permission]:
    """All that whoever asks for this page may do; looked up once for each request."""
    if not hasattr(request, REMEMBERED):
        user = request.user
        setattr(request, REMEMBERED, may(user) if isinstance(user, Staff) else frozenset())
    return cast("frozenset[Permission]", getattr(request, REMEMBERED))


def must_add_factor(request: HttpRequest) -> bool:
    """Whether the centre asks for a second factor and this session was begun without one: nothing opens until then."""
    return settings.OPTIONS.second_factor and not request.session.get(SECOND)


def permitted(
    permission: Permission,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """A view for signed-in staff with this permission; others are sent to sign in, or told that they may not."""

    def around(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if must_add_factor(request):
                return HttpResponseRedirect(reverse("identity:own"))
            if permission not in may_here(request):
                raise NotAllowedError(NotAllowedError.__doc__)
            return view(request, *args, **kwargs)

        signed_in = cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", login_required(guarded))
        # The access test reads it off the route.
        signed_in.permission = permission  # type: ignore[attr-defined]
        return signed_in

    return around


def own_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view for whoever is signed in, about themselves alone: no permission is asked for, nor a second factor yet."""
    signed_in = login_required(view)
    signed_in.permission = None  # type: ignore[attr-defined]  # the access test reads it off the route
    return signed_in


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person as the log knows them."""
    return Actor("staff", str(cast("Staff", request.user).id))


def seconds_to_wait(network_key: bytes, now: datetime) -> int:
    """How long this network or device must wait before it may try to sign in; 0 where it may now."""
    return _wait(FailedSignIn.objects.filter(network_key=network_key), sign_in_delay, now)


def account_seconds_to_wait(account_key: bytes, now: datetime) -> int:
    """How long a device that this account does not know must wait; 0 where it may try now."""
    return _wait(FailedSignIn.objects.filter(account_key=account_key), account_delay, now)


def _wait(failures: QuerySet[FailedSignIn], delay: Callable[[int], int], now: datetime) -> int:
    since = now - timedelta(hours=1)
    times = failures.filter(at__gt=since).order_by("-at").values_list("at", flat=True)
    recent = list(times[:40])  # more make no delay any longer
    if not recent:
        return 0
    waited = max(0.0, (now - recent[0]).total_seconds())  # another node's clock may be ahead
    return max(0, math.ceil(delay(len(recent)) - waited))


def active_staff(staff_id: UUID | None) -> Staff | None:
    """The account of this id, unless it was disabled."""
    return Staff.objects.filter(pk=staff_id, disabled_at__isnull=True).first() if staff_id else None


def link_holder(token: str, now: datetime) -> Staff | None:
    """Whose live one-time link this is."""
    digest = hashlib.sha256(token.encode()).digest()
    link = OneTimeLink.objects.filter(token_hash=digest, spent_at__isnull=True, ends_at__gt=now)
    found = link.select_related("staff").first()
    return found.staff if found and found.staff.is_active else None


def staff_list() -> list[tuple[Staff, list[str]]]:
    """Every account with the roles it holds now."""
    roles: dict[object, list[str]] = {}
    for holder, role in RoleGrant.objects.filter(ended_at__isnull=True).values_list("staff_id", "role"):
        roles.setdefault(holder, []).append(role)
    return [(staff, sorted(roles.get(staff.id, []))) for staff in Staff.objects.order_by("username")]


def staff_names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names that pages show for these accounts."""
    return dict(Staff.objects.filter(pk__in=list(ids)).values_list("pk", "name"))
