"""Addresses of the public pages."""

from django.urls import path

from madoguchi.counter import views

app_name = "counter"
urlpatterns = [path("", views.home, name="home")]
