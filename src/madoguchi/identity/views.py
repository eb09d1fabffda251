"""Signing in and out, and setting a password by one-time link."""

import json
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from madoguchi.audit.actions import Actor
from madoguchi.identity import actions, passkeys, queries, sessions, throttle
from madoguchi.identity.errors import LinkSpentError, PasskeyError
from madoguchi.identity.forms import CodeForm, PasswordForm, SignInForm
from madoguchi.identity.models import Staff


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    form = SignInForm(request)
    if request.method == "POST":
        now, where = timezone.now(), throttle.origin(request, request.POST.get("username", ""))
        if wait := where.seconds_to_wait(now):
            form = SignInForm(request, initial={"username": request.POST.get("username", "")})
            return _asked_to_wait(request, "identity/sign_in.html", form, wait)
        form = SignInForm(request, data=request.POST)
        if form.is_valid():
            return _password_was_right(request, form.get_user())
        _note_failure(where, now)
    return render(request, "identity/sign_in.html", _context(request, form))


def _context(request: HttpRequest, form: Any) -> dict[str, Any]:
    return {"form": form, "next": _wanted(request), "passkeys": sessions.site_of(request) is not None}


def _wanted(request: HttpRequest) -> str:
    """The page that somebody wanted when they were sent to sign in; where it leads is checked before it is followed."""
    return request.POST.get("next", "") or request.GET.get("next", "")


def _asked_to_wait(request: HttpRequest, template: str, form: Any, seconds: int) -> HttpResponse:
    """What was typed is not even looked at."""
    response = render(request, template, _context(request, form) | {"wait": seconds}, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _password_was_right(request: HttpRequest, staff: Staff) -> HttpResponse:
    if queries.has_factor(staff):
        sessions.keep_half(request, staff)
        return _led(request, "identity:second")
    return _signed_in(request, staff, second="")


def _signed_in(request: HttpRequest, staff: Staff, *, second: str) -> HttpResponse:
    wanted, now = _wanted(request), timezone.now()
    key = throttle.origin(request, staff.username).key
    sessions.begin(request, staff, second=second, key=key)
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = HttpResponseRedirect(wanted if safe else resolve_url("console:queue"))
    throttle.remember_device(response, staff, now)
    return response


def _note_failure(where: throttle.Origin, now: datetime) -> None:
    """A known device that errs slows itself alone."""
    account = b"" if where.known else where.account
    actions.note_failed_sign_in(now=now, network_key=where.key, account_key=account)


def _led(request: HttpRequest, page: str) -> HttpResponse:
    """To another page of signing in; the page that is wanted in the end comes along."""
    wanted = _wanted(request)
    return HttpResponseRedirect(resolve_url(page) + ("?" + urlencode({"next": wanted}) if wanted else ""))


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """The second factor of somebody whose password was right a moment ago."""
    staff = sessions.half(request)
    if staff is None:
        return _again(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST":
        now, where = timezone.now(), throttle.origin(request, staff.username)
        if wait := where.seconds_to_wait(now):
            return _asked_to_wait(request, "identity/second.html", CodeForm(), wait)
        if form.is_valid():
            if kind := actions.show_code(now=now, staff=staff, code=form.cleaned_data["code"]):
                return _signed_in(request, staff, second=kind)
            _note_failure(where, now)
            if not sessions.fail_half(request):
                return _again(request)
            form.refuse()
    kinds = queries.kinds_of(staff)
    context = _context(request, form)
    context |= {"kinds": kinds, "passkeys": context["passkeys"] and "passkey" in kinds}
    return render(request, "identity/second.html", context)


def _again(request: HttpRequest) -> HttpResponse:
    messages.warning(request, _("Please begin again with your name and password."))
    return _led(request, "identity:sign-in")


@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to use a passkey: one of who gave their password, or any that it has for this site."""
    site = sessions.site_of(request)
    if site is None:
        return JsonResponse({}, status=404)
    staff = sessions.half(request)
    known = [one.passkey for one in queries.passkeys_of(staff)] if staff else []
    options, state = passkeys.ask_to_use(site, known)
    sessions.keep_asked(request, state)
    return JsonResponse(options)


@never_cache
@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """Signs in by a passkey, with or without a password before. No network and no account has to wait for that."""
    halfway = sessions.half(request)
    if request.method == "POST":
        try:
            staff = _shown_passkey(request, halfway)
        except PasskeyError:
            messages.error(
                request, _("This passkey was not accepted. Try once more, or sign in another way.")
            )
        else:
            return _signed_in(request, staff, second="passkey")
    return _led(request, "identity:second" if halfway else "identity:sign-in")


def _shown_passkey(request: HttpRequest, halfway: Staff | None) -> Staff:
    site, state = sessions.site_of(request), sessions.asked(request)
    answer = _json(request.POST.get("credential", ""))
    staff = halfway or queries.active_staff(passkeys.whose(answer))
    if site is None or state is None or staff is None:
        raise PasskeyError(PasskeyError.__doc__)
    actions.show_passkey(now=timezone.now(), staff=staff, site=site, state=state, answer=answer)
    return staff


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise PasskeyError(PasskeyError.__doc__) from wrong


@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Only a POST ends the session: a link or a picture elsewhere can't sign anybody out."""
    if request.method == "POST":
        row, user = sessions.row_of(request), request.user
        logout(request)
        if row and isinstance(user, Staff):
            actions.end_sessions(actor=Actor("staff", str(user.id)), now=timezone.now(), staff=user, only=row)
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
