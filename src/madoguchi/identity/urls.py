"""Addresses of signing in and out."""

from django.urls import path

from madoguchi.identity import views

app_name = "identity"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("signed-out/", views.signed_out, name="signed-out"),
    path("password/<str:token>/", views.set_password, name="set-password"),
]
