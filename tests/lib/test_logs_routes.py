"""What the log says of a refused request: its route, never its path."""

import io
import logging

import pytest
from django.test import Client

from madoguchi.lib.logs import PlainFormatter, RouteNotPath

pytestmark = [pytest.mark.store, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("address", "route"),
    [
        ("/staff/password/secret-token/", "identity:set-password"),
        ("/status/secret-token/", "counter:status-link"),
        ("/confirm/secret-token/", "counter:confirm"),
    ],
)
def test_a_link_s_token_never_gets_into_the_log(address: str, route: str) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(PlainFormatter())
    handler.addFilter(RouteNotPath())
    log = logging.getLogger("django.security.csrf")
    log.addHandler(handler)
    try:
        refused = Client(enforce_csrf_checks=True).post(address, {"new_password1": "x"})
    finally:
        log.removeHandler(handler)
    assert refused.status_code == 403
    assert f"403 request to {route}" in written.getvalue()
    assert "secret-token" not in written.getvalue()
