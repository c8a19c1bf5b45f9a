"""What a signed-in person is answered stays out of every cache, on pages of the portal as behind the gate."""

import pytest
from django.test import Client
from django.urls import reverse

from orgs.roles import Role
from sso.models import HeldPost
from tests.conftest import World, log_in, log_in_with_sso

pytestmark = pytest.mark.catalogue("WEB-CACHE")

PRIVATE = "private, no-store"
PAGES = [
    "/",
    "/search/?q=marker",
    "/orgs/new/",
    "/orgs/acme/",
    "/orgs/acme/leave/",
    "/orgs/acme/r/private-marker/",
    "/accounts/profile/",
    "/accounts/sso-sessions/",
]
# allauth says it in its own words.
ACCOUNT_PAGES = ["/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_a_signed_in_person_is_theirs_alone(client: Client, world: World, path: str) -> None:
    log_in_with_sso(client, world.max)
    response = client.get(path)
    assert response.status_code == 200
    assert response["Cache-Control"] == PRIVATE
    assert "Cookie" in response["Vary"]


@pytest.mark.parametrize("path", [*ACCOUNT_PAGES, "/orgs/acme/sso/recovery/"])
def test_so_is_one_that_says_so_itself(client: Client, world: World, path: str) -> None:
    log_in_with_sso(client, world.olivia)
    response = client.get(path, follow=True)
    assert response.status_code == 200
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))


def test_so_are_the_answers_to_searches_of_programs(client: Client, world: World) -> None:
    log_in_with_sso(client, world.max)
    assert client.get("/orgs/acme/", headers={"Accept": "application/json"})["Cache-Control"] == PRIVATE


def test_so_is_a_form_that_was_held_up(client: Client, world: World) -> None:
    world.max.role = Role.WRITE
    world.max.save()
    log_in(client, world.max.user)
    client.post("/orgs/acme/new-page/", {"title": "Held", "visibility": "private"})
    assert HeldPost.objects.exists()
    token = client.post("/orgs/acme/new-page/", {"title": "x"}).context["start_url"].rsplit("held%2F")[-1]
    path = reverse("sso:held_post", args=["acme", token.removesuffix("%2F")])
    response = client.get(path)
    assert response.status_code == 200
    assert response["Cache-Control"] == PRIVATE


@pytest.mark.parametrize("path", ["/nothing/here/", "/orgs/globex/members/"])
def test_so_is_an_error_page(client: Client, world: World, path: str) -> None:
    log_in(client, world.max.user)
    response = client.get(path)
    assert response.status_code == 404
    assert response["Cache-Control"] == PRIVATE


@pytest.mark.parametrize("path", ["/", "/orgs/acme/", "/search/", "/orgs/acme/r/public-marker/"])
def test_public_pages_of_strangers_may_be_kept(client: Client, world: World, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert not response.has_header("Cache-Control")


def test_files_are_everybodys(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    assert "private" not in client.get("/static/hubsso.css")["Cache-Control"]
