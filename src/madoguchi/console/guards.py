"""What the console's views have in common beside the permission: an id that is not there, and a form's own address."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from madoguchi.incidents.actions import UnknownReportError

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
Guarded = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def not_found_where_unknown(view: View[P]) -> View[P]:
    """A report that is not there is answered with the page that every wrong address gets."""

    @wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except UnknownReportError as unknown:
            raise Http404 from unknown

    return cast("View[P]", answered)


def form_on(page: str) -> Callable[[Guarded[P]], Guarded[P]]:
    """A view that a form on `page` posts to; opened by address it leads to that page.

    So it is opened after a sign-in that came between, after a switch of language, and on loading the page again.
    """

    def around(view: Guarded[P]) -> Guarded[P]:
        posted = require_POST(view)

        @wraps(view)
        def led(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method in {"GET", "HEAD"}:
                given = {name: kwargs[name] for name in ("report_id",) if name in kwargs}
                return HttpResponseRedirect(reverse(page, kwargs=given))
            return posted(request, *args, **kwargs)

        return cast("Guarded[P]", led)

    return around
