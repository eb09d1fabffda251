"""Addresses of the whole product."""

from django.urls import include, path

from madoguchi.config import health

urlpatterns = [
    path("", include("madoguchi.counter.urls")),
    path("console/", include("madoguchi.console.urls")),
    path("staff/", include("madoguchi.identity.urls")),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
]
handler400 = "madoguchi.counter.errors.bad_request"
handler403 = "madoguchi.counter.errors.forbidden"
handler404 = "madoguchi.counter.errors.not_found"
handler500 = "madoguchi.counter.errors.server_error"
