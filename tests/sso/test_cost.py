"""What the gate costs a page, in queries, and that nothing but a login talks to an IdP."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import World, log_in, log_in_with_sso

MAX_QUERIES_OF_A_PAGE = 6


def queries_of(client: Client, path: str, *, status: int = 200) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == status
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("path", ["/orgs/acme/", "/orgs/acme/r/private-marker/"])
def test_a_gated_page_costs_one_query_for_the_gate_and_six_in_all(
    client: Client, world: World, path: str
) -> None:
    log_in_with_sso(client, world.max)
    queries = queries_of(client, path)
    gate = [
        query for query in queries if "sso_ssosession" in query and '"orgs_organization"."slug" =' in query
    ]
    assert len(gate) == 1
    assert "orgs_membership" in gate[0]
    assert "sso_revision" in gate[0]
    assert len(queries) <= MAX_QUERIES_OF_A_PAGE, "\n".join(queries)


def test_a_blocked_page_costs_little(client: Client, world: World) -> None:
    log_in(client, world.max.user)
    # session, user, gate, and the banner of the viewer's other organisations
    assert len(queries_of(client, "/orgs/acme/", status=403)) <= 4


def test_an_anonymous_public_page_asks_for_no_session_and_no_memberships(
    client: Client, world: World
) -> None:
    queries = queries_of(client, "/orgs/acme/r/public-marker/")
    assert not [
        query for query in queries if "django_session" in query or "accounts_user" in query.split("WHERE")[-1]
    ]
    assert len(queries) <= 3
