"""Every organisation URL as an outsider, as another organisation's admin, and with another organisation's ids."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from orgs.access import Area
from orgs.models import Invitation, Organization
from orgs.roles import Role
from sso.models import LinkedIdentity, RefusalTrace, RevisionTest
from tests.builders import (
    live_revision,
    make_connection,
    make_group,
    make_member,
    make_page,
    make_sso_session,
    make_user,
)
from tests.conftest import World, log_in, log_in_with_sso
from tests.urls import Route, all_routes

ROUTES = [route for route in all_routes() if "org_slug" in route.arguments and route.exempt_reason is None]
WITH_IDS = [route for route in ROUTES if route.arguments - {"org_slug", "kind"}]
# Shows one invitation to whoever holds its link; refused to everybody it was not sent to.
PUBLIC_BY_LINK = {"orgs:accept_invitation"}


def things_of(org: Organization) -> Mapping[str, Any]:
    """One of everything an organisation owns, by the name that its URL argument has."""
    member = make_member(org, make_user())
    group = make_group(org, f"{org.slug} group")
    connection = org.connections.first() or make_connection(org)
    revision = live_revision(connection)
    identity = LinkedIdentity.objects.create(
        org=org,
        connection=connection,
        user=member.user,
        issuer=revision.issuer,
        subject=f"{org.slug}-subject",
    )
    invitation = Invitation.objects.create(
        org=org,
        email="guest@example.org",
        role=Role.READ,
        token_hash=org.slug,
        expires_at=timezone.now() + timedelta(days=1),
    )
    trace = RefusalTrace.objects.create(
        reference=f"{org.slug}-ref",
        org=org,
        code="x",
        admin_detail="x",
        at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=1),
    )
    test = RevisionTest.objects.create(
        org=org, revision=revision, user=member.user, passed=False, at=timezone.now()
    )
    return {
        "org_slug": org.slug,
        "member_id": member.pk,
        "user_id": member.user_id,
        "group_slug": group.slug,
        "seat_id": group.seats.create(org=org, membership=member, role=Role.READ).pk,
        "resource_slug": make_page(org, f"{org.slug} page").slug,
        "invitation_id": invitation.pk,
        "invitation_token": "no-such-token",
        "connection_uid": connection.uid,
        "test_id": test.pk,
        "identity_id": identity.pk,
        "session_id": make_sso_session(member, browser_session=f"{org.slug}-browser").pk,
        "reference": trace.reference,
    }


@pytest.fixture
def acme_things(world: World) -> Mapping[str, Any]:
    return things_of(world.acme)


@pytest.fixture
def globex_things(world: World) -> Mapping[str, Any]:
    return things_of(world.globex)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_another_organisations_admin_gets_nothing_but_what_is_public(
    client: Client,
    world: World,
    acme_things: Mapping[str, Any],
    globex_things: Mapping[str, Any],
    route: Route,
) -> None:
    log_in_with_sso(client, world.zoe)
    for method in ("GET", "POST"):
        response = client.generic(method, route.path(**acme_things))
        if route.area is Area.PUBLIC and route.name not in PUBLIC_BY_LINK:
            assert b"private-body-marker" not in response.content
            assert b"acme page" not in response.content
        else:
            assert response.status_code in (404, 405)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_member_without_sso_is_blocked_everywhere(
    client: Client, world: World, acme_things: Mapping[str, Any], route: Route
) -> None:
    log_in(client, world.olivia.user)
    for method in ("GET", "POST"):
        response = client.generic(method, route.path(**acme_things))
        assert response.status_code == 403
        assert "X-HubSSO-SSO" in response


@pytest.mark.parametrize("route", WITH_IDS, ids=lambda route: route.name)
def test_another_organisations_ids_do_not_exist_here(
    client: Client,
    world: World,
    acme_things: Mapping[str, Any],
    globex_things: Mapping[str, Any],
    route: Route,
) -> None:
    """Acme's admin, with SSO, at Acme's URL, with each id in turn swapped for one of Globex."""
    log_in_with_sso(client, world.olivia)
    for argument in route.arguments - {"org_slug", "kind", "user_id", "invitation_token"}:
        swapped = {**acme_things, argument: globex_things[argument]}
        for method in ("GET", "POST"):
            response = client.generic(method, route.path(**swapped))
            assert response.status_code in (404, 405), (method, argument)


def test_a_foreign_user_id_ends_nobodys_sessions(
    client: Client, world: World, acme_things: Mapping[str, Any], globex_things: Mapping[str, Any]
) -> None:
    log_in_with_sso(client, world.olivia)
    client.post(f"/orgs/acme/settings/sso/sessions/of/{globex_things['user_id']}/end/")
    assert world.globex.sso_sessions.filter(pk=globex_things["session_id"]).exists()
