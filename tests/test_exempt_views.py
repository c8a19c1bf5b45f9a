"""The views that answer without the gate, as people who are no members: nothing is shown and nothing is written.

What anybody may learn is an organisation's name and that it has a way to join; what anybody may cause is a trace
of a refused answer, since answers come from outside.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.test import Client

from orgs.models import AuditCounter, AuditEvent
from sso.models import RefusalTrace
from sso.types import SSOProtocol
from tests.builders import make_connection, make_user
from tests.conftest import World, log_in, log_in_with_sso
from tests.org_things import private_markers, rows_of, things_of
from tests.urls import Route, all_routes

EXEMPT = [route for route in all_routes() if route.exempt_reason is not None]
# An answer of an IdP that nobody asked for is noted for the admins.
NOTED = {
    *("sso:oidc_callback", "sso:oidc_finish", "sso:saml_acs", "sso:saml_finish"),
    *("sso:oidc_backchannel_logout", "sso:oidc_frontchannel_logout", "sso:saml_slo"),
}
NOTES = (RefusalTrace, AuditEvent, AuditCounter)
# What somebody would try: values of the right shape that are not theirs.
VALUES = {
    "state": "s" * 43,
    "code": "c",
    "ticket": "t" * 43,
    "SAMLResponse": "PGE+",
    "RelayState": "r" * 43,
    "iss": "https://idp.example.org",
    "revision": "1",
    "next": "/orgs/acme/r/private-marker/",
}


@pytest.fixture
def acme_things(world: World) -> Mapping[str, Any]:
    return {**things_of(world.acme), "token": "t" * 43}


def no_members(world: World) -> Iterator[Client]:
    """The browsers of an anonymous visitor, of a member of nothing, and of Globex's admin with SSO there."""
    make_connection(world.globex)
    yield Client()
    member_of_nothing, admin_of_globex = Client(), Client()
    log_in(member_of_nothing, make_user())
    yield member_of_nothing
    log_in_with_sso(admin_of_globex, world.zoe)
    yield admin_of_globex


@pytest.mark.parametrize("route", EXEMPT, ids=lambda route: route.name)
def test_exempt_view_shows_and_changes_nothing_for_people_who_are_no_members(
    world: World, acme_things: Mapping[str, Any], route: Route
) -> None:
    saml = make_connection(world.acme, SSOProtocol.SAML, sso_url="https://idp.example.org/sso")
    uids = [acme_things["connection_uid"], saml.uid] if "connection_uid" in route.arguments else [None]
    markers, before = private_markers(acme_things), rows_of(world.acme, leave_out=NOTES)
    if "reference" in route.arguments:  # what the address names is no news to whoever wrote it
        markers.remove(acme_things["reference"])
    for client in no_members(world):
        for uid in uids:
            path = route.path(**{**acme_things, "connection_uid": uid})
            for send in (client.get, client.head, client.post):
                response: Any = send(path, VALUES)
                assert response.status_code < 500
                assert not [marker for marker in markers if marker in everything_in(response)]
        assert rows_of(world.acme, leave_out=NOTES) == before
    assert_noted_only_where_answers_come_in(route)


def everything_in(response: Any) -> str:
    return f"{response.content.decode()}\n{response.headers}"


def assert_noted_only_where_answers_come_in(route: Route) -> None:
    written = set(AuditEvent.objects.values_list("event", flat=True))
    assert written <= ({"org.sso_refused", "org.sso_logout_refused"} if route.name in NOTED else set())


def test_there_are_exempt_views_to_walk() -> None:
    assert {route.name for route in EXEMPT} >= NOTED
    assert len(EXEMPT) > 9
