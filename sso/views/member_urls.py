"""What members meet, under `/orgs/<slug>/sso/`."""

from django.urls import path

from sso.views import login

urlpatterns = [
    path("", login.start, name="start"),
    path("held/<str:token>/", login.held_post, name="held_post"),
]
