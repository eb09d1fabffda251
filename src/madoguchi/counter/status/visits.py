"""The short session of a private page: a signed cookie that names a code by its stored form, and no more.

The server keeps nothing of it. It ends 30 minutes after the last page, and at once when the code has ended.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, cast

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from madoguchi.incidents.actions import PageEndedError
from madoguchi.incidents.queries import Visit, visit_of

COOKIE: Final = "madoguchi_status"
PATH: Final = "/status/"
IDLE_SECONDS: Final = 30 * 60
_SALT: Final = "madoguchi.counter.status"

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
VisitorsView = Callable[Concatenate[HttpRequest, Visit, P], HttpResponse]


def unlisted(view: View[P]) -> View[P]:
    """A page that no cache keeps and no search engine lists."""

    @never_cache
    @wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return cast("View[P]", answered)


def for_visitor(view: VisitorsView[P]) -> View[P]:
    """A page for who holds a live code, given to the view; others are led to where a code is entered.

    Each page begins the half hour anew.
    """

    @wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        visit = current(request)
        if visit is None:
            return leave(HttpResponseRedirect(reverse("counter:come-back") + "?ended"))
        try:
            response = view(request, visit, *args, **kwargs)
        except PageEndedError:
            return leave(HttpResponseRedirect(reverse("counter:come-back") + "?ended"))
        if COOKIE not in response.cookies:
            begin(response, visit.handle)
        return response

    return unlisted(cast("View[P]", answered))


def current(request: HttpRequest) -> Visit | None:
    """The visit that the cookie names, while it lasts."""
    try:
        handle = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=IDLE_SECONDS)
    except signing.BadSignature:
        return None
    return visit_of(bytes.fromhex(handle))


def begin(response: HttpResponse, handle: bytes) -> HttpResponse:
    """Begins or goes on with the session of a code."""
    response.set_cookie(
        COOKIE,
        signing.dumps(handle.hex(), salt=_SALT),
        max_age=IDLE_SECONDS,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response


def leave(response: HttpResponse) -> HttpResponse:
    """Ends the session in this browser."""
    response.delete_cookie(COOKIE, path=PATH, samesite="Strict")
    return response
