"""Every component in every state, and the way to every page; in the demonstration only."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from madoguchi.console.samples import SAMPLES, SampleForm
from madoguchi.identity.queries import permitted

DENSITIES: Final = {"public": "console/gallery_public.html", "console": "console/gallery_console.html"}
AT: Final = datetime(2026, 11, 25, 9, 5, tzinfo=UTC)


@never_cache
@require_safe
@permitted("read-reports")
def page(request: HttpRequest, density: str = "public") -> HttpResponse:
    """The gallery as the public sees its parts, or as the desk does."""
    if not (settings.OPTIONS.demonstration or settings.DEBUG):
        raise Http404
    words = SAMPLES["ja" if get_language() == "ja" else "en"]
    return render(request, DENSITIES[density], {"page": "gallery"} | _shown(words))


def _shown(words: dict[str, Any]) -> dict[str, Any]:
    filled = {name: words[name] for name in ("what", "name")} | {"kind": "malware", "share": ["site"]}
    empty = SampleForm(words, prefix="empty")
    return {
        "words": words,
        "empty": empty,
        "when": [empty[name] for name in ("day", "hour", "zone")],
        "kinds_of_message": ("info", "success", "warning", "error"),
        "filled": SampleForm(words, prefix="filled", initial=filled),
        "wrong": SampleForm(words, {"wrong-what": "", "wrong-name": words["name"]}, prefix="wrong"),
        "files": [
            {"id": "1", "name": "access.log", "size": 20_480},
            {"id": "2", "name": words["file_name"], "size": 20 * 1024 * 1024},
        ],
        "rows": [
            {"label": words["kind_label"], "values": [words["kinds"]["malware"][0]], "href": "#answers"},
            {"label": words["what_label"], "values": [words["what"], words["long"]], "href": "#answers"},
            {"label": words["name_label"], "values": [], "href": "#answers"},
        ],
        "letters": [
            {"ours": False, "at": AT, "subject": "", "text": words["what"]},
            {"ours": True, "at": AT, "subject": words["subject"], "text": words["letter"]},
        ],
        "at": AT,
        "addresses": sorted(set(_addresses())),
    }


def _addresses(patterns: Sequence[Any] | None = None, namespace: str = "") -> Iterator[str]:
    """Every address that needs no id."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _addresses(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and pattern.name and not pattern.pattern.converters:
            yield reverse(f"{namespace}{pattern.name}")
