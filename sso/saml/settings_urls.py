"""Under `/orgs/<slug>/settings/sso/connections/<connection uid>/saml/`."""

from django.urls import path

from sso.saml import certificate_views

urlpatterns = [
    path("certificates/add/", certificate_views.add, name="certificate_add"),
    path("certificates/<slug:certificate_slug>/remove/", certificate_views.remove, name="certificate_remove"),
]
