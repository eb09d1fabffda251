"""Signing in and out, and setting a password by one-time link."""

import ipaddress
import time
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import login, logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from madoguchi.audit.actions import Actor
from madoguchi.identity import actions, queries
from madoguchi.identity.errors import LinkSpentError
from madoguchi.identity.forms import PasswordForm, SignInForm
from madoguchi.identity.middleware import SEEN
from madoguchi.identity.models import Staff
from madoguchi.vault.actions import blind_index


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request)
    if request.method == "POST":
        now, network = timezone.now(), _network_key(request)
        if wait := queries.seconds_to_wait(network, now):
            return _asked_to_wait(request, wait)
        form = SignInForm(request, data=request.POST)
        if form.is_valid():
            return _begin_session(request, form.get_user(), network)
        actions.note_failed_sign_in(now=now, network_key=network)
    return render(request, "identity/sign_in.html", {"form": form, "next": _wanted(request)})


def _wanted(request: HttpRequest) -> str:
    """The page that somebody wanted when they were sent to sign in; where it leads is checked before it is followed."""
    return request.POST.get("next", "") or request.GET.get("next", "")


def _asked_to_wait(request: HttpRequest, seconds: int) -> HttpResponse:
    """The password is not even looked at."""
    form = SignInForm(request, initial={"username": request.POST.get("username", "")})
    context = {"form": form, "wait": seconds, "next": _wanted(request)}
    response = render(request, "identity/sign_in.html", context, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _begin_session(request: HttpRequest, staff: Staff, network: bytes) -> HttpResponse:
    login(request, staff)
    request.session[SEEN] = int(time.time())
    # A moment, not a number of seconds: those would start anew whenever the session is saved.
    request.session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))
    actor = Actor("staff", str(staff.id))
    actions.note_sign_in(actor=actor, now=timezone.now(), network_key=network, session=str(staff.id))
    wanted = _wanted(request)
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(wanted if safe else resolve_url("console:queue"))


def _network_key(request: HttpRequest) -> bytes:
    """The visitor's /24 or /64, keyed: who guesses passwords has more than one address."""
    address = ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 -- no address is no network, not a listener
    network = ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False)
    return blind_index().key("sign-in network", str(network))


@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Only a POST ends the session: a link or a picture elsewhere can't sign anybody out."""
    if request.method == "POST":
        logout(request)
        return HttpResponseRedirect(resolve_url("identity:signed-out"))
    return HttpResponseRedirect(resolve_url("console:queue"))


@never_cache
@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return HttpResponseRedirect(resolve_url("console:queue"))
    return render(request, "identity/signed_out.html")


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def set_password(request: HttpRequest, token: str) -> HttpResponse:
    now = timezone.now()
    staff = queries.link_holder(token, now)
    if staff is None:
        return render(request, "identity/link_spent.html", status=410)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_password_by_link(now=now, token=token, password=form.cleaned_data["new_password1"])
        except ValidationError as weak:
            form.add_error("new_password1", weak)
        except LinkSpentError:
            return render(request, "identity/link_spent.html", status=410)
        else:
            return HttpResponseRedirect(resolve_url("identity:sign-in") + "?" + "set=1")
    return render(
        request,
        "identity/set_password.html",
        {"form": form, "account": staff.username, "title": _("Set your password")},
    )
