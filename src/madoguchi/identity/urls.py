"""Addresses of signing in and out."""

from django.urls import path

from madoguchi.identity import own, views

app_name = "identity"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("second/", views.second, name="second"),
    path("passkey/", views.passkey, name="passkey"),
    path("passkey/options/", views.passkey_options, name="passkey-options"),
    path("own/", own.page, name="own"),
    path("own/app/", own.app, name="own-app"),
    path("own/passkey/", own.passkey, name="own-passkey"),
    path("own/passkey/options/", own.passkey_options, name="own-passkey-options"),
    path("own/codes/", own.codes, name="own-codes"),
    path("own/factors/<uuid:key>/ended/", own.end, name="own-end"),
    path("own/sessions/ended/", own.end_session, name="own-end-sessions"),
    path("own/sessions/<uuid:key>/ended/", own.end_session, name="own-end-session"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("signed-out/", views.signed_out, name="signed-out"),
    path("password/<str:token>/", views.set_password, name="set-password"),
]
