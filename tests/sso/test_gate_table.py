"""The design's table of the gate, through the real URLs: every viewer, area, method, format and enforcement."""

import itertools
import json
from datetime import timedelta

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from sso.models import RecoveryGrant
from sso.types import Enforcement
from tests.builders import make_connection, make_member, make_sso_session, make_user, set_policy
from tests.conftest import World, log_in

MARKERS = ("Public-marker", "public-body-marker", "Private-marker", "private-body-marker", "Secret-tagline")
PATHS = {
    "home": "/orgs/acme/",
    "public": "/orgs/acme/r/public-marker/",
    "private": "/orgs/acme/r/private-marker/",
    "members": "/orgs/acme/members/",
    "settings": "/orgs/acme/settings/",
    "sso settings": "/orgs/acme/settings/sso/",
    "leave": "/orgs/acme/leave/",
    "account": "/accounts/profile/",
}
HTML, JSON = "text/html", "application/json"

# What each viewer gets: home, public, private, members, settings, SSO settings, leaving, own account.
OUTSIDE = {
    "anonymous": "in in not_found log_in log_in log_in log_in log_in",
    "zoe": "in in not_found not_found not_found not_found not_found in",
    "staff": "in in not_found not_found not_found not_found not_found in",
}
BY_ROLE = {
    "max": "in in in in forbidden forbidden in in",
    "olivia": "in in in in in in in in",
    "nina": "in in in in forbidden forbidden in in",
}
BLOCKED = {
    "max": "blocked blocked blocked blocked blocked blocked in in",
    "olivia": "blocked blocked blocked blocked blocked blocked in in",
    "nina": BY_ROLE["nina"],
    "olivia in recovery": "blocked blocked blocked blocked blocked in in in",
}
WITH_SSO = {f"{person} with SSO": row for person, row in BY_ROLE.items()}
TABLE: dict[Enforcement, dict[str, str]] = {
    Enforcement.OFF: {**OUTSIDE, **BY_ROLE, **WITH_SSO},
    Enforcement.OPTIONAL: {**OUTSIDE, **BY_ROLE, **WITH_SSO},
    Enforcement.REPORT_ONLY: {**OUTSIDE, **BY_ROLE, **WITH_SSO},
    Enforcement.ENFORCED: {**OUTSIDE, **BLOCKED, **WITH_SSO},
}
ROWS = [
    (enforcement, viewer, row) for enforcement, viewers in TABLE.items() for viewer, row in viewers.items()
]
REQUESTS = list(itertools.product(["GET", "HEAD", "POST"], [HTML, JSON]))


def come_as(client: Client, world: World, viewer: str) -> None:
    if viewer == "staff":
        log_in(client, make_user("root@portal.example", is_staff=True, is_superuser=True))
        return
    name, _, how = viewer.partition(" ")
    browser_session = log_in(client, world.person(name))
    if how == "with SSO":
        make_sso_session(getattr(world, name), browser_session=browser_session)
    if how == "in recovery":
        RecoveryGrant.objects.create(
            org=world.acme,
            user=world.olivia.user,
            code_hash="x",
            redeem_until=timezone.now(),
            redeemed_at=timezone.now(),
            browser_session=browser_session,
            expires_at=timezone.now() + timedelta(hours=1),
        )


def verdict(response: HttpResponseBase) -> str:
    """What a response amounts to; `in` is whatever the view itself answered."""
    if response.status_code == 403:
        return "blocked" if "X-HubSSO-SSO" in response else "forbidden"
    if response.status_code == 404:
        return "not_found"
    if response.status_code == 401 or response.get("Location", "").startswith("/accounts/login/"):
        return "log_in"
    return "in"


@pytest.mark.catalogue("WEB-GATE-BYPASS")
@pytest.mark.parametrize(("enforcement", "viewer", "row"), ROWS, ids=[f"{r[0]}-{r[1]}" for r in ROWS])
def test_gate_table(client: Client, world: World, enforcement: Enforcement, viewer: str, row: str) -> None:
    set_policy(world.acme, enforcement)
    world.acme.description = "Secret-tagline"
    world.acme.save()
    come_as(client, world, viewer)
    for (area, expected), (method, accept) in itertools.product(
        zip(PATHS, row.split(), strict=True), REQUESTS
    ):
        if (method, area, expected) != (
            "POST",
            "leave",
            "in",
        ):  # it works; tested with the other ways to leave
            response = client.generic(method, PATHS[area], headers={"Accept": accept})
            check(response, expected, what=f"{method} {accept} {area}")


def words_of(page: str) -> str:
    """The page's text as a reader sees it."""
    return " ".join(strip_tags(page).split())


