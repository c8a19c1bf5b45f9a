"""What the pages answer to clients that ask for JSON."""

import pytest
from django.test import Client

from orgs.models import Membership, Organization
from orgs.roles import Role
from tests.builders import make_page
from tests.conftest import World, log_in
from tests.orgs.helpers import as_role

pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}


def test_json_of_the_organisation_and_a_resource(world: World, client: Client) -> None:
    log_in(client, world.nina.user)
    org = client.get("/orgs/acme/", headers=JSON)
    assert org.json()["slug"] == "acme"
    assert {resource["title"] for resource in org.json()["resources"]} == {"Public-marker", "Private-marker"}
    assert "Accept" in org["Vary"]
    page = client.get(world.private_page.get_absolute_url(), headers=JSON).json()
    assert page["body"] == "private-body-marker"
    assert page["url"] == "http://testserver" + world.private_page.get_absolute_url()


def test_json_for_outsiders_holds_public_resources_only(world: World, client: Client) -> None:
    titles = [resource["title"] for resource in client.get("/orgs/acme/", headers=JSON).json()["resources"]]
    assert titles == ["Public-marker"]


def test_json_of_members_has_addresses_for_admins_only(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    reader, _ = as_role(hooli, Role.READ)
    assert (
        client.get("/orgs/hooli/members/", headers=JSON).json()["members"][0]["email"] == "gus@hooli.example"
    )
    assert "email" not in reader.get("/orgs/hooli/members/", headers=JSON).json()["members"][0]


def test_lists_go_on_by_key(client: Client, hooli: Organization, admin: Membership) -> None:
    for number in range(49):
        make_page(hooli, f"Page {number}")
    first = client.get("/orgs/hooli/", headers=JSON).json()
    rest = client.get(first["next"], headers=JSON).json()
    assert (len(first["resources"]), len(rest["resources"]), rest["next"]) == (48, 1, None)
    assert client.get("/orgs/hooli/", {"after": "x" * 30}).status_code == 200
    assert client.get("/orgs/hooli/", {"after": "9" * 30}).status_code == 200
