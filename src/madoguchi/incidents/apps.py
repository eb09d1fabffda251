"""The Django application of this package; the label is the package's name and never changes."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "madoguchi.incidents"
    label = "incidents"
