"""The peers' addresses, as each documents them."""

from django.http import HttpResponse
from django.urls import include, path

from bench.peers import floor

urlpatterns = [
    path("", lambda request: HttpResponse("home"), name="home"),
    path("accounts/", include("allauth.urls")),
    path("saml2/", include("djangosaml2.urls")),
    path("floor/saml/", floor.saml),
    path("floor/oidc/", floor.oidc),
    path("oidc/", include("mozilla_django_oidc.urls")),
]
