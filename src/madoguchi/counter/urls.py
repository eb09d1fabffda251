"""Addresses of the public pages."""

from django.urls import path

from madoguchi.counter import style, views
from madoguchi.counter.status import views as status

app_name = "counter"
urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_at_once, name="help"),
    path("help/<slug:kind>/", views.help_with, name="help-with"),
    path("privacy/", views.privacy, name="privacy"),
    path("privacy/<slug:version>/", views.privacy, name="privacy-version"),
    path("status/", status.come_back, name="come-back"),
    path("status/report/", status.status, name="status"),
    path("status/report/add/", status.add, name="status-add"),
    path("status/report/leave/", status.go, name="status-leave"),
    path("status/report/<slug:name>/", status.do, name="status-deed"),
    path("status/<slug:token>/", status.by_link, name="status-link"),
    path("confirm/<slug:token>/", status.confirm, name="confirm"),
    path("centre.css", style.sheet, name="centre-style"),
    path("centre-logo", style.logo, name="centre-logo"),
]
