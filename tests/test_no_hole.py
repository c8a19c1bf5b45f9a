"""No URL that names an organisation is left open by accident. A new one without a mark fails here."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import get_resolver

from sso.middleware import SSOGateMiddleware
from tests.conftest import World
from tests.urls import Route, all_routes

pytestmark = pytest.mark.catalogue("WEB-GATE-BYPASS")

ROUTES = all_routes()
ORG_ROUTES = [route for route in ROUTES if route.names_an_org]

# The views that answer without the gate, by name. Adding one is a decision, so it is written down here too.
EXEMPT = {
    "orgs:leave",
    "orgs:invitation",
    "sso:start",
    "sso:join",
    "sso:hand_over",
    "sso:join_by_domain",
    "sso:held_post",
    "sso:recovery",
    "sso:why",
    "sso:signed_out",
    "sso:oidc_backchannel_logout",
    "sso:oidc_callback",
    "sso:oidc_finish",
    "sso:oidc_frontchannel_logout",
    "sso:oidc_initiate",
    "sso:oidc_jwks",
    "sso:saml_acs",
    "sso:saml_slo",
    "sso:saml_finish",
    "sso:saml_metadata",
}
# Paths that speak of organisations in words the gate does not read must not appear unnoticed.
SUSPICIOUS = re.compile(r"org|tenant|connection|invitation", re.IGNORECASE)


def test_there_are_organisation_urls_to_check() -> None:
    assert len(ORG_ROUTES) > 50


@pytest.mark.parametrize("route", ORG_ROUTES, ids=lambda route: route.name)
def test_every_organisation_url_is_gated_by_a_mark_or_exempt_by_name(route: Route) -> None:
    if route.name in EXEMPT:
        assert route.exempt_reason
        assert len(route.exempt_reason) > 20, "say why"
    else:
        assert route.exempt_reason is None
        assert route.area is not None, "mark the view with @org_view"
        assert "org_slug" in route.arguments


def test_the_list_of_exempt_views_names_no_view_that_is_gone() -> None:
    assert {route.name for route in ORG_ROUTES} >= EXEMPT


def test_every_url_with_an_argument_that_sounds_like_an_organisation_is_known_to_the_gate() -> None:
    for route in ROUTES:
        for argument in route.arguments:
            assert route.names_an_org or not SUSPICIOUS.search(argument), (route.name, argument)


def test_every_path_under_orgs_names_its_organisation() -> None:
    paths = [str(entry.pattern) for entry in get_resolver().url_patterns if "orgs/" in str(entry.pattern)]
    assert paths == []  # they are in orgs.urls and sso.urls, which ROUTES covers


def _unmarked(request: HttpRequest, **kwargs: str) -> HttpResponse:
    return HttpResponse("org content")


def test_an_unmarked_view_is_gated_as_members_only(world: World) -> None:
    request = RequestFactory().get("/orgs/acme/new-thing/")
    request.user = AnonymousUser()
    middleware = SSOGateMiddleware(lambda _: HttpResponse())
    response = middleware.process_view(request, _unmarked, [], {"org_slug": "acme"})
    assert response is not None
    assert response.status_code == 302


def test_a_view_that_names_an_org_in_a_way_the_gate_cannot_read_is_closed(world: World) -> None:
    request = RequestFactory().get("/scim/v2/1/Users")
    middleware = SSOGateMiddleware(lambda _: HttpResponse())
    with pytest.raises(Http404):
        middleware.process_view(request, _unmarked, [], {"org_uid": str(world.acme.uid)})


@pytest.mark.parametrize(
    "path",
    [
        "/orgs/ACME/r/public-marker/",
        "/orgs/acme%2Fr/public-marker/",
        "/orgs/acme//r/public-marker/",
        "/orgs/./acme/",
        "/orgs/acme/r/public-marker",
        "/ORGS/acme/",
        "/orgs/acme/r/%70ublic-marker/",
    ],
)
def test_no_spelling_of_a_path_gets_around_the_gate(client: Client, world: World, path: str) -> None:
    client.force_login(world.max.user)
    response = client.get(path, follow=True)
    assert response.status_code in (403, 404)
    assert b"public-body-marker" not in response.content
