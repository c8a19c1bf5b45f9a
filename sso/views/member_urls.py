"""What members meet, under `/orgs/<slug>/sso/`."""

from django.urls import path

from sso.views import login, recovery, why

urlpatterns = [
    path("", login.start, name="start"),
    path("why/<slug:reference>/", why.why, name="why"),
    path("recovery/", recovery.redeem, name="recovery"),
    path("renewed/", login.renewed, name="renewed"),
    path("held/<str:token>/", login.held_post, name="held_post"),
]
