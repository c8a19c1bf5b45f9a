"""Groups, settings and the audit log, as each persona meets them."""

import pytest
from django.test import Client

from orgs.models import AuditEvent, Membership, Organization, Resource
from orgs.roles import Role
from tests.builders import make_group, make_member, make_org, make_page, make_user
from tests.orgs.helpers import as_role

pytestmark = pytest.mark.django_db


def test_group_from_making_to_deleting(client: Client, hooli: Organization, admin: Membership) -> None:
    max_ = make_member(hooli, make_user("max@hooli.example", name="Max"))
    assert (
        client.post("/orgs/hooli/new-group/", {"name": "Research"})["Location"]
        == "/orgs/hooli/groups/research/"
    )
    seats = "/orgs/hooli/groups/research/seats/"
    client.post(seats, {"email": "MAX@hooli.example", "role": "write"})
    seat = max_.group_seats.get()
    assert "Max" in client.get("/orgs/hooli/groups/research/").text
    response = client.post(seats, {"email": "nobody@hooli.example", "role": "read"})
    assert "No member of this organisation" in response.text
    client.post(f"{seats}{seat.pk}/take/")
    assert not max_.group_seats.exists()
    client.post("/orgs/hooli/groups/research/delete/")
    assert not hooli.resource_groups.exists()


def test_group_is_unknown_to_members_without_a_seat(hooli: Organization) -> None:
    group = make_group(hooli)
    client, membership = as_role(hooli, Role.WRITE)
    assert client.get("/orgs/hooli/groups/research/").status_code == 404
    assert "Research" not in client.get("/orgs/hooli/groups/").text
    group.seats.create(org=hooli, membership=membership, role=Role.READ)
    assert client.get("/orgs/hooli/groups/research/").status_code == 200
    assert client.post("/orgs/hooli/groups/research/delete/").status_code == 403


@pytest.mark.parametrize("path", ["settings/", "settings/rename/", "settings/delete/", "settings/audit/"])
@pytest.mark.parametrize(("role", "status"), [(Role.WRITE, 403), (Role.ADMIN, 200)])
def test_settings_are_for_admins(hooli: Organization, path: str, role: Role, status: int) -> None:
    client, _ = as_role(hooli, role)
    assert client.get(f"/orgs/hooli/{path}").status_code == status


def test_saving_the_profile(client: Client, hooli: Organization, admin: Membership) -> None:
    fields = {"name": "Hooli XYZ", "description": "Making the world better", "default_role": "no_access"}
    client.post("/orgs/hooli/settings/", fields)
    hooli.refresh_from_db()
    assert (hooli.name, hooli.default_role) == ("Hooli XYZ", "no_access")
    response = client.post("/orgs/hooli/settings/", {**fields, "default_role": "admin"})
    assert response.context["form"].errors.keys() == {"default_role"}


def test_rename_by_hand(client: Client, hooli: Organization, admin: Membership) -> None:
    make_org("taken")
    assert "This address is taken" in client.post("/orgs/hooli/settings/rename/", {"slug": "taken"}).text
    response = client.post("/orgs/hooli/settings/rename/", {"slug": "hooli-xyz"})
    assert response["Location"] == "/orgs/hooli-xyz/settings/"


def test_deleting_asks_to_type_the_address(client: Client, hooli: Organization, admin: Membership) -> None:
    make_page(hooli, group=make_group(hooli))
    client.post("/orgs/hooli/settings/delete/", {"confirmation": "something"})
    assert Organization.objects.exists()
    client.post("/orgs/hooli/settings/delete/", {"confirmation": "hooli"})
    assert not Organization.objects.exists()
    assert not Resource.objects.exists()


def test_audit_log_is_filtered_and_goes_by_key(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    for number in range(60):
        AuditEvent.objects.create(
            org=hooli, seq=number + 1, event="org.update", actor_label=f"Actor {number}", at=hooli.created_at
        )
    AuditEvent.objects.create(
        org=hooli, seq=61, event="org.rename", actor_label="Renamer", at=hooli.created_at
    )
    first = client.get("/orgs/hooli/settings/audit/")
    assert "Renamer" in first.text
    assert "Actor 0<" not in first.text
    older = client.get(first.context["next_url"])
    assert "Actor 0<" in older.text
    assert "Renamer" not in older.text
    only = client.get("/orgs/hooli/settings/audit/", {"event": "org.rename"})
    assert "Renamer" in only.text
    assert "Actor" not in only.text.split("<main")[1]


@pytest.mark.parametrize("path", ["", "members/", "invitations/", "groups/"])
def test_key_of_thousands_of_digits_is_none(client: Client, admin: Membership, path: str) -> None:
    assert client.get(f"/orgs/hooli/{path}?after={'9' * 5000}").status_code == 200


def test_key_beyond_the_database_is_not_found(client: Client, admin: Membership) -> None:
    assert client.post(f"/orgs/hooli/members/{10**30}/role/", {"role": "read"}).status_code == 404
