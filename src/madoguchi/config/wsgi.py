"""The web application."""

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "madoguchi.config.settings")
log = logging.getLogger(__name__)
_django = get_wsgi_application()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Django's pages. What even its error page raises is logged here: the web server would log it with its message."""
    try:
        return _django(environ, start_response)
    except Exception:
        log.exception("A page failed, and so did the page that says so")
        start_response("500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"Something went wrong here. Please try again later.\n"]
