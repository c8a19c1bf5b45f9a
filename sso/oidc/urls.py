"""What an OP is given, under `/sso/<connection uid>/oidc/`. None is a prefix of another."""

from django.urls import path

from sso.oidc import views

urlpatterns = [
    path("callback/", views.callback, name="oidc_callback"),
    path("initiate/", views.initiate, name="oidc_initiate"),
]
