"""Every organisation URL as an outsider, as another organisation's admin, and with another organisation's ids."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from orgs.access import Area
from tests.builders import make_user
from tests.conftest import World, log_in, log_in_with_sso
from tests.org_things import private_markers, rows_of, things_of
from tests.urls import Route, all_routes

pytestmark = pytest.mark.catalogue("WEB-IDOR")

ROUTES = [route for route in all_routes() if "org_slug" in route.arguments and route.exempt_reason is None]
WITH_IDS = [route for route in ROUTES if route.arguments - {"org_slug", "kind"}]
# Shows one invitation to whoever holds its link; refused to everybody it was not sent to.
PUBLIC_BY_LINK = {"orgs:accept_invitation"}


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


@pytest.mark.parametrize("is_signed_in", [False, True], ids=["anonymous", "member of nothing"])
def test_somebody_without_any_organisation_gets_nothing_but_what_is_public(
    client: Client, world: World, acme_things: Mapping[str, Any], is_signed_in: bool
) -> None:
    log_in(client, make_user() if is_signed_in else None)
    markers, before = private_markers(acme_things), rows_of(world.acme)
    for route in ROUTES:
        for method in ("GET", "HEAD", "POST"):
            response = client.generic(method, route.path(**acme_things))
            text = response.content.decode()
            assert not [marker for marker in markers if marker in text], route.name
            if is_signed_in and (route.area is not Area.PUBLIC or route.name in PUBLIC_BY_LINK):
                assert response.status_code in (404, 405), route.name
            elif route.area is not Area.PUBLIC:
                assert response.status_code == 302, route.name
                assert response["Location"].startswith("/accounts/login/")
    assert rows_of(world.acme) == before


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
    for argument in route.arguments - {"org_slug", "kind", "user_id", "invitation_token", "vendor_key"}:
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
