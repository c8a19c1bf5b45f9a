"""Home and search, as each persona meets them."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.builders import make_user
from tests.conftest import World, log_in, log_in_with_sso

pytestmark = pytest.mark.django_db


def test_strangers_get_the_same_landing_page() -> None:
    pages = [Client().get("/") for _ in range(2)]
    assert pages[0].content == pages[1].content
    assert reverse("account_login") in pages[0].text


def test_home_leads_on_who_belongs_nowhere(client: Client) -> None:
    log_in(client, make_user())
    assert reverse("orgs:create") in client.get("/").text


def test_home_hides_what_waits_for_sso_and_says_so(world: World, client: Client) -> None:
    log_in(client, world.max.user)
    page = client.get("/").text
    assert "2 resources of <strong>Acme</strong> are hidden until you authenticate" in page
    assert "-marker" not in page


def test_home_offers_to_authenticate_once(world: World, client: Client) -> None:
    log_in(client, world.max.user)
    page = client.get("/").text
    assert page.count('href="/orgs/acme/sso/') == 1
    assert 'href="/orgs/acme/"' in page


def test_home_shows_recent_resources_once_authenticated(world: World, client: Client) -> None:
    log_in_with_sso(client, world.max)
    page = client.get("/").text
    assert "Private-marker" in page
    assert "hidden until you authenticate" not in page


def test_home_shows_no_public_resources_of_other_organisations(world: World, client: Client) -> None:
    log_in(client, world.zoe.user)
    assert "Public-marker" not in client.get("/").text


@pytest.mark.parametrize(
    ("name", "public", "private"),
    [("anonymous", True, False), ("zoe", True, False), ("max", False, False), ("nina", True, True)],
)
def test_search_finds_what_the_viewer_may_read(
    world: World, client: Client, name: str, public: bool, private: bool
) -> None:
    log_in(client, world.person(name))
    page = client.get("/search/", {"q": "marker"}).text
    assert ("Public-marker" in page, "Private-marker" in page) == (public, private)


def test_search_does_not_count_hidden_matches(world: World, client: Client) -> None:
    log_in(client, world.max.user)
    pages = [client.get("/search/", {"q": query}).text for query in ("marker", "nothing-holds-this")]
    assert all("2 resources of <strong>Acme</strong> are hidden" in page for page in pages)


def test_search_keeps_what_was_typed_escaped(client: Client) -> None:
    page = client.get("/search/", {"q": '"><script>'}).text
    assert "<script>" not in page.split("<main")[1]
    assert "&quot;&gt;&lt;script&gt;" in page
