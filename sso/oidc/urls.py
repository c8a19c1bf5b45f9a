"""What an OP is given, under `/sso/<connection uid>/oidc/`. None is a prefix of another."""

from django.urls import path

from sso.oidc import logout_views, views

urlpatterns = [
    path("callback/", views.callback, name="oidc_callback"),
    path("finish/", views.finish_posted, name="oidc_finish"),
    path("jwks/", views.our_keys, name="oidc_jwks"),
    path("initiate/", views.initiate, name="oidc_initiate"),
    path("backchannel-logout/", logout_views.backchannel_logout, name="oidc_backchannel_logout"),
    path("frontchannel-logout/", logout_views.frontchannel_logout, name="oidc_frontchannel_logout"),
]
