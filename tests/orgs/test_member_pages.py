"""Members and invitations, as each persona meets them."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from pytest_django import Settings

from accounts.models import User
from orgs.errors import AdminCantBeCollaborator, CollaboratorCantBeAdmin, InvitationGone
from orgs.models import Membership, Organization
from orgs.roles import Role
from orgs.views import invitations as invitation_views
from sso.types import Enforcement
from tests.builders import make_member, make_org, make_user, set_policy
from tests.conftest import World, log_in, log_in_with_sso
from tests.orgs.helpers import as_role

pytestmark = pytest.mark.django_db


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
    assert "groups has staff" in client.get("/orgs/acme/members/").text
    page = client.get(f"/orgs/acme/members/{world.max.pk}/").text
    assert "groups has staff" in page
    assert reverse("orgs:change_role", args=["acme", world.max.pk]) not in page
    ninas = client.get(f"/orgs/acme/members/{world.nina.pk}/").text
    assert reverse("orgs:change_role", args=["acme", world.nina.pk]) in ninas
    response = client.post(f"/orgs/acme/members/{world.max.pk}/role/", {"role": "admin"})
    assert response.status_code == 403
    world.max.refresh_from_db()
    assert world.max.role == Role.READ


def test_admin_is_not_offered_the_exemption_and_told_why(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    path = reverse("orgs:set_collaborator", args=["hooli", admin.pk])
    page = client.get(f"/orgs/hooli/members/{admin.pk}/").text
    assert path not in page
    assert escape(AdminCantBeCollaborator.message) in page
    client.post(path, {"is_external": "on"})
    admin.refresh_from_db()
    assert not admin.is_external_collaborator


def test_collaborator_is_not_offered_the_role_admin_and_told_why(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    nina = make_member(hooli, is_external_collaborator=True)
    page = client.get(f"/orgs/hooli/members/{nina.pk}/").text
    assert '<option value="admin"' not in page
    assert escape(CollaboratorCantBeAdmin.message) in page
    response = client.post(f"/orgs/hooli/members/{nina.pk}/role/", {"role": "admin"}, follow=True)
    assert escape(CollaboratorCantBeAdmin.message) in response.text
    nina.refresh_from_db()
    assert nina.role == Role.READ


def test_leaving_needs_no_sso_and_shows_only_the_name(world: World, client: Client) -> None:
    log_in(client, world.max.user)
    page = client.get("/orgs/acme/leave/").text
    assert "Leave Acme?" in page
    assert "-marker" not in page
    assert client.post("/orgs/acme/leave/")["Location"] == "/"
    assert not Membership.objects.filter(pk=world.max.pk).exists()
    assert client.get("/orgs/acme/leave/").status_code == 404


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


def test_nobody_sends_invitations_without_end(
    client: Client, hooli: Organization, admin: Membership, settings: Settings
) -> None:
    settings.THROTTLE_PERCENT = 1
    for number in range(3):
        form = {"email": f"guest{number}@hooli.example", "role": "read"}
        page = client.post("/orgs/hooli/invitations/", form)
    assert hooli.invitations.count() == 2
    assert "You have sent many invitations within an hour." in page.text


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


def test_external_collaborator_is_invited_and_comes_in_while_sso_is_enforced(
    world: World, client: Client
) -> None:
    log_in_with_sso(client, world.olivia)
    page = client.get("/orgs/acme/invitations/")
    assert page.context["form"]["is_external_collaborator"].initial is True
    data = {"email": "new@partner.example", "role": "read", "is_external_collaborator": "on"}
    assert client.post("/orgs/acme/invitations/", data).status_code == 302
    invited, user = signed_in("new@partner.example")
    accept_page = invited.get(invitation_link(), follow=True)
    assert "as an external collaborator" in accept_page.text
    assert invited.post(accept_page.redirect_chain[-1][0])["Location"] == "/orgs/acme/"
    assert world.acme.memberships.get(user=user).is_external_collaborator
    assert invited.get("/orgs/acme/members/").status_code == 200


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({"role": "read"}, "is_external_collaborator", "join link"),
        ({"role": "admin", "is_external_collaborator": "on"}, "role", "not one of the available"),
    ],
    ids=["classic", "admin"],
)
def test_other_invitations_are_refused_on_the_form_while_sso_is_enforced(
    world: World, client: Client, data: dict[str, str], field: str, reason: str
) -> None:
    log_in_with_sso(client, world.olivia)
    response = client.post("/orgs/acme/invitations/", {"email": "new@acme.example", **data})
    assert reason in response.context["form"].errors[field][0]
    assert not world.acme.invitations.exists()
    assert not mail.outbox


def test_form_says_that_no_collaborator_is_invited_as_admin(
    client: Client, hooli: Organization, admin: Membership
) -> None:
    data = {"email": "new@partner.example", "role": "admin", "is_external_collaborator": "on"}
    response = client.post("/orgs/hooli/invitations/", data)
    assert response.context["form"].errors == {"role": [AdminCantBeCollaborator.message]}
    assert not hooli.invitations.exists()


def test_invitation_sent_again_stays_that_of_a_collaborator(world: World, client: Client) -> None:
    log_in_with_sso(client, world.olivia)
    data = {"email": "new@partner.example", "role": "read", "is_external_collaborator": "on"}
    client.post("/orgs/acme/invitations/", data)
    page = client.get("/orgs/acme/invitations/").text
    assert '<input type="hidden" name="is_external_collaborator" value="on">' in page
    assert "Send again" in page


def test_revoking_and_foreign_invitations(client: Client, hooli: Organization, admin: Membership) -> None:
    client.post("/orgs/hooli/invitations/", {"email": "new@hooli.example", "role": "write"})
    invitation = hooli.invitations.get()
    zoe = make_member(make_org("globex"), role=Role.ADMIN)
    foreign_admin = Client()
    foreign_admin.force_login(zoe.user)
    assert foreign_admin.post(f"/orgs/globex/invitations/{invitation.pk}/revoke/").status_code == 404
    assert client.post(f"/orgs/hooli/invitations/{invitation.pk}/revoke/").status_code == 302
    assert not hooli.invitations.exists()


@pytest.mark.parametrize("meanwhile", ["withdrawn", "joined"])
def test_what_happens_between_looking_and_accepting_is_told(
    client: Client,
    hooli: Organization,
    admin: Membership,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: str,
) -> None:
    client.post("/orgs/hooli/invitations/", {"email": "new@hooli.example", "role": "write"})
    invited, user = signed_in("new@hooli.example")
    token = invitation_link().rstrip("/").rsplit("/", 1)[-1]
    looked = invitation_views._why_not

    def look_and_be_late(*arguments: Any) -> str:
        refusal = looked(*arguments)
        if meanwhile == "withdrawn":
            hooli.invitations.all().delete()
        else:
            make_member(hooli, user)
        return refusal

    monkeypatch.setattr(invitation_views, "_why_not", look_and_be_late)
    response = invited.post(f"/orgs/hooli/invitations/{token}/accept/")
    assert response["Location"] == "/orgs/hooli/"
    (message,) = get_messages(response.wsgi_request)
    assert message.level_tag == "error"
    assert str(message) in (InvitationGone.message, "You are a member already.")


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "Accept": "text/html"}])
def test_a_search_while_typing_is_answered_with_the_page_itself(
    hooli: Organization, admin: Membership, headers: dict[str, str]
) -> None:
    """One answer by one address, so that no cache can hand out a part of a page for the whole."""
    page = as_role(hooli, Role.READ)[0].get("/orgs/hooli/members/?q=nobody-at-all", headers=headers).text
    assert "<!DOCTYPE html>" in page
    assert 'id="members"' in page
    assert "0 members for “nobody-at-all”." in page
