"""The tray of what is probably no report: why each mail is there, emptying what a page showed, taking one out."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache

from madoguchi.console import places
from madoguchi.console.guards import form_on, not_found_where_unknown
from madoguchi.identity.queries import actor_of, permitted
from madoguchi.incidents import actions, queries
from madoguchi.incidents.queries import OpenedReport, TrayReason

Words = str | Promise

REASONS: Final[Mapping[str, Words]] = {
    "relay-spam": gettext_lazy("Our mail server marked it as spam."),
    "dmarc": gettext_lazy("It does not come from the domain that it names as sender; the domain says so."),
    "own-rule": gettext_lazy("A rule of ours says so."),
}
HERE: Final = gettext_lazy("Probably no report")
ASIDE: Final = gettext_lazy("Set aside as no report")
TAKEN_OUT: Final[Mapping[str, Words]] = {
    "acknowledged": gettext_lazy("It stands in the queue now, and its acknowledgement is on the way."),
    "silent": gettext_lazy("It stands in the queue now. No acknowledgement can be sent to this sender."),
    "was": gettext_lazy("It was among the reports already."),
}


def reason(why: TrayReason) -> dict[str, Words]:
    """Why a mail is in the tray, in words, and the line of the settings behind it."""
    return {"words": REASONS[why.rule], "detail": why.line}


def with_reasons(context: dict[str, Any], reports: Sequence[queries.Report]) -> dict[str, Any]:
    """The context of a list, each row with its reason and with where it is taken out."""
    why = queries.reasons_of(reports)
    rows = [
        row
        | {"reason": reason(why[row["id"]]), "take_out_url": reverse("console:take-out", args=[row["id"]])}
        for row in context["rows"]
    ]
    return context | {"rows": rows}


def holds(report: queries.Report) -> bool:
    """Whether it is not among the reports: in the tray, or set aside from there."""
    return bool(report.tray_since or report.no_report_at)


def aside(report: queries.Report) -> Words:
    """What the list of everything says beside a row that is not among the reports; "" for one that is."""
    if report.tray_since:
        return HERE
    return ASIDE if report.no_report_at else ""


def notice(opened: OpenedReport) -> dict[str, Any] | None:
    """What the page of a report that is in the tray, or was set aside from there, says above all else."""
    report = opened.report
    if not holds(report):
        return None
    why = queries.reasons_of([report])[report.id]
    return {
        "id": report.id,
        "label": HERE if report.tray_since else ASIDE,
        "title": HERE if report.tray_since else ASIDE,
        "at": report.tray_since or report.no_report_at,
        "reason": reason(why),
        "take_out_url": reverse("console:take-out", args=[report.id]),
        "empty_url": reverse("console:empty-tray") if report.tray_since else "",
    }


@never_cache
@form_on("console:queue")
@permitted("answer")
def empty(request: HttpRequest) -> HttpResponse:
    """Sets aside the mails that were chosen on a page, and no others."""
    done = actions.empty_tray(actor=actor_of(request), now=timezone.now(), report_ids=_chosen(request))
    if done:
        said = ngettext(
            "%(number)s mail was set aside as no report. It is kept under “Everything”.",
            "%(number)s mails were set aside as no report. They are kept under “Everything”.",
            done,
        )
        messages.success(request, said % {"number": done})
    else:
        messages.warning(request, _("Nothing was set aside: nothing that is still here was chosen."))
    return HttpResponseRedirect(places.url("tray"))


def _chosen(request: HttpRequest) -> list[UUID]:
    """The ids that a page posted: as many as it shows at the most."""
    given = request.POST.getlist("report")
    if len(given) > queries.PAGE:
        raise BadRequest
    try:
        return [UUID(one) for one in given]
    except ValueError as nonsense:
        raise BadRequest from nonsense


@never_cache
@form_on("console:report")
@permitted("answer")
@not_found_where_unknown
def take_out(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """Puts one into the queue: from the tray's page back to it, else back to the report."""
    became = actions.take_out(actor=actor_of(request), now=timezone.now(), report_id=report_id)
    messages.add_message(
        request, messages.WARNING if became == "was" else messages.SUCCESS, str(TAKEN_OUT[became])
    )
    if request.POST.get("from") == "tray":
        return HttpResponseRedirect(places.url("tray"))
    return HttpResponseRedirect(reverse("console:report", args=[report_id]))
