"""Nothing behind the gate is kept by a cache or shown by the back button after the person is gone."""

import pytest
from django.test import Client

from tests.conftest import World, log_in_with_sso
from tests.org_things import things_of
from tests.urls import all_routes

pytestmark = pytest.mark.catalogue("WEB-CACHE")
PAGE = "/orgs/acme/r/private-marker/"
GATED = [route for route in all_routes() if "org_slug" in route.arguments and route.exempt_reason is None]


def test_every_gated_answer_is_for_no_cache_whatever_its_status(client: Client, world: World) -> None:
    """Pages, JSON, errors and block pages, by every method, with and without SSO."""
    things = things_of(world.acme)
    blocked = Client()
    blocked.force_login(world.max.user)
    log_in_with_sso(client, world.olivia)
    seen: set[int] = set()
    asked = [
        ("GET", "text/html"),
        ("GET", "application/json"),
        ("HEAD", "text/html"),
        ("DELETE", "text/html"),
    ]
    for route in GATED:
        for browser, requests in ((client, asked), (blocked, asked[:2])):
            for method, accept in requests:
                response = browser.generic(method, route.path(**things), headers={"Accept": accept})
                seen.add(response.status_code)
                assert response.headers["Cache-Control"] == "private, no-store", route.name
                assert "Cookie" in response.headers["Vary"], route.name
                assert not {"ETag", "Last-Modified", "Expires"} & set(response.headers), route.name
    assert {200, 403, 405} <= seen


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": "*"},
        {"If-None-Match": 'W/"x"'},
        {"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"},
        {"Range": "bytes=0-100"},
        {"Cache-Control": "only-if-cached, max-stale"},
    ],
    ids=str,
)
def test_gated_page_is_never_unchanged_and_never_partial(
    client: Client, world: World, headers: dict[str, str]
) -> None:
    log_in_with_sso(client, world.max)
    response = client.get(PAGE, headers=headers)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"


def test_back_button_after_signing_out_finds_nothing(client: Client, world: World) -> None:
    """A browser that kept no page asks anew, with the cookies it had and with those it has now."""
    log_in_with_sso(client, world.max)
    before = Client()
    before.cookies.update(client.cookies)
    assert b"private-body-marker" in client.get(PAGE).content
    response = client.post("/accounts/logout/")
    assert response.status_code == 302
    for browser in (client, before):
        answer = browser.get(PAGE)
        assert answer.status_code == 404
        assert b"private-body-marker" not in answer.content
