"""The pages of organisations, as each persona meets them."""

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from orgs import organisations
from orgs.models import AuditEvent, Membership, Organization, Resource
from orgs.roles import Role
from sso.types import Enforcement
from tests.builders import make_group, make_member, make_org, make_page, make_user, set_policy
from tests.conftest import World, log_in, log_in_with_sso

pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}


@pytest.fixture
def hooli() -> Organization:
    """An organisation without SSO."""
    return make_org("hooli", name="Hooli")


@pytest.fixture
def admin(client: Client, hooli: Organization) -> Membership:
    """Gus, admin of Hooli, signed in."""
    membership = make_member(hooli, make_user("gus@hooli.example", name="Gus"), role=Role.ADMIN)
    log_in(client, membership.user)
    return membership


def as_role(hooli: Organization, role: Role) -> tuple[Client, Membership]:
    client, membership = Client(), make_member(hooli, role=role)
    client.force_login(membership.user)
    return client, membership


# --- Home and search -----------------------------------------------------------------------------------


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


# --- The organisation ----------------------------------------------------------------------------------


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


# --- Resources -----------------------------------------------------------------------------------------


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


# --- JSON ----------------------------------------------------------------------------------------------


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


# --- Members -------------------------------------------------------------------------------------------


def test_members_see_names_and_admins_also_addresses(hooli: Organization, admin: Membership) -> None:
    reader, _ = as_role(hooli, Role.READ)
    page = reader.get("/orgs/hooli/members/").text
    assert "Gus" in page
    assert "gus@hooli.example" not in page
    assert as_role(hooli, Role.NO_ACCESS)[0].get("/orgs/hooli/members/").status_code == 403


@pytest.mark.parametrize("role", [Role.READ, Role.WRITE])
@pytest.mark.parametrize("action", ["role", "collaborator", "remove"])
def test_only_admins_manage_members(hooli: Organization, role: Role, action: str) -> None:
    client, membership = as_role(hooli, role)
    response = client.post(f"/orgs/hooli/members/{membership.pk}/{action}/", {"role": "admin"})
    assert response.status_code == 403
    membership.refresh_from_db()
    assert membership.role == role


def test_changing_a_role(client: Client, hooli: Organization, admin: Membership) -> None:
    max_ = make_member(hooli, make_user(name="Max"))
    response = client.post(f"/orgs/hooli/members/{max_.pk}/role/", {"role": "write"}, follow=True)
    assert "Max now has the role Write" in response.text
    assert "Set by an admin" in response.text


def test_last_admin_is_told_why_not(client: Client, hooli: Organization, admin: Membership) -> None:
    for path, data in ((f"members/{admin.pk}/role/", {"role": "read"}), ("leave/", {})):
        response = client.post(f"/orgs/hooli/{path}", data, follow=True)
        assert "at least one admin" in response.text
    assert hooli.memberships.get().role == Role.ADMIN


@pytest.mark.parametrize("action", ["role", "collaborator", "remove"])
def test_member_of_another_organisation_is_not_found(
    client: Client, hooli: Organization, admin: Membership, action: str
) -> None:
    foreign = make_member(make_org("globex"))
    response = client.post(f"/orgs/hooli/members/{foreign.pk}/{action}/", {"role": "admin"})
    assert response.status_code == 404
    foreign.refresh_from_db()
    assert foreign.role == Role.READ


def test_role_that_the_idp_decides_is_locked_and_says_why(world: World, client: Client) -> None:
    world.acme_idp.role_mapping_enabled = True
    world.acme_idp.save()
    Membership.objects.filter(pk=world.max.pk).update(role_source="idp", role_detail="groups has staff")
    log_in_with_sso(client, world.olivia)
    page = client.get("/orgs/acme/members/").text
    assert "groups has staff" in page
    assert reverse("orgs:change_role", args=["acme", world.max.pk]) not in page
    assert reverse("orgs:change_role", args=["acme", world.nina.pk]) in page
    response = client.post(f"/orgs/acme/members/{world.max.pk}/role/", {"role": "admin"})
    assert response.status_code == 403
    world.max.refresh_from_db()
    assert world.max.role == Role.READ


