"""What every template may say of the centre."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """`centre`, `demonstration`, `languages`, and `staff`: the signed-in name or None."""
    options = settings.OPTIONS
    japanese = get_language() == "ja"
    user = getattr(request, "user", None)
    return {
        "centre": {
            "name": (japanese and options.centre_name_ja) or options.centre_name,
            "report_address": options.report_address,
            "hours": (japanese and options.centre_hours_ja) or options.centre_hours,
        },
        "demonstration": options.demonstration,
        "languages": [code for code, _ in settings.LANGUAGES],
        "staff": (user.name or user.username) if user is not None and user.is_authenticated else None,
    }
