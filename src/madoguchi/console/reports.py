"""The queue and the report page."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from madoguchi.console import downloads, places, shown, standing, tray, work
from madoguchi.console.forms import AnswerForm, VersionForm
from madoguchi.console.guards import form_on, not_found_where_unknown
from madoguchi.disclosure.actions import RefusedError
from madoguchi.identity.queries import actor_of, may_here, permitted, staff_names
from madoguchi.incidents import actions, queries
from madoguchi.incidents.queries import OpenedReport
from madoguchi.mail.actions import CompositionError
from madoguchi.mail.queries import letter_states, sent_letters

VIEW_NAMES: dict[str, str | Promise] = {
    "waiting": gettext_lazy("Waiting for us"),
    "tray": gettext_lazy("Probably no report"),
    "done": gettext_lazy("Done"),
    "automatic": gettext_lazy("Automatic mail"),
    "all": gettext_lazy("Everything"),
}
CHANGED = gettext_lazy(
    "Something new came in since you opened this report. Read it above, then send again; your text is kept."
)
UNWRITABLE = gettext_lazy(
    "This address or subject can't stand in a mail. Nothing was sent; your text is kept. "
    "Please change the subject, or write to the reporter by another way."
)
REFUSED = gettext_lazy("This letter may not leave to this address. Nothing was sent; your text is kept.")


@never_cache
@require_safe
@login_required
def desk(request: HttpRequest) -> HttpResponseBase:
    """The console's first page: the queue for who reads reports, the due work for who runs the machine."""
    if "read-reports" not in may_here(request):
        return work.page(request)
    return queue(request)


@permitted("read-reports")
def queue(request: HttpRequest) -> HttpResponse:
    view = request.GET.get("view", "waiting")
    view = view if view in VIEW_NAMES else "waiting"
    page = queries.page_of(
        view, before=places.read(request.GET.get("before")), after=places.read(request.GET.get("after"))
    )
    rows = actions.open_rows(actor=actor_of(request), now=timezone.now(), reports=page.reports, view=view)
    states = letter_states([row.letter for row in rows if row.letter])
    context = {
        "page": "queue",
        "view": view,
        "views": _views(view),
        "rows": [_row(row, states, view) for row in rows],
        "older_url": places.url(view, "before", page.older),
        "newer_url": places.url(view, "after", page.newer),
    }
    if view == "tray":
        return render(request, "console/tray.html", tray.with_reasons(context, page.reports))
    return render(request, "console/queue.html", context)


def _views(current: str) -> list[dict[str, Any]]:
    most = 1000
    counted = {name: queries.count_up_to(name, most) for name in ("waiting", "tray", "automatic")}
    return [
        {
            "name": label,
            "url": places.url(name),
            "count": counted.get(name),
            "more": counted.get(name, 0) >= most,
            "current": name == current,
        }
        for name, label in VIEW_NAMES.items()
    ]


def _row(row: queries.QueueRow, states: dict[UUID, str], view: str) -> dict[str, Any]:
    report = row.report
    return {
        "id": report.id,
        "url": reverse("console:report", args=[report.id]),
        "reference": report.correspondence.reference,
        "received_at": report.received_at,
        "sender_name": row.sender_name,
        "sender_address": row.sender_address,
        "subject": row.subject,
        "unseen": report.waiting_since is not None,
        "is_new": report.version == 1 and report.waiting_since is not None,
        "notes": list(_notes(row, states, view)),
        "by_form": report.door == "web",
        "coarse": report.correspondence.anonymous,
    }


def _notes(row: queries.QueueRow, states: dict[UUID, str], view: str) -> Iterator[tuple[str, str | Promise]]:
    """The style and words of what stands beside a report: most have one note or none."""
    report, waits = row.report, row.report.waiting_since is not None
    if waits and report.version > 1:
        yield "badge accent", _("New reply")
    # The view's own name says it where all of its rows wait, or none.
    if waits and view == "all":
        yield "badge waiting", _("Waiting for us")
    for mark in standing.marks(row.marks):
        yield "badge waiting", mark
    if report.door == "web":
        yield "badge", _("Web form")
    if view == "all" and (aside := tray.aside(report)):
        yield "badge", aside
    if row.possible:
        yield "badge", _("May belong to another report")
    if row.repeats:
        words = ngettext("Sent again %(times)s time", "Sent again %(times)s times", row.repeats)
        yield "badge", words % {"times": row.repeats}
    if report.attachments:
        words = ngettext("%(files)s attachment", "%(files)s attachments", report.attachments)
        yield "note", words % {"files": report.attachments}
    state = shown.acknowledged(row.acknowledgement, states.get(row.letter, "") if row.letter else "")
    nobody_to_tell = state == "none" and report.door == "web"
    nothing_to_say = (state, report.automatic) in shown.ORDINARY or nobody_to_tell or tray.holds(report)
    if not nothing_to_say:
        yield f"note acknowledged {state}", shown.ACKNOWLEDGEMENTS[state]


@never_cache
@require_safe
@permitted("read-reports")
@not_found_where_unknown
def report(request: HttpRequest, report_id: UUID) -> HttpResponse:
    return _report_page(request, report_id)


