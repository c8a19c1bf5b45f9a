"""Under `/orgs/<slug>/settings/sso/connections/<connection uid>/saml/`."""

from django.urls import path

from sso.saml import settings_views

urlpatterns = [path("idp-metadata/", settings_views.idp_metadata, name="idp_metadata")]
