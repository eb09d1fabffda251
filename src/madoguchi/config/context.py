"""What every template may say of the centre."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from madoguchi.identity.queries import Staff, may_here
from madoguchi.lib import languages
from madoguchi.lib.centre import centre


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """`centre`, `demonstration`, `languages`, `keep`: see `lib.languages`.

    `staff`: the signed-in name or None, and `may`: what they may do.
    """
    language = get_language() or settings.LANGUAGE_CODE
    user = getattr(request, "user", None)
    person = user if isinstance(user, Staff) and user.is_authenticated else None
    return {
        "centre": centre(settings.OPTIONS, language),
        "demonstration": settings.OPTIONS.demonstration,
        "languages": languages.offered_on(request, language),
        "keep": languages.kept(request),
        "may": SimpleLazyObject(lambda: may_here(request)) if person else frozenset(),
        "staff": (person.name or person.username) if person else None,
    }