def _report_page(
    request: HttpRequest,
    report_id: UUID,
    sent: QueryDict | None = None,
    problem: str | Promise = "",
    status: int = 200,
) -> HttpResponse:
    opened = actions.open_report(actor=actor_of(request), now=timezone.now(), report_id=report_id)
    form = AnswerForm(sent, initial={"version": opened.report.version})
    form.recipient = opened.provider_address
    if problem:
        form.add_error(None, str(problem))
        # What was typed stays; what came in meanwhile now stands above it, so the next send is a choice.
        form.data = {**request.POST.dict(), "version": str(opened.report.version)}
    letters = sent_letters([message.letter for message in opened.messages if message.letter])
    names = staff_names([message.staff for message in opened.messages if message.staff])
    context = {
        "page": "report",
        "views": _views(""),
        "report": _report(opened),
        "acknowledgement": _acknowledgement(opened, {one: letter.state for one, letter in letters.items()}),
        "thread": shown.thread(opened, letters, names),
        "possible": [
            {
                "reference": reference,
                "url": reverse("console:report", args=[other]),
                "why": shown.POSSIBLE[why],
            }
            for reference, other, why in opened.possible
        ],
        "repeats": [{"at": repeat.at} for repeat in opened.repeats],
        "items": shown.items(opened),
        "tray": tray.notice(opened),
        "standing": standing.standing(opened),
        "wishes": standing.wishes(opened),
        "answer_form": form if opened.standing.way.way != "none" else None,
    }
    return render(request, "console/report.html", context, status=status)


def _report(opened: OpenedReport) -> dict[str, Any]:
    row = opened.report
    ends = [step.at for step in opened.steps if step.kind in {"answered", "set-aside", "no-report"}]
    return {
        "reference": row.correspondence.reference,
        "received_at": row.received_at,
        "subject": shown.subject(opened),
        "provider_name": opened.provider_name,
        "provider_address": opened.provider_address,
        "waiting": row.waiting_since is not None,
        "done_at": ends[-1] if ends else None,
        "version": row.version,
        "answer_url": reverse("console:answer", args=[row.id]),
        "done_url": reverse("console:set-aside", args=[row.id]),
    }


def _acknowledgement(opened: OpenedReport, states: dict[UUID, str]) -> dict[str, Any] | None:
    row = opened.acknowledgement
    if row is None:
        return None
    state = shown.acknowledged(row.verdict, states.get(row.letter, "") if row.letter else "")
    return {
        "state": state,
        "label": shown.ACKNOWLEDGEMENTS[state],
        "reason": shown.REASONS.get(row.reason, ""),
        "can_send": row.verdict == "capped"
        and not opened.standing.unsafe_at
        and not tray.holds(opened.report),
        "url": reverse("console:acknowledgement", args=[opened.report.id]),
    }


@never_cache
@form_on("console:report")
@permitted("answer")
@not_found_where_unknown
def answer(request: HttpRequest, report_id: UUID) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _report_page(request, report_id, request.POST)
    try:
        way = actions.answer(
            actor=actor_of(request), now=timezone.now(), report_id=report_id, **form.cleaned_data
        )
    except actions.ChangedMeanwhileError:
        return _report_page(request, report_id, request.POST, CHANGED, status=409)
    except CompositionError:
        return _report_page(request, report_id, request.POST, UNWRITABLE, status=422)
    except (actions.NoContactError, RefusedError):
        return _report_page(request, report_id, request.POST, REFUSED, status=422)
    done = _("Your answer is on its way.") if way == "mail" else _("Your answer stands on the private page.")
    messages.success(request, done)
    return HttpResponseRedirect(reverse("console:report", args=[report_id]))


@never_cache
@form_on("console:report")
@permitted("answer")
@not_found_where_unknown
def set_aside(request: HttpRequest, report_id: UUID) -> HttpResponse:
    form = VersionForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else 0
    try:
        actions.set_aside(actor=actor_of(request), now=timezone.now(), report_id=report_id, version=version)
    except actions.ChangedMeanwhileError:
        messages.warning(
            request, _("Something new came in since you opened this report. It stays in the queue.")
        )
        return HttpResponseRedirect(reverse("console:report", args=[report_id]))
    messages.success(request, _("Done: nobody waits for an answer to this report."))
    return HttpResponseRedirect(reverse("console:queue"))


@never_cache
@form_on("console:report")
@permitted("answer")
@not_found_where_unknown
def acknowledge(request: HttpRequest, report_id: UUID) -> HttpResponse:
    try:
        actions.send_held_acknowledgement(actor=actor_of(request), now=timezone.now(), report_id=report_id)
    except actions.NothingToSendError:
        messages.warning(
            request, _("This acknowledgement was sent already, or can't be sent to this sender.")
        )
    else:
        messages.success(request, _("The acknowledgement is on its way."))
    return HttpResponseRedirect(reverse("console:report", args=[report_id]))


@never_cache
@require_safe
@permitted("read-reports")
@not_found_where_unknown
def original(request: HttpRequest, message_id: UUID) -> HttpResponse:
    return downloads.original(actor_of(request), timezone.now(), message_id)


@never_cache
@require_safe
@permitted("read-reports")
@not_found_where_unknown
def attachment(request: HttpRequest, message_id: UUID, part: int) -> HttpResponse:
    return downloads.attachment(actor_of(request), timezone.now(), message_id, part)
