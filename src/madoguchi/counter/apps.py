"""The Django application of this package; the label is the package's name and never changes."""

from django.apps import AppConfig


class CounterConfig(AppConfig):
    name = "madoguchi.counter"
    label = "counter"
