"""The Django application of this package; the label is the package's name and never changes."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "madoguchi.console"
    label = "console"
