"""Pages that are the same for everybody: rendered once for each language, then answered from memory.

Such a page is rendered without its request, so nothing of a person can stand on it: no name, no message, no token of
a form. The middleware answers it before sessions are looked at: it asks the database nothing, whoever reads it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language

from madoguchi.lib import languages
from madoguchi.lib.centre import centre

SECONDS: Final = 60
"""How long a browser or a cache in between may keep a page."""
PAGES: Final = 256


@dataclass(frozen=True, slots=True)
class Reader:
    """All that such a page may know of who reads it: the language. `centre`: what pages say of the centre."""

    language: str
    centre: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be shown: a template, and what it needs beside the centre and the languages."""

    template: str
    given: Mapping[str, Any] = field(default_factory=dict)


View = Callable[..., Page]
Answer = Callable[..., HttpResponse]


def before_sessions(view: Answer) -> Answer:
    """Marks a view that looks at no session, user or message: the middleware below answers it at once."""
    view.before_sessions = True  # type: ignore[attr-defined]  # a mark on a function, which has no such attribute
    return view


def for_everybody(view: View) -> Answer:
    """Makes a view of a function from a Reader (and the words of the address) to a Page. It may raise Http404."""

    @wraps(view)
    def answer(request: HttpRequest, **words: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        language = get_language() or settings.LANGUAGE_CODE
        body, tag = _rendered(view, settings.OPTIONS, language, languages.kept(request), tuple(words.items()))
        headers = {
            "Cache-Control": f"public, max-age={SECONDS}",
            "Content-Length": str(len(body)),
            "ETag": tag,
        }
        response = HttpResponse(body, headers=headers)
        conditional = get_conditional_response(request, etag=tag, response=response)
        return conditional if isinstance(conditional, HttpResponse) else response

    return before_sessions(answer)


@lru_cache(maxsize=PAGES)
def _rendered(
    view: View, options: Any, language: str, keep: str, words: tuple[tuple[str, str], ...]
) -> tuple[bytes, str]:
    """The page as bytes, and its ETag. All that it depends on is an argument."""
    reader = Reader(language, centre(options, language))
    page = view(reader, **dict(words))
    common = {
        "centre": reader.centre,
        "demonstration": options.demonstration,
        "languages": languages.offered(language),
        "keep": keep,
    }
    body = render_to_string(page.template, common | dict(page.given)).encode()
    return body, f'"{sha256(body).hexdigest()[:32]}"'


class AnswerEverybodyFirst:
    """Middleware: answers at once what needs no session; everything else goes on to sessions and what needs them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Raises DisallowedHost where the request names a host that is not ours."""
        request.get_host()
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self._get_response(request)
        if not getattr(match.func, "before_sessions", False):
            return self._get_response(request)
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return response
