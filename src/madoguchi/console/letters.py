"""The demonstration's page of letters that left; elsewhere there is no such page."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from madoguchi.console.shown import LETTER_STATES, MESSAGE_KINDS, lines
from madoguchi.identity.queries import permitted
from madoguchi.mail.queries import recent_letters


@never_cache
@require_safe
@permitted("read-reports")
def page(request: HttpRequest) -> HttpResponse:
    if not settings.OPTIONS.demonstration:
        raise Http404
    rows = [
        {
            "at": letter.at,
            "to": ", ".join(letter.recipients),
            "subject": letter.subject,
            "kind_label": MESSAGE_KINDS.get(letter.kind, letter.kind),
            "state_label": LETTER_STATES[letter.state],
            "text": lines(letter.text),
            "folded": letter.kind == "acknowledgement",
        }
        for letter in recent_letters(50)
    ]
    return render(request, "console/letters.html", {"page": "letters", "rows": rows})
