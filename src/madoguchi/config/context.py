"""What every template may say of the centre."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from madoguchi.identity.queries import Staff, may_here


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """`centre`, `demonstration`, `languages`, `staff`: the signed-in name or None, and `may`: what they may do."""
    options = settings.OPTIONS
    japanese = get_language() == "ja"
    user = getattr(request, "user", None)
    person = user if isinstance(user, Staff) and user.is_authenticated else None
    return {
        "centre": {
            "name": (japanese and options.centre_name_ja) or options.centre_name,
            "report_address": options.report_address,
            "hours": (japanese and options.centre_hours_ja) or options.centre_hours,
        },
        "demonstration": options.demonstration,
        "languages": [code for code, _ in settings.LANGUAGES],
        "may": SimpleLazyObject(lambda: may_here(request)) if person else frozenset(),
        "staff": (person.name or person.username) if person else None,
    }
