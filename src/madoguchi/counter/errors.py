"""Error pages: what happened, what is safe, what to do. None repeats anything of the request."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from madoguchi.identity.errors import NotAllowedError
from madoguchi.lib import languages


def _page(request: HttpRequest, status: int, title: str, sentence: str, safe: str, todo: str) -> HttpResponse:
    given: dict[str, Any] = {"title": title, "sentence": sentence, "safe": safe, "todo": todo}
    given |= {"languages": languages.offered(get_language() or settings.LANGUAGE_CODE)}
    return render(request, "lib/error.html", given, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return _page(
            request,
            413,
            _("This is too large"),
            _("Your browser sent more at once than this page takes."),
            _("Nothing was changed."),
            _("Go back; what you typed still stands there. Shorten it, or add the long part as a file."),
        )
    return _page(
        request,
        400,
        _("This request could not be understood"),
        _("Your browser sent something that this page does not expect."),
        _("Nothing was changed."),
        _("Go back, load the page again, and try once more."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, NotAllowedError):
        return _page(
            request,
            403,
            _("Your role does not include this"),
            _("You are signed in, but this page is for other roles."),
            _("Nothing was changed."),
            _("Ask whoever gives out roles at your centre."),
        )
    return csrf_failure(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django's signature
    return _page(
        request,
        403,
        _("This page had grown old"),
        _("What you sent could not be matched with the page you had open."),
        _("Nothing was changed."),
        _("Go back, load the page again, and send it once more. Cookies have to be allowed for this site."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    return _page(
        request,
        404,
        _("There is no such page"),
        _("Nothing stands at this address, or it is not yours to see."),
        "",
        _("Check the address, or start from the first page."),
    )


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """The last resort: a page of its own in both languages that needs neither database, session nor base template."""
    return HttpResponse(render_to_string("lib/broken.html"), status=500)
