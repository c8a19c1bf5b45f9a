"""URLs of single sign-on: for people under their organisation's slug, for IdPs under the connection's uid."""

from django.urls import include, path

from sso.views import hand_over, join_by_domain, login, members, sessions, settings_members

app_name = "sso"

urlpatterns = [
    path("hand-over/<str:hand_over_token>/", hand_over.hand_over, name="hand_over"),
    path("sso/skip/", login.skip, name="skip"),
    path("sso/<uuid:connection_uid>/signed-out/", sessions.signed_out, name="signed_out"),
    path("sso/<uuid:connection_uid>/oidc/", include("sso.oidc.urls")),
    path("sso/<uuid:connection_uid>/saml/", include("sso.saml.urls")),
    path("orgs/<slug:org_slug>/join/", login.join, name="join"),
    path("orgs/<slug:org_slug>/members/change/", members.bulk, name="members_bulk"),
    path("orgs/<slug:org_slug>/members/<int:member_id>/", settings_members.member, name="member"),
    path("orgs/<slug:org_slug>/join/by-domain/", join_by_domain.join, name="join_by_domain"),
    path("orgs/<slug:org_slug>/sso/", include("sso.views.member_urls")),
    path(
        "orgs/<slug:org_slug>/settings/sso/connections/<uuid:connection_uid>/saml/",
        include("sso.saml.settings_urls"),
    ),
    path("orgs/<slug:org_slug>/settings/sso/", include("sso.views.settings_urls")),
    path("accounts/sso-sessions/", sessions.my_sessions, name="my_sessions"),
    path("accounts/sso-sessions/<int:session_id>/end/", sessions.end_my_session, name="end_my_session"),
    path("accounts/sso-sessions/<int:session_id>/sign-out/", sessions.sign_out, name="sign_out"),
]
