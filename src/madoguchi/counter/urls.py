"""Addresses of the public pages."""

from django.urls import path

from madoguchi.counter import style, views

app_name = "counter"
urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_at_once, name="help"),
    path("help/<slug:kind>/", views.help_with, name="help-with"),
    path("privacy/", views.privacy, name="privacy"),
    path("privacy/<slug:version>/", views.privacy, name="privacy-version"),
    path("centre.css", style.sheet, name="centre-style"),
    path("centre-logo", style.logo, name="centre-logo"),
]
