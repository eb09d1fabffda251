"""A centre's own accent and mark, served by us: no style stands inside a page."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from madoguchi.counter.everybody import before_sessions
from madoguchi.lib import colours

SECONDS = 3600


@before_sessions
@require_safe
def sheet(_request: HttpRequest) -> HttpResponse:
    """The stylesheet of the centre's accent, after ours in the same layer; 404 where none is set."""
    accent = settings.OPTIONS.centre_accent
    if not accent:
        raise Http404
    light, dark = (
        "; ".join(f"--{name}: {value}" for name, value in tokens.items())
        for tokens in colours.light_and_dark(accent)
    )
    text = (
        f"@layer tokens {{ @media not print {{ :root {{ {light} }}"
        f" @media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }} }} }}\n"
    )
    return _kept(text, "text/css; charset=utf-8")


@before_sessions
@require_safe
def logo(_request: HttpRequest) -> HttpResponse:
    """The centre's mark; 404 where none is set. Opened by itself it can do nothing, whatever the file holds."""
    if settings.OPTIONS.logo is None:
        raise Http404
    content, kind = settings.OPTIONS.logo
    response = _kept(content, kind)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _kept(content: str | bytes, kind: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Cache-Control": f"public, max-age={SECONDS}"})
