"""Under `/orgs/<slug>/settings/sso/connections/<connection uid>/saml/`."""

from django.urls import path

from sso.saml import certificate_views, settings_views

urlpatterns = [
    path("idp-metadata/", settings_views.idp_metadata, name="idp_metadata"),
    path("certificates/add/", certificate_views.add, name="certificate_add"),
    path("certificates/<slug:certificate_slug>/remove/", certificate_views.remove, name="certificate_remove"),
]
