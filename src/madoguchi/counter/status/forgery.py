"""The check against forged forms, for pages whose address holds a token.

Such a page says `Referrer-Policy: no-referrer`, so that its address is told to nobody; with its form browsers then send
`Origin: null` (Fetch, 3.1), which Django refuses. Here that one value passes on to the check of the form's own token
against the cookie, which no other site can read or send (SameSite).
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.csrf import csrf_exempt

P = ParamSpec("P")


class _TokenAlone(CsrfViewMiddleware):
    def _origin_verified(self, request: HttpRequest) -> bool:
        return request.META.get("HTTP_ORIGIN") == "null" or bool(super()._origin_verified(request))  # type: ignore[misc]  # the stubs leave it out


def tells_nobody(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """A view at an address with a token: it leaves in no Referer, and its form is checked all the same."""
    checked = decorator_from_middleware(_TokenAlone)(view)

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        # Also of a form that was refused: its page stands at the same address, and has links.
        response = cast("HttpResponse", checked(*args, **kwargs))
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return cast("Callable[P, HttpResponse]", csrf_exempt(answered))