def check(response: HttpResponseBase, expected: str, *, what: str) -> None:
    body = b"".join(response).decode()
    if expected == "not_found" and response.status_code == 405:
        expected = "in"  # a page that takes no POST at all says so to everybody
    assert verdict(response) == expected, what
    if expected in ("blocked", "not_found"):
        assert not [marker for marker in MARKERS if marker in body], what
    if expected == "blocked":
        assert response["Cache-Control"] == "private, no-store", what
        assert "Cookie" in response["Vary"], what
        assert "url=http://testserver/orgs/acme/sso/" in response["X-HubSSO-SSO"], what


def test_a_blocked_api_call_is_told_where_to_authenticate(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    response = client.get(PATHS["private"], headers={"Accept": JSON})
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert len(problem.pop("reference")) == 9
    assert problem == {
        "type": "urn:hubsso:problem:sso_missing",
        "title": "Acme asks for single sign-on",
        "status": 403,
        "org": "acme",
        "reason": "sso_missing",
        "authenticate_url": "http://testserver/orgs/acme/sso/",
    }


def test_the_block_page_has_one_button_that_returns_to_the_page(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    page = client.get("/orgs/acme/r/private-marker/?tab=2").content.decode()
    assert page.count("Authenticate with Acme Login") == 1
    assert "/orgs/acme/sso/?next=%2Forgs%2Facme%2Fr%2Fprivate-marker%2F%3Ftab%3D2" in page


@pytest.mark.parametrize("path", ["/", "/search/?q=marker"])
def test_mixed_lists_hide_what_the_gate_blocks_and_say_so(client: Client, world: World, path: str) -> None:
    log_in(client, world.max.user)
    page = client.get(path).content.decode()
    assert not [marker for marker in MARKERS if marker in page]
    assert "2 resources of Acme are hidden" in words_of(page)


@pytest.mark.parametrize("path", ["/", "/search/?q=marker"])
def test_mixed_lists_show_everything_after_sso(client: Client, world: World, path: str) -> None:
    make_sso_session(world.max, browser_session=log_in(client, world.max.user))
    page = client.get(path).content.decode()
    assert "Public-marker" in page
    assert "Private-marker" in page
    assert "are hidden" not in words_of(page)


def test_an_outsider_finds_what_is_public_in_search(client: Client, world: World) -> None:
    log_in(client, world.zoe.user)
    page = client.get("/search/?q=marker").content.decode()
    assert "Public-marker" in page
    assert "Private-marker" not in page


def test_an_organisation_that_does_not_exist_and_one_that_is_closed_look_alike(
    client: Client, world: World
) -> None:
    log_in(client, world.zoe.user)
    closed = client.get("/orgs/acme/members/")
    missing = client.get("/orgs/no-such-org/members/")
    assert closed.status_code == missing.status_code == 404
    assert closed.content == missing.content


def test_an_anonymous_public_page_is_the_same_bytes_for_everyone(world: World) -> None:
    first, second = Client().get(PATHS["public"]), Client().get(PATHS["public"])
    assert first.content == second.content
    assert not first.cookies
    assert "Cookie" in first["Vary"]


def test_an_enforcing_organisation_without_a_connection_blocks_and_names_no_idp(
    client: Client, world: World
) -> None:
    world.acme_idp.delete()
    log_in(client, world.max.user)
    response = client.get(PATHS["public"])
    assert verdict(response) == "blocked"
    assert "Authenticate with" not in response.content.decode()


def test_sso_for_one_organisation_changes_nothing_in_another(client: Client, world: World) -> None:
    set_policy(world.globex, Enforcement.ENFORCED)
    make_connection(world.globex)
    make_member(world.globex, world.max.user)
    make_sso_session(world.max, browser_session=log_in(client, world.max.user))
    assert verdict(client.get("/orgs/acme/")) == "in"
    assert verdict(client.get("/orgs/globex/")) == "blocked"


@pytest.mark.parametrize("page", ["join/", "sso/", "sso/recovery/", "leave/"])
def test_old_slugs_lead_on_also_where_the_gate_lets_be(client: Client, world: World, page: str) -> None:
    world.acme.retired_slugs.create(slug="acme-old")
    log_in(client, world.max.user)
    assert client.get(f"/orgs/acme-old/{page}?a=b")["Location"] == f"/orgs/acme/{page}?a=b"
    assert client.get(f"/orgs/never-was/{page}").status_code == 404


def test_old_slugs_lead_to_the_new_one_and_only_for_reading(client: Client, world: World) -> None:
    world.acme.retired_slugs.create(slug="acme-old")
    moved = client.get("/orgs/acme-old/r/public-marker/?a=b")
    assert moved.status_code == 302
    assert moved["Location"] == "/orgs/acme/r/public-marker/?a=b"
    assert client.post("/orgs/acme-old/members/").status_code == 404
