"""The addresses below /status/ and /confirm/."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from madoguchi.counter.status import shown
from madoguchi.counter.status.deeds import DEEDS, Deed, deed_of
from madoguchi.counter.status.forgery import tells_nobody
from madoguchi.counter.status.forms import AdditionForm, ReceiptForm
from madoguchi.counter.status.slowing import slow_down
from madoguchi.counter.status.visits import PATH, begin, for_visitor, leave, unlisted
from madoguchi.counter.status.writing import send
from madoguchi.disclosure.links import link_to
from madoguchi.incidents.actions import ThreadNotReadyError, confirm_contact
from madoguchi.incidents.queries import (
    Visit,
    link_handle,
    private_page,
    report_to_confirm,
    visit_by_link,
    visit_by_receipt,
)
from madoguchi.intake import actions as intake
from madoguchi.intake.queries import draft_of

READ_OR_SEND = require_http_methods(["GET", "HEAD", "POST"])
ONCE: Final[dict[str, Any]] = {"page": "come-back", "languages": ()}
"""For what is shown once, after a form was sent: the link to the other language would lose it."""


@sensitive_post_parameters()
@READ_OR_SEND
@unlisted
def come_back(request: HttpRequest) -> HttpResponse:
    """Where a receipt is entered; unknown, misspelt and ended ones are answered alike."""
    form = ReceiptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if visit := visit_by_receipt(form.cleaned_data["receipt"]):
            return begin(HttpResponseRedirect(reverse("counter:status")), visit.handle)
        slow_down(request)
        form.add_error("receipt", str(shown.WRONG_RECEIPT))
    given = {
        "page": "come-back",
        "form": form,
        "ended": "ended" in request.GET,
        "left": "left" in request.GET,
    }
    return render(request, "counter/status/come_back.html", given)


@READ_OR_SEND
@tells_nobody
@unlisted
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a private link: one button, whether the link is one of ours or not; nothing is looked up before."""
    if request.method != "POST":
        return render(request, "counter/status/by_link.html", {"page": "come-back"})
    if visit := visit_by_link(token):
        return begin(HttpResponseRedirect(reverse("counter:status")), visit.handle)
    slow_down(request)
    return render(request, "counter/status/wrong_link.html", {"page": "come-back"}, status=404)


@require_safe
@for_visitor
def status(request: HttpRequest, visit: Visit) -> HttpResponse:
    return _status(request, visit, AdditionForm(), added="added" in request.GET)


def _status(
    request: HttpRequest, visit: Visit, form: AdditionForm, *, added: bool = False, code: int = 200
) -> HttpResponse:
    page = private_page(visit)
    given: Mapping[str, Any] = {
        "page": "come-back",
        "status": shown.status(page),
        "letters": shown.letters(page),
        "additions": page.additions,
        "anonymous": visit.thread.anonymous,
        "deeds": [deed for deed in DEEDS if deed.possible(page)],
        "form": form,
        "added": added,
    }
    return render(request, "counter/status/status.html", given, status=code)


@sensitive_post_parameters()
@READ_OR_SEND
@for_visitor
def add(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Takes in what a reporter writes, raw first, as everything that comes in; opened by address it leads back."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("counter:status"))
    form = AdditionForm(request.POST)
    if not form.is_valid():
        return _status(request, visit, form, code=422)
    return send(visit, form)


@READ_OR_SEND
@for_visitor
def do(request: HttpRequest, visit: Visit, name: str) -> HttpResponse:
    """A deed: what it means, and one button."""
    deed = deed_of(name)
    if deed is None:
        raise Http404
    if request.method == "POST":
        return _done(request, visit, deed, timezone.now())
    if not deed.possible(private_page(visit)):
        return HttpResponseRedirect(reverse("counter:status"))
    return render(request, "counter/status/deed.html", {"page": "come-back", "deed": deed})


def _done(request: HttpRequest, visit: Visit, deed: Deed, now: datetime) -> HttpResponse:
    try:
        token = deed.do(visit, now)
    except ThreadNotReadyError:
        return HttpResponseRedirect(reverse("counter:status"))
    if token:
        link = link_to("private", settings.OPTIONS.base_url, token)
        response = render(request, "counter/status/new_link.html", ONCE | {"link": link})
        # Who came by the old link goes on by the new one; who came by the receipt still holds it.
        return begin(response, link_handle(token)) if visit.kind == "link" else response
    if deed.after == "end":
        return leave(render(request, "counter/status/closed.html", ONCE))
    return HttpResponseRedirect(reverse("counter:status"))


@READ_OR_SEND
@unlisted
def go(request: HttpRequest) -> HttpResponse:
    """Ends the session in this browser, and what was not sent; the codes stay. Opened by address it leads back."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("counter:status"))
    response = leave(HttpResponseRedirect(reverse("counter:come-back") + "?left"))
    if draft := draft_of(request):
        intake.end_draft(draft=draft.id, now=timezone.now())
        response.delete_cookie(intake.COOKIE, path=PATH, samesite="Strict")
    return response


@READ_OR_SEND
@tells_nobody
@unlisted
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The owner of a contact address confirms it by one button; opening the page alone does nothing."""
    if request.method == "POST":
        reference = confirm_contact(now=timezone.now(), token=token.lower())
        if reference:
            return render(request, "counter/status/confirmed.html", ONCE | {"reference": reference})
    elif report_to_confirm(token.lower()):
        return render(request, "counter/status/confirm.html", {})
    slow_down(request)
    return render(request, "counter/status/wrong_link.html", {"confirming": True}, status=404)
