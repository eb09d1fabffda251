"""Which language a page speaks, and the way to the same page in the other.

A link with `?lang=` switches: it works without a script, without a form and without cookies. A cookie remembers the
choice; as long as it does not come back, the page's own links carry the choice on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

PARAMETER: Final = "lang"
YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Language:
    """A language that is offered: its code, its own name, the page's address in it, and whether it is spoken now."""

    code: str
    name: str
    href: str
    current: bool


def asked(request: HttpRequest) -> str:
    """The offered language that the address names; "" for none."""
    code = request.GET.get(PARAMETER, "")
    return code if code in dict(settings.LANGUAGES) else ""


def kept(request: HttpRequest) -> str:
    """What the page's own links carry: the choice in the address that no cookie remembers yet, else ""."""
    code = asked(request)
    return f"?{PARAMETER}={code}" if code and code != _remembered(request) else ""


def offered(current: str, query: str = "") -> tuple[Language, ...]:
    """The languages for a page's links, relative to the page. `query`, urlencoded and without `lang`, is kept."""
    before = f"?{query}&" if query else "?"
    return tuple(
        Language(code, str(name), f"{before}{PARAMETER}={code}", code == current)
        for code, name in settings.LANGUAGES
    )


def offered_on(request: HttpRequest, current: str) -> tuple[Language, ...]:
    """The same for the page that was asked for, with everything else that its address asks."""
    query = request.GET.copy()
    query.pop(PARAMETER, None)
    return offered(current, query.urlencode())


class SpeakTheReadersLanguage:
    """Middleware: the language of the address, else of the cookie, else of the browser, else the centre's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = asked(request)
        language = chosen or translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self._get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        if chosen and chosen != _remembered(request):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                chosen,
                max_age=YEAR,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _remembered(request: HttpRequest) -> str:
    return request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
