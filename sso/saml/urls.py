"""Under `/sso/<connection uid>/saml/`."""

from django.urls import path

from sso.saml import slo_views, views

urlpatterns = [
    path("acs/", views.acs, name="saml_acs"),
    path("finish/", views.finish, name="saml_finish"),
    path("slo/", slo_views.slo, name="saml_slo"),
    path("metadata/", views.metadata, name="saml_metadata"),
]
