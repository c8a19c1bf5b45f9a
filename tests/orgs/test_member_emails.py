"""Members read each other's addresses in the organisation's proven domains; admins read all."""

import pytest
from django.test import Client
from django.utils import timezone

from orgs.models import Domain, Membership, Organization
from tests.builders import make_member, make_user

pytestmark = pytest.mark.django_db

ADDRESSES = ("gus@hooli.example", "eve@hooli.example", "bob@gmail.example", "claim@hooli.example")


@pytest.fixture
def member(hooli: Organization, admin: Membership) -> Client:
    """Bob, whose own address is elsewhere, among Eve and somebody whose address is not verified."""
    make_member(hooli, make_user("eve@hooli.example"))
    make_member(hooli, make_user("claim@hooli.example", verified=False))
    bob = make_member(hooli, make_user("bob@gmail.example"))
    client = Client()
    client.force_login(bob.user)
    return client


def prove(org: Organization, name: str) -> None:
    Domain.objects.create(org=org, name=name, challenge="x", verified_at=timezone.now())


def seen(client: Client) -> set[str]:
    page = client.get("/orgs/hooli/members/").text
    people = page[page.index("<main") :]
    rows = client.get("/orgs/hooli/members/", headers={"Accept": "application/json"}).json()["members"]
    found = {address for address in ADDRESSES if address in people}
    assert found == {row["email"] for row in rows if "email" in row}
    return found


def test_without_a_proven_domain_members_see_none(member: Client, hooli: Organization) -> None:
    Domain.objects.create(org=hooli, name="hooli.example", challenge="x")
    assert seen(member) == set()


def test_members_see_verified_addresses_in_proven_domains(member: Client, hooli: Organization) -> None:
    prove(hooli, "hooli.example")
    assert seen(member) == {"gus@hooli.example", "eve@hooli.example"}


def test_another_organisations_domain_shows_nothing(member: Client, hooli: Organization) -> None:
    prove(Organization.objects.create(slug="globex", name="Globex"), "hooli.example")
    assert seen(member) == set()


@pytest.mark.usefixtures("member")
def test_admins_see_all(client: Client) -> None:
    assert seen(client) == set(ADDRESSES)


def test_external_collaborators_see_none(member: Client, hooli: Organization) -> None:
    prove(hooli, "hooli.example")
    Membership.objects.filter(user__email="bob@gmail.example").update(is_external_collaborator=True)
    assert seen(member) == set()
