"""One's own second factors: seen by their owner, added and ended by who signed in a short while ago."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

import segno
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from madoguchi.identity import actions, passkeys, queries, recovery, sessions, totp
from madoguchi.identity.errors import LastFactorError, PasskeyError
from madoguchi.identity.forms import AppForm, PasskeyForm
from madoguchi.identity.models import Staff
from madoguchi.identity.queries import actor_of, own_page

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def _fresh(view: View[P]) -> View[P]:
    """For who signed in a short while ago; others are told to do so once more: a session found open changes nothing."""

    @wraps(view)
    def asked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not sessions.is_fresh(request):
            messages.warning(request, _("To change how you sign in, please sign in once more first."))
            return _home()
        return view(request, *args, **kwargs)

    return cast("View[P]", asked)


@never_cache
@require_safe
@own_page
def page(request: HttpRequest) -> HttpResponse:
    staff = _staff(request)
    factors = queries.factors_of(staff)
    context = {
        "page": "own",
        "must_add": queries.must_add_factor(request),
        "fresh": sessions.is_fresh(request),
        "factors": factors,
        "has_app": any(one.kind == "totp" for one in factors),
        "codes_left": queries.codes_left(staff) if factors else 0,
        "passkeys": sessions.site_of(request) is not None,
        "sessions": queries.sessions_of(staff, timezone.now()),
        "here": sessions.row_of(request),
        "last_may_end": not settings.OPTIONS.second_factor,
    }
    return render(request, "identity/own.html", context)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
@own_page
@_fresh
def app(request: HttpRequest) -> HttpResponse:
    """An authenticator app: its secret is shown, and kept when a code made from it comes back."""
    staff, now = _staff(request), timezone.now()
    secret = sessions.kept_secret(request, staff)
    form = AppForm(request.POST or None)
    if secret is None:
        secret, form = totp.new_secret(), AppForm()
        sessions.keep_secret(request, staff, secret)
    if form.is_valid():
        step = totp.matching_step(secret, recovery.plain(form.cleaned_data["code"]), now)
        if step is not None:
            codes = actions.add_app(actor=actor_of(request), now=now, staff=staff, secret=secret, step=step)
            sessions.drop_secret(request)
            return _added(request, codes, kind="totp")
        form.refuse()
    picture = totp.address(secret, account=staff.username, issuer=settings.OPTIONS.centre_name)
    context = {"page": "own", "form": form, "picture": _picture(picture), "secret": totp.as_text(secret)}
    return render(request, "identity/own_app.html", context)


def _picture(address: str) -> str:
    # Attributes alone, no style and no script: the page's policy lets it stand. The address is in it as dots only.
    svg = segno.make(address, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", omitsize=True
    )
    return mark_safe(svg)  # noqa: S308 -- made here, from numbers


@never_cache
@require_http_methods(["GET", "POST"])
@own_page
@_fresh
def passkey(request: HttpRequest) -> HttpResponse:
    staff, site = _staff(request), sessions.site_of(request)
    if site is None:
        return _home()
    form = PasskeyForm(request.POST or None)
    if form.is_valid():
        try:
            made = passkeys.made(site, sessions.asked(request) or {}, form.cleaned_data["credential"])
        except PasskeyError:
            form.add_error(None, _("This passkey could not be added. Nothing was changed. Please try again."))
        else:
            codes = actions.add_passkey(
                actor=actor_of(request),
                now=timezone.now(),
                staff=staff,
                passkey=made,
                label=form.cleaned_data["label"],
            )
            return _added(request, codes, kind="passkey")
    return render(request, "identity/own_passkey.html", {"page": "own", "form": form})


@never_cache
@require_POST
@own_page
@_fresh
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to make a passkey."""
    staff, site = _staff(request), sessions.site_of(request)
    if site is None:
        return JsonResponse({}, status=404)
    known = [one.passkey for one in queries.passkeys_of(staff)]
    options, state = passkeys.ask_to_make(site, user=staff.id, username=staff.username, known=known)
    sessions.keep_asked(request, state)
    return JsonResponse(options)


@never_cache
@require_http_methods(["GET", "POST"])
@own_page
@_fresh
def codes(request: HttpRequest) -> HttpResponse:
    """Fresh recovery codes; the address alone makes none."""
    staff = _staff(request)
    if request.method != "POST" or not queries.has_factor(staff):
        return _home()
    fresh = actions.renew_recovery_codes(actor=actor_of(request), now=timezone.now(), staff=staff)
    return _codes(request, fresh)


@never_cache
@require_http_methods(["GET", "POST"])
@own_page
@_fresh
def end(request: HttpRequest, key: UUID) -> HttpResponse:
    if request.method != "POST":
        return _home()
    try:
        ended = actions.end_factor(
            actor=actor_of(request),
            now=timezone.now(),
            staff=_staff(request),
            factor=key,
            last_may_end=not settings.OPTIONS.second_factor,
        )
    except LastFactorError:
        messages.error(request, _("This is your only second factor. Add another one first."))
    else:
        said = _("It no longer signs you in.") if ended else _("This was done in the meantime.")
        messages.success(request, said)
    return _home()


@never_cache
@require_http_methods(["GET", "POST"])
@own_page
def end_session(request: HttpRequest, key: UUID | None = None) -> HttpResponse:
    """Ends one of one's own sessions, or all but this one. A session found open may do that: it opens nothing."""
    if request.method == "POST":
        here = sessions.row_of(request)
        ended = actions.end_sessions(
            actor=actor_of(request), now=timezone.now(), staff=_staff(request), only=key, but=here
        )
        said = _("Whoever used it is signed out.") if ended else _("This was done in the meantime.")
        messages.success(request, said)
    return _home()


def _added(request: HttpRequest, codes: list[str], *, kind: str) -> HttpResponse:
    request.session[queries.SECOND] = kind
    messages.success(request, _("It is saved. From now on you are asked for it when you sign in."))
    return _codes(request, codes) if codes else _home()


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(request, "identity/codes.html", {"page": "own", "codes": codes})


def _staff(request: HttpRequest) -> Staff:
    return cast("Staff", request.user)


def _home() -> HttpResponse:
    return HttpResponseRedirect(resolve_url("identity:own"))
