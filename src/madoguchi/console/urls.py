"""Addresses of the staff console. What shows content sits behind a permission, checked by a test over this table."""

from django.urls import path

from madoguchi.console import gallery, letters, reports, tray, work

app_name = "console"
urlpatterns = [
    path("", reports.desk, name="queue"),
    path("reports/<uuid:report_id>/", reports.report, name="report"),
    path("reports/<uuid:report_id>/answer/", reports.answer, name="answer"),
    path("reports/<uuid:report_id>/set-aside/", reports.set_aside, name="set-aside"),
    path("reports/<uuid:report_id>/acknowledgement/", reports.acknowledge, name="acknowledgement"),
    path("reports/<uuid:report_id>/taken-out/", tray.take_out, name="take-out"),
    path("tray/emptied/", tray.empty, name="empty-tray"),
    path("messages/<uuid:message_id>/original/", reports.original, name="original"),
    path("messages/<uuid:message_id>/parts/<int:part>/", reports.attachment, name="attachment"),
    path("work/", work.page, name="work"),
    path("work/arrivals/<uuid:key>/again/", work.arrival_again, name="arrival-again"),
    path("work/letters/<uuid:key>/again/", work.letter_again, name="letter-again"),
    path("letters/", letters.page, name="letters"),
    path("gallery/", gallery.page, name="gallery"),
    path("gallery/console/", gallery.page, {"density": "console"}, name="gallery-console"),
]
