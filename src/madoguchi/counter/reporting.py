"""The report form: a page to begin with, one question at a time, a page to check the answers, and a confirmation.

What is typed goes into a sealed draft and nowhere else: not into the session, an address or the log.
"""

from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from madoguchi.counter import guidance, notices
from madoguchi.counter.filling import SectionForm, answer_rows, form_of, problem_rows
from madoguchi.disclosure.links import link_to
from madoguchi.incidents.codes import in_groups
from madoguchi.intake import actions as intake
from madoguchi.intake.queries import draft_of, find_draft, room_for_files
from madoguchi.mail.forms import INCIDENT_REPORT, Language, Section

SECTIONS = {section.id: section for section in INCIDENT_REPORT.sections}
STEPS = (*SECTIONS, "files", "check")
A_DAY = 24 * 3600
MEND = "mend"
"""In an address: what is kept is wrong, and the page says so."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """What is needed, who will read it; the button begins a draft, or goes on with the one that is there."""
    draft = draft_of(request)
    if request.method != "POST":
        return render(
            request, "counter/report/start.html", {"page": "report", "draft": draft, "steps": len(STEPS)}
        )
    response = HttpResponseRedirect(resolve_url("counter:report-step", STEPS[0]))
    if draft is None or draft.confirmation:
        _begin(response)
    return response


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, name: str) -> HttpResponse:
    """One section: what was typed is kept, right or wrong; on to the next only when it is right."""
    if name not in SECTIONS:
        raise Http404
    draft = draft_of(request)
    if draft and draft.confirmation:
        return HttpResponseRedirect(resolve_url("counter:report-done"))
    if request.method == "POST":
        return _answered(request, SECTIONS[name], draft)
    if draft is None:
        return _gone(request)
    return _asked(request, SECTIONS[name], draft)


def _answered(request: HttpRequest, section: Section, draft: intake.OpenDraft | None) -> HttpResponse:
    form = SectionForm(section, _language(), request.POST)
    # Always another address: a page that answers a post is asked for again, with a warning, when one goes back.
    response = HttpResponseRedirect(_next(request, section.id) if form.is_valid() else _to_mend(request))
    if draft is None:
        # The draft had ended while the page was open: what was typed begins a new one and is not lost.
        draft = _begin(response)
    try:
        intake.keep_answers(draft=draft, given=form.answers, asked=form.asked)
    except intake.DraftGoneError:
        return _gone(request)
    return response


def _asked(request: HttpRequest, section: Section, draft: intake.OpenDraft) -> HttpResponse:
    language, kind = _language(), str(draft.answers.get("kind", ""))
    form = form_of(section, language, draft.answers, judged=MEND in request.GET)
    given = _place(request, section.id) | {"form": form, "section": section}
    given |= {"title": section.title.of(language), "why": section.why.of(language)}
    if section.id == STEPS[1] and kind in guidance.KINDS:
        given["guide"] = guidance.guide(language, kind)
    return render(request, "counter/report/step.html", given)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """Files are in the draft when this is reached: the upload handler took them. Here is said what became of them."""
    received = (
        cast("list[intake.Received]", request.FILES.getlist("files")) if request.method == "POST" else []
    )
    draft = draft_of(request)
    if draft is None:
        return _gone(request)
    if draft.confirmation:
        return HttpResponseRedirect(resolve_url("counter:report-done"))
    refused = [one for one in received if one.refused]
    if request.method == "POST" and not refused:
        return _filed(request, draft)
    given = _place(request, "files") | {
        "files": draft.files,
        "refused": refused,
        "most": room_for_files() * 3 // 4,
    }
    return render(request, "counter/report/files.html", given | {"many": settings.OPTIONS.max_report_files})


def _filed(request: HttpRequest, draft: intake.OpenDraft) -> HttpResponse:
    """Stays on the page where a file was added or removed, else goes on."""
    unwanted = request.POST.get("remove", "")
    for file in draft.files:
        if str(file.id) == unwanted:
            intake.remove_file(draft=draft.id, file=file)
    stays = unwanted or "add" in request.POST
    return HttpResponseRedirect(request.get_full_path() if stays else _next(request, "files"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """All answers once more; handing them in twice makes one report."""
    draft = draft_of(request)
    if draft is None:
        return _gone(request)
    if draft.confirmation:
        return HttpResponseRedirect(resolve_url("counter:report-done"))
    trouble = ""
    if request.method == "POST" and request.POST.get("version", str(draft.version)) != str(draft.version):
        trouble = _("Please look at your answers again: something is missing, or was changed meanwhile.")
    elif request.method == "POST":
        try:
            intake.hand_in(now=timezone.now(), draft=draft, language=_language())
            return HttpResponseRedirect(resolve_url("counter:report-done"))
        except intake.TooLargeError:
            trouble = _("The report with its files is too large. Remove a file; you can send it later.")
        except intake.NotReadyError:
            trouble = _("Please look at your answers again: something is missing, or was changed meanwhile.")
        except intake.DraftGoneError:
            return _gone(request)
    return _checked(request, draft, trouble)


def _checked(request: HttpRequest, draft: intake.OpenDraft, trouble: str) -> HttpResponse:
    language = _language()
    problems = problem_rows(draft.answers, language)
    given = {
        "rows": answer_rows(draft.answers, language),
        "files": draft.files,
        "problems": problems,
        "trouble": "" if problems else trouble,
        "anonymous": draft.answers.get("contact") == "anonymous",
        "version": draft.version,
    }
    return render(request, "counter/report/check.html", _place(request, "check") | given)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def done(request: HttpRequest) -> HttpResponse:
    """The confirmation: shown until it was kept, or for a quarter of an hour. Afterwards nobody can show it again."""
    draft = draft_of(request)
    if request.method == "POST" and (draft is None or draft.confirmation):
        if draft:
            intake.end_draft(draft=draft.id, now=timezone.now())
        return _without_cookie(render(request, "counter/report/kept.html", {"page": "report"}))
    if draft is None:
        return _gone(request)
    if draft.confirmation is None:
        return HttpResponseRedirect(resolve_url("counter:report-check"))
    shown = draft.confirmation
    link = link_to("private", settings.OPTIONS.base_url, shown.link)
    given = {"page": "report", "shown": shown, "receipt": in_groups(shown.receipt), "link": link}
    return render(request, "counter/report/done.html", given)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest) -> HttpResponse:
    """Deletes what was typed, after one question."""
    draft = draft_of(request)
    if request.method != "POST":
        if draft is None:
            return _gone(request)
        return render(request, "counter/report/end.html", {"page": "report", "draft": draft})
    if draft and not draft.confirmation:
        intake.end_draft(draft=draft.id, now=timezone.now())
    return _without_cookie(render(request, "counter/report/ended.html", {"page": "report"}))


def _begin(response: HttpResponse) -> intake.OpenDraft:
    """A new draft, its token in the cookie of the response."""
    now = timezone.now()
    token = intake.begin_draft(now=now, notice=notices.current())
    response.set_cookie(
        intake.COOKIE,
        token,
        max_age=A_DAY,
        path=resolve_url("counter:report"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    draft = find_draft(token, now)
    assert draft is not None
    return draft


def _without_cookie(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(intake.COOKIE, path=resolve_url("counter:report"), samesite="Strict")
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "counter/report/gone.html", {"page": "report"}, status=410)


def _place(request: HttpRequest, name: str) -> dict[str, object]:
    """Where a page stands among the steps, and the way back."""
    number = STEPS.index(name)
    href = _route(STEPS[number - 1]) if number else resolve_url("counter:report")
    if request.GET.get("from") == "check":
        href = resolve_url("counter:report-check")
    return {"page": "report", "step": number + 1, "steps": len(STEPS), "back": href}


def _next(request: HttpRequest, name: str) -> str:
    return _route("check" if request.GET.get("from") == "check" else STEPS[STEPS.index(name) + 1])


def _to_mend(request: HttpRequest) -> str:
    query = request.GET.copy()
    query[MEND] = "1"
    return f"{request.path}?{query.urlencode()}"


def _route(name: str) -> str:
    return (
        resolve_url("counter:report-step", name)
        if name in SECTIONS
        else resolve_url(f"counter:report-{name}")
    )


def _language() -> Language:
    return "en" if get_language() == "en" else "ja"
