"""What another site can make a signed-in browser do: nothing that needs a POST, and nothing that a GET would change.

A browser in which an admin of Acme is signed in, with SSO, meets links, images and forms of other sites.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from sso.models import Connection, LoginAttempt, RefusalTrace, SSOSession
from sso.types import SSOProtocol
from tests.builders import make_connection, make_sso_session
from tests.conftest import World, log_in, log_in_with_sso
from tests.org_things import rows_of, things_of
from tests.urls import Route, all_routes

ROUTES = [route for route in all_routes() if route.name and not route.name.startswith("admin:")]
# Posted to by an IdP, cross-site or without a browser. Each proves its sender by what is posted.
TAKES_FOREIGN_POSTS = frozenset(
    {
        "sso:saml_acs",
        "sso:oidc_initiate",
        "sso:oidc_callback",
        "sso:oidc_backchannel_logout",
        "sso:saml_slo",
    }
)
# A GET that writes down that somebody is on the way to an IdP, or that the IdP could not be asked.
BEGINS_A_TRIP = (LoginAttempt, RefusalTrace)


@pytest.fixture
def things(world: World) -> Mapping[str, Any]:
    """With arguments of every URL of the portal; the connection is one that the demo has no IdP for."""
    session = make_sso_session(world.max, browser_session="another browser")
    return {
        **things_of(world.acme),
        "session_id": session.pk,
        "token": "no-such-token",
        "key": "x",
        "uidb36": "1",
        "pk": 1,
        "test_id": 1,
        "revision_number": 1,
    }


def fitting(route: Route, things: Mapping[str, Any]) -> bool:
    return route.arguments <= set(things)


@pytest.mark.catalogue("WEB-LOGOUT-CSRF", "WEB-LOGIN-CSRF")
def test_views_without_a_csrf_token_are_those_of_idps() -> None:
    exempt = {route.name for route in ROUTES if getattr(route.view, "csrf_exempt", False)}
    assert exempt <= TAKES_FOREIGN_POSTS


@pytest.mark.catalogue("WEB-LOGOUT-CSRF")
def test_no_post_of_another_site_does_anything(world: World, things: Mapping[str, Any]) -> None:
    """Logout, ending sessions, "not now", settings, members: each refused, and nothing written."""
    client = Client(enforce_csrf_checks=True)
    log_in_with_sso(client, world.olivia)
    before, sessions = rows_of(world.acme), list(SSOSession.objects.values())
    posted = 0
    for route in ROUTES:
        if fitting(route, things) and route.name not in TAKES_FOREIGN_POSTS:
            response = client.post(
                route.path(**things), {"confirm": "yes"}, headers={"Origin": "https://evil.example"}
            )
            assert response.status_code in (403, 404, 405), route.name
            posted += response.status_code == 403
    assert posted > 30
    assert rows_of(world.acme) == before
    assert list(SSOSession.objects.values()) == sessions
    assert client.session["_auth_user_id"] == str(world.olivia.user.pk)


@pytest.mark.catalogue("WEB-LOGOUT-CSRF")
def test_no_get_changes_anything(world: World, things: Mapping[str, Any]) -> None:
    """An image or a link of another site: `/accounts/logout/` among them."""
    client = Client()
    log_in_with_sso(client, world.olivia)
    before = rows_of(world.acme, leave_out=BEGINS_A_TRIP)
    for route in ROUTES:
        if fitting(route, things) and route.name not in ("sso:start", "sso:draft_test"):
            for method in ("GET", "HEAD", "OPTIONS"):
                client.generic(method, route.path(**things))
    after = rows_of(world.acme, leave_out=BEGINS_A_TRIP)
    assert {name for name in before if before[name] != after[name]} <= {"AuditEvent", "AuditCounter"}
    recorded = {row["event"] for row in after["AuditEvent"] if row not in before["AuditEvent"]}
    assert recorded <= {"org.sso_refused", "org.sso_logout_refused"}
    assert client.session["_auth_user_id"] == str(world.olivia.user.pk)


@pytest.mark.catalogue("WEB-LOGOUT-CSRF")
@pytest.mark.parametrize(
    "query",
    ["?error=login_required", "?error=access_denied&state=x", "?code=x&state=x", "?logout=1", "?sid=x&iss=x"],
)
def test_callback_of_another_site_signs_nobody_out(client: Client, world: World, query: str) -> None:
    """mozilla-django-oidc signs out whoever is sent to its callback with an error."""
    log_in_with_sso(client, world.max)
    saml: Connection = make_connection(world.acme, SSOProtocol.SAML)
    for path in (
        f"/sso/{world.acme_idp.uid}/oidc/callback/",
        f"/sso/{world.acme_idp.uid}/signed-out/",
        f"/sso/{saml.uid}/saml/finish/",
    ):
        client.get(path + query)
    assert client.get("/orgs/acme/r/private-marker/").status_code == 200


@pytest.mark.catalogue("WEB-LOGOUT-CSRF", "WEB-IDOR")
def test_sign_out_of_somebody_elses_session_is_none(client: Client, world: World) -> None:
    log_in(client, world.zoe.user)
    theirs = make_sso_session(world.max, browser_session="browser of max")
    for path in ("end", "sign-out"):
        client.post(f"/accounts/sso-sessions/{theirs.pk}/{path}/")
    assert SSOSession.objects.filter(pk=theirs.pk).exists()
