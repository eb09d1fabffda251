"""Addresses of the public pages."""

from django.urls import path

from madoguchi.counter import reporting, style, views
from madoguchi.counter.status import views as status
from madoguchi.counter.status import writing

app_name = "counter"
urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_at_once, name="help"),
    path("help/<slug:kind>/", views.help_with, name="help-with"),
    path("privacy/", views.privacy, name="privacy"),
    path("privacy/<slug:version>/", views.privacy, name="privacy-version"),
    path("report/", reporting.start, name="report"),
    path("report/files/", reporting.files, name="report-files"),
    path("report/check/", reporting.check, name="report-check"),
    path("report/done/", reporting.done, name="report-done"),
    path("report/delete/", reporting.end, name="report-delete"),
    path("report/<slug:name>/", reporting.step, name="report-step"),
    path("status/", status.come_back, name="come-back"),
    path("status/report/", status.status, name="status"),
    path("status/report/add/", status.add, name="status-add"),
    path("status/report/files/", writing.with_files, name="status-files"),
    path("status/report/leave/", status.go, name="status-leave"),
    path("status/report/<slug:name>/", status.do, name="status-deed"),
    path("status/<slug:token>/", status.by_link, name="status-link"),
    path("confirm/<slug:token>/", status.confirm, name="confirm"),
    path("centre.css", style.sheet, name="centre-style"),
    path("centre-logo", style.logo, name="centre-logo"),
]
