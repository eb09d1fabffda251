"""The shared ground as a Django app: it brings the stylesheet, the base pages and the template tags."""

from django.apps import AppConfig


class LibConfig(AppConfig):
    """Found by `INSTALLED_APPS = ["madoguchi.lib", ...]`; has no models."""

    name = "madoguchi.lib"
    label = "lib"
