"""Requests with NUL or control characters: answered 400 and never with an error of the database's."""

import pytest
from django.test import Client

from tests.conftest import World, log_in_with_sso

PATHS = [
    "/orgs/acme/invitations/%00/accept/",
    "/orgs/acme/invitations/a%0Ab/accept/",
    "/orgs/acme/sso/held/%00/",
    "/orgs/acme/r/%00/",
    "/invitations/%00/",
    "/invitations/%1b/",
    "/%00",
    "/search/?q=%00",
    "/search/?q=a&%00=b",
    "/orgs/acme/?after=%00",
    "/orgs/acme/members/?q=a%00b",
    "/orgs/acme/settings/audit/?event=%00",
    "/orgs/acme/settings/sso/refusals/%00/",
    "/accounts/confirm-email/%00/",
    "/accounts/login/?next=%00",
    "/admin/accounts/user/%00/change/",
]


@pytest.mark.parametrize("path", PATHS)
def test_such_a_url_is_not_understood(client: Client, world: World, path: str) -> None:
    log_in_with_sso(client, world.olivia)
    for response in (client.get(path), client.post(path), Client().get(path)):
        assert response.status_code == 400
        assert "We could not understand that" in response.text
        assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.catalogue("WEB-HEADER-INJECTION")
def test_nor_is_such_a_session_cookie(client: Client, db: None) -> None:
    """A cookie in quotes may hold any octet as its octal number."""
    response = client.get("/", headers={"Cookie": 'sessionid="abcdefgh\\000"'})
    assert response.status_code == 400


@pytest.mark.parametrize(
    "path", ["/search/?q=%250A", "/search/?q=two%0D%0Alines", "/search/?q=%C3%A9%F0%9F%98%80"]
)
def test_line_breaks_in_a_query_and_any_letter_are_understood(client: Client, db: None, path: str) -> None:
    assert client.get(path).status_code == 200
