"""Sessions end when they were not used for a while, and when their account is disabled."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase

SEEN = "seen"
NOTED_EVERY = 60


class EndIdleSessions:
    """Ends a staff session idle for SESSION_IDLE_SECONDS; notes use at most once a minute, to spare writes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if SEEN in request.session:
            now = int(time.time())
            idle = now - int(request.session[SEEN])
            if idle > settings.SESSION_IDLE_SECONDS:
                logout(request)
            elif idle > NOTED_EVERY:
                request.session[SEEN] = now
        return self._get_response(request)