def test_leaving_needs_no_sso_and_shows_only_the_name(world: World, client: Client) -> None:
    log_in(client, world.max.user)
    page = client.get("/orgs/acme/leave/").text
    assert "Leave Acme?" in page
    assert "-marker" not in page
    assert client.post("/orgs/acme/leave/")["Location"] == "/"
    assert not Membership.objects.filter(pk=world.max.pk).exists()
    assert client.get("/orgs/acme/leave/").status_code == 404


# --- Invitations ---------------------------------------------------------------------------------------


def invitation_link() -> str:
    (message,) = mail.outbox
    return next(line for line in message.body.splitlines() if line.startswith("http://testserver"))


def signed_in(email: str) -> tuple[Client, User]:
    client, user = Client(), make_user(email)
    client.force_login(user)
    return client, user


def test_invited_person_joins_by_the_link(client: Client, hooli: Organization, admin: Membership) -> None:
    client.post("/orgs/hooli/invitations/", {"email": "new@hooli.example", "role": "write"})
    link = invitation_link()
    stranger = Client().get(link, follow=True)
    assert reverse("account_login") in stranger.text
    invited, user = signed_in("new@hooli.example")
    accept_page = invited.get(link, follow=True)
    assert "Accept and join" in accept_page.text
    assert not hooli.memberships.filter(user=user).exists()
    assert invited.post(accept_page.redirect_chain[-1][0])["Location"] == "/orgs/hooli/"
    assert hooli.memberships.get(user=user).role == Role.WRITE
    assert invited.get(link).status_code == 404


def test_invitation_of_another_address_is_refused(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    client.post("/orgs/hooli/invitations/", {"email": "new@hooli.example", "role": "admin"})
    other, user = signed_in("zoe@globex.example")
    page = other.get(invitation_link(), follow=True)
    assert page.status_code == 403
    assert other.post(page.redirect_chain[-1][0]).status_code == 403
    assert not hooli.memberships.filter(user=user).exists()


def test_invitation_is_good_for_its_own_organisation_only(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    make_org("globex")
    client.post("/orgs/hooli/invitations/", {"email": "new@hooli.example", "role": "read"})
    invited, _ = signed_in("new@hooli.example")
    token = invitation_link().rstrip("/").rsplit("/", 1)[-1]
    assert invited.post(f"/orgs/globex/invitations/{token}/accept/").status_code == 404


def test_enforcing_sso_turns_invitations_off(client: Client, hooli: Organization, admin: Membership) -> None:
    client.post("/orgs/hooli/invitations/", {"email": "new@hooli.example", "role": "write"})
    set_policy(hooli, Enforcement.ENFORCED)
    invited, user = signed_in("new@hooli.example")
    page = invited.get(invitation_link(), follow=True)
    assert "/orgs/hooli/join/" in page.text
    assert invited.post(page.redirect_chain[-1][0]).status_code == 403
    assert not hooli.memberships.filter(user=user).exists()
    assert hooli.invitations.exists()


def test_revoking_and_foreign_invitations(client: Client, hooli: Organization, admin: Membership) -> None:
    client.post("/orgs/hooli/invitations/", {"email": "new@hooli.example", "role": "write"})
    invitation = hooli.invitations.get()
    zoe = make_member(make_org("globex"), role=Role.ADMIN)
    foreign_admin = Client()
    foreign_admin.force_login(zoe.user)
    assert foreign_admin.post(f"/orgs/globex/invitations/{invitation.pk}/revoke/").status_code == 404
    assert client.post(f"/orgs/hooli/invitations/{invitation.pk}/revoke/").status_code == 302
    assert not hooli.invitations.exists()


# --- Groups --------------------------------------------------------------------------------------------


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


# --- Settings and audit --------------------------------------------------------------------------------


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
