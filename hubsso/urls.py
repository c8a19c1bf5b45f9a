"""The root of all URLs. Each app names its own; this file says where they hang."""

from django.contrib import admin
from django.urls import include, path

from hubsso.styleguide import styleguide
from orgs.urls import portal_urlpatterns

urlpatterns = [
    *portal_urlpatterns,
    path("admin/", admin.site.urls),
    path("styleguide/", styleguide, name="styleguide"),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("sso.urls")),
    path("", include("orgs.urls")),
]

handler400 = "hubsso.error_views.bad_request"
handler403 = "hubsso.error_views.forbidden"
handler404 = "hubsso.error_views.not_found"
handler429 = "hubsso.error_views.too_many_requests"  # allauth's, not Django's
handler500 = "hubsso.error_views.server_error"
