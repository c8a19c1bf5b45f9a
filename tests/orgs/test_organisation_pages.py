"""An organisation's face and its resources, as each persona meets them."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orgs import organisations
from orgs.models import Membership, Organization
from orgs.roles import Role
from tests.builders import make_group, make_org, make_page, make_user
from tests.conftest import World, log_in, log_in_with_sso
from tests.orgs.helpers import as_role

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["anonymous", "zoe"])
def test_outsiders_see_what_is_public_and_nothing_else(world: World, client: Client, name: str) -> None:
    log_in(client, world.person(name))
    page = client.get("/orgs/acme/").text
    assert "Public-marker" in page
    assert "Private-marker" not in page
    assert client.get(world.public_page.get_absolute_url()).status_code == 200
    assert client.get(world.private_page.get_absolute_url()).status_code == 404


def test_anonymous_page_is_the_same_bytes_for_everyone(world: World) -> None:
    pages = [Client().get(world.public_page.get_absolute_url()) for _ in range(2)]
    assert pages[0].content == pages[1].content


@pytest.mark.parametrize("path", ["members/", "groups/", "settings/", "settings/audit/", "new-page/"])
def test_outsiders_find_no_inner_pages(world: World, client: Client, path: str) -> None:
    log_in(client, world.zoe.user)
    assert client.get(f"/orgs/acme/{path}").status_code == 404


def test_creating_an_organisation(client: Client) -> None:
    log_in(client, make_user("gus@hooli.example"))
    response = client.post("/orgs/new/", {"name": "Hooli", "slug": "hooli", "description": ""})
    assert response["Location"] == "/orgs/hooli/"
    assert Organization.objects.get().memberships.get().role == Role.ADMIN


@pytest.mark.parametrize("slug", ["taken", "new", "Has Spaces", "-", "x" * 41])
def test_bad_slug_is_an_error_beside_the_field(client: Client, slug: str) -> None:
    make_org("taken")
    log_in(client, make_user())
    response = client.post("/orgs/new/", {"name": "Typed name", "slug": slug})
    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {"slug"}
    assert "Typed name" in response.text
    assert Organization.objects.count() == 1


def test_links_by_an_old_slug_redirect(client: Client, hooli: Organization, admin: Membership) -> None:
    page = make_page(hooli, "Rota")
    organisations.rename_organisation(org=hooli, slug="hooli-xyz", actor=admin.user)
    response = client.get("/orgs/hooli/r/rota/?a=1")
    assert response["Location"] == "/orgs/hooli-xyz/r/rota/?a=1"
    assert page.title in client.get(response["Location"]).text


@pytest.mark.parametrize("path", ["", "r/private-marker/", "members/", "groups/"])
def test_page_asks_few_things_of_the_database(world: World, client: Client, path: str) -> None:
    """Four beside session and account: the gate, the page's own rows, seats, and the header's organisations."""
    log_in_with_sso(client, world.max)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/orgs/acme/{path}").status_code == 200
    assert len([query for query in queries if "orgs_" in query["sql"]]) <= 4


def resource_fields(**fields: str) -> dict[str, str]:
    return {
        "title": "Rota",
        "description": "",
        "body": "**Who** is on call",
        "visibility": "private",
        **fields,
    }


def test_writing_a_page(client: Client, hooli: Organization, admin: Membership) -> None:
    response = client.post("/orgs/hooli/new-page/", resource_fields())
    assert response["Location"] == "/orgs/hooli/r/rota/"
    assert "<strong>Who</strong> is on call" in client.get("/orgs/hooli/r/rota/").text


def test_app_needs_a_web_address(client: Client, hooli: Organization, admin: Membership) -> None:
    for url in ("", "javascript:alert(1)", "ftp://files.example", "//no-scheme"):
        response = client.post("/orgs/hooli/new-app/", resource_fields(url=url))
        assert response.context["form"].errors.keys() == {"url"}, url
    client.post("/orgs/hooli/new-app/", resource_fields(url="https://ci.example/"))
    assert hooli.resources.get().url == "https://ci.example/"


@pytest.mark.parametrize(
    ("role", "create", "edit", "delete"),
    [
        (Role.READ, 403, 403, 403),
        (Role.CONTRIBUTOR, 200, 403, 403),
        (Role.WRITE, 200, 200, 200),
        (Role.ADMIN, 200, 200, 200),
        (Role.NO_ACCESS, 403, 404, 404),
    ],
)
def test_what_each_role_may_open(
    hooli: Organization, role: Role, create: int, edit: int, delete: int
) -> None:
    make_page(hooli, "Rota")
    client, _ = as_role(hooli, role)
    paths = ["new-page/", "r/rota/edit/", "r/rota/delete/"]
    assert [client.get(f"/orgs/hooli/{path}").status_code for path in paths] == [create, edit, delete]
    assert client.post("/orgs/hooli/r/rota/delete/").status_code == (302 if delete == 200 else delete)
    assert hooli.resources.exists() is (delete != 200)


def test_editing_keeps_slug_and_shows_errors_without_saving(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    make_page(hooli, "Rota")
    assert client.post("/orgs/hooli/r/rota/edit/", resource_fields(title="")).status_code == 200
    assert hooli.resources.get().title == "Rota"
    client.post("/orgs/hooli/r/rota/edit/", resource_fields(title="New", visibility="public"))
    resource = hooli.resources.get()
    assert (resource.title, resource.slug, resource.visibility) == ("New", "rota", "public")


def test_group_of_another_organisation_is_no_choice(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    make_group(hooli)
    foreign = make_group(make_org("globex"), "Foreign")
    response = client.post("/orgs/hooli/new-page/", resource_fields(group=str(foreign.pk)))
    assert response.context["form"].errors.keys() == {"group"}
    assert "Foreign" not in response.text


def test_resource_of_another_organisation_is_not_found(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    make_page(make_org("globex"), "Rota", visibility="public")
    for path in ("r/rota/", "r/rota/edit/", "r/rota/delete/"):
        assert client.get(f"/orgs/hooli/{path}").status_code == 404
