"""The operator's page: what waits, what failed, by ids and error classes; and running it again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from madoguchi.console.guards import form_on
from madoguchi.console.shown import LETTER_STATES
from madoguchi.identity.queries import actor_of, permitted
from madoguchi.intake import actions as intake
from madoguchi.intake.queries import arrival_backlog
from madoguchi.mail import actions as mail
from madoguchi.mail.queries import letter_backlog


@never_cache
@require_safe
@permitted("see-queues")
def page(request: HttpRequest) -> HttpResponse:
    arrivals, letters = arrival_backlog(), letter_backlog()
    groups: list[dict[str, Any]] = [
        {
            "name": _("Arrivals to be understood"),
            "waiting": arrivals.waiting,
            "oldest_at": arrivals.oldest,
            "rows": [
                {
                    "id": row.id,
                    "what": _("arrival"),
                    "tries": row.tries,
                    "error": row.last_error,
                    "due_at": row.due_at,
                    "run_url": reverse("console:arrival-again", args=[row.id]),
                }
                for row in arrivals.troubled
            ],
        },
        {
            "name": _("Letters to be sent"),
            "waiting": letters.waiting,
            "oldest_at": letters.oldest,
            "rows": [
                {
                    "id": row.id,
                    "what": LETTER_STATES[row.state],
                    "tries": row.tries,
                    "error": row.last_error,
                    "due_at": row.due_at,
                    "run_url": reverse("console:letter-again", args=[row.id]),
                }
                for row in letters.troubled
            ],
        },
    ]
    return render(request, "console/work.html", {"page": "work", "groups": groups})


@never_cache
@form_on("console:work")
@permitted("run-again")
def arrival_again(request: HttpRequest, key: UUID) -> HttpResponse:
    return _told(request, intake.understand_again(actor=actor_of(request), now=timezone.now(), arrival=key))


@never_cache
@form_on("console:work")
@permitted("run-again")
def letter_again(request: HttpRequest, key: UUID) -> HttpResponse:
    return _told(request, mail.send_again(actor=actor_of(request), now=timezone.now(), letter_id=key))


def _told(request: HttpRequest, moved: bool) -> HttpResponse:
    if moved:
        messages.success(request, _("It will be tried again at once."))
    else:
        messages.warning(request, _("This was done in the meantime."))
    return HttpResponseRedirect(reverse("console:work"))
