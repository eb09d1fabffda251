"""Writing to us on the private page: words alone, or words with files, which are sealed while they come in."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from madoguchi.counter.status.forms import AdditionForm, FilesForm
from madoguchi.counter.status.visits import PATH, for_visitor
from madoguchi.incidents.queries import Visit
from madoguchi.intake import actions as intake
from madoguchi.intake.queries import draft_of, room_for_files

A_DAY = 24 * 3600


def send(visit: Visit, form: AdditionForm, draft: intake.OpenDraft | None = None) -> HttpResponse:
    """Takes in what was written; back to the page. Raises TooLargeError."""
    intake.add_to_report(
        now=timezone.now(),
        text=form.cleaned_data["text"],
        draft=draft,
        language="en" if get_language() == "en" else "ja",
        correspondence=visit.correspondence,
        anonymous=visit.thread.anonymous,
    )
    return HttpResponseRedirect(reverse("counter:status") + "?added")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@for_visitor
def with_files(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Words with files. The files are in a draft when this is reached: the upload handler took them."""
    # In this order: reading the form is what lets the upload handler put its files into the draft.
    form = FilesForm(request.POST if request.method == "POST" else None)
    draft = draft_of(request)
    if draft and draft.thread != visit.correspondence:
        # Begun in this browser for another report, perhaps by somebody else: neither shown nor sent here.
        intake.end_draft(draft=draft.id, now=timezone.now())
        draft = None
    if request.method != "POST" or draft is None:
        # The draft had ended while the page was open: the words stay, the files have to be chosen again.
        if request.method == "POST" and form.errors is not None:
            form.add_error(
                None, _("Nothing was sent yet: this page was open for too long. Choose your files once more.")
            )
        response = _page(request, form if draft is None else FilesForm(), draft)
        if draft is None:
            _begin(response, visit)
        return response
    return _posted(request, visit, form, draft)


def _posted(request: HttpRequest, visit: Visit, form: FilesForm, draft: intake.OpenDraft) -> HttpResponse:
    received = cast("list[intake.Received]", request.FILES.getlist("files"))
    refused = [one for one in received if one.refused]
    unwanted = [file for file in draft.files if str(file.id) == request.POST.get("remove", "")]
    for file in unwanted:
        intake.remove_file(draft=draft.id, file=file)
    if refused or unwanted or "add" in request.POST:
        form = FilesForm(initial={"text": request.POST.get("text", "")})
        return _page(request, form, draft_of(request), refused)
    if form.is_valid() and not (form.cleaned_data["text"] or draft.files):
        form.add_error("text", _("Please write something, or choose a file, before you send it."))
    if not form.is_valid():
        return _page(request, form, draft)
    try:
        response = send(visit, form, draft)
    except intake.TooLargeError:
        form.add_error(None, _("This is too large with its files. Remove a file; you can send it later."))
        return _page(request, form, draft)
    response.delete_cookie(intake.COOKIE, path=PATH, samesite="Strict")
    return response


def _page(
    request: HttpRequest,
    form: FilesForm,
    draft: intake.OpenDraft | None,
    refused: list[intake.Received] | None = None,
) -> HttpResponse:
    given = {
        "page": "come-back",
        "form": form,
        "files": draft.files if draft else (),
        "refused": refused or (),
        "most": room_for_files() * 57 // 78,
        "many": settings.OPTIONS.max_report_files,
    }
    return render(request, "counter/status/files.html", given, status=422 if form.errors or refused else 200)


def _begin(response: HttpResponse, visit: Visit) -> None:
    """A draft for the files, its token in a cookie of this page alone."""
    token = intake.begin_draft(now=timezone.now(), notice="", thread=visit.correspondence)
    response.set_cookie(
        intake.COOKIE,
        token,
        max_age=A_DAY,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
