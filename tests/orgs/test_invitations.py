"""Invitations: who may accept, until when, and how often."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from orgs import invitations
from orgs.errors import (
    AdminCantBeCollaborator,
    AlreadyMember,
    InvitationExpired,
    InvitationForOther,
    InvitationGone,
    InvitationsOff,
    OrgError,
)
from orgs.invitations import LIFETIME, IssuedInvitation
from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role, RoleSource
from tests.builders import make_member, make_org, make_user
from tests.orgs.helpers import audit_events

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def acme() -> Organization:
    return make_org("acme", name="Acme")


def invite(acme: Organization, email: str = "max@acme.example", role: Role = Role.WRITE) -> IssuedInvitation:
    return invitations.invite(org=acme, email=email, role=role, actor=make_user(name="Olivia"), now=NOW)


def token_of(issued: IssuedInvitation) -> str:
    return issued.link.rstrip("/").rsplit("/", 1)[-1]


def max_account() -> User:
    return make_user("max@acme.example")


def test_mail_carries_the_link_and_the_database_only_its_hash(acme: Organization) -> None:
    issued = invite(acme)
    (message,) = mail.outbox
    assert message.to == ["max@acme.example"]
    assert message.subject == "Olivia invites you to Acme"
    assert issued.link in message.body
    assert issued.link.startswith("http://testserver/invitations/")
    assert token_of(issued) not in str(Invitation.objects.values())


def test_accepting_gives_the_role_and_keeps_it_as_fallback(acme: Organization) -> None:
    membership = invitations.accept(token=token_of(invite(acme)), user=max_account(), now=NOW)
    assert (membership.role, membership.role_source, membership.fallback_role) == (
        Role.WRITE,
        RoleSource.INVITATION,
        Role.WRITE,
    )
    assert not acme.invitations.exists()
    assert audit_events(acme) == ["org.invite_user", "org.add_user"]


def test_case_of_the_address_does_not_matter(acme: Organization) -> None:
    issued = invite(acme, "Max@Acme.Example")
    assert invitations.accept(token=token_of(issued), user=max_account(), now=NOW).org == acme


@pytest.mark.parametrize(
    ("email", "verified"),
    [("zoe@globex.example", True), ("max@acme.example", False)],
    ids=["other", "unproven"],
)
def test_account_without_the_verified_address_is_refused(
    acme: Organization, email: str, verified: bool
) -> None:
    issued = invite(acme)
    with pytest.raises(InvitationForOther):
        invitations.accept(token=token_of(issued), user=make_user(email, verified=verified), now=NOW)
    assert acme.invitations.exists()
    assert not Membership.objects.exists()


@pytest.mark.catalogue("WEB-GATE-BYPASS")
@pytest.mark.parametrize(
    ("age", "accepted"), [(LIFETIME - timedelta(seconds=1), True), (LIFETIME, False)], ids=["before", "at"]
)
def test_expiry_is_decided_at_use(acme: Organization, age: timedelta, accepted: bool) -> None:
    token, user = token_of(invite(acme)), max_account()
    if accepted:
        assert invitations.accept(token=token, user=user, now=NOW + age)
    else:
        with pytest.raises(InvitationExpired):
            invitations.accept(token=token, user=user, now=NOW + age)


def accept_code(token: str, user: User) -> str:
    try:
        invitations.accept(token=token, user=user, now=NOW)
    except OrgError as refusal:
        return refusal.code
    return "accepted"


def test_link_works_once(acme: Organization) -> None:
    token, user = token_of(invite(acme)), max_account()
    assert [accept_code(token, user) for _ in range(2)] == ["accepted", "invitation_gone"]


def test_withdrawn_link_is_dead(acme: Organization) -> None:
    issued = invite(acme)
    invitations.revoke(invitation=issued.invitation, actor=make_user())
    with pytest.raises(InvitationGone):
        invitations.accept(token=token_of(issued), user=max_account(), now=NOW)


def test_inviting_again_replaces_link_and_role(acme: Organization) -> None:
    first, second = invite(acme), invite(acme, "MAX@acme.example", Role.READ)
    user = max_account()
    assert accept_code(token_of(first), user) == "invitation_gone"
    assert invitations.accept(token=token_of(second), user=user, now=NOW).role == Role.READ


def test_members_are_not_invited(acme: Organization) -> None:
    make_member(acme, max_account())
    with pytest.raises(AlreadyMember):
        invite(acme)
    assert not mail.outbox


def test_member_who_accepts_keeps_their_role(acme: Organization) -> None:
    issued = invite(acme, role=Role.ADMIN)
    membership = make_member(acme, max_account())
    with pytest.raises(AlreadyMember):
        invitations.accept(token=token_of(issued), user=membership.user, now=NOW)
    membership.refresh_from_db()
    assert membership.role == Role.READ


@pytest.mark.catalogue("WEB-GATE-BYPASS")
def test_nobody_is_invited_and_nobody_accepts_while_invitations_are_off(acme: Organization) -> None:
    issued, user = invite(acme), max_account()
    with pytest.raises(InvitationsOff, match="enforced"):
        invitations.accept(token=token_of(issued), user=user, now=NOW, invitations_off="SSO is enforced")
    with pytest.raises(InvitationsOff, match="enforced"):
        invitations.invite(
            org=acme,
            email="new@acme.example",
            role=Role.READ,
            actor=user,
            now=NOW,
            invitations_off="SSO is enforced",
        )
    assert acme.invitations.count() == 1


def invite_collaborator(acme: Organization, role: Role = Role.WRITE) -> IssuedInvitation:
    return invitations.invite(
        org=acme,
        email="nina@partner.example",
        role=role,
        actor=make_user(name="Olivia"),
        now=NOW,
        is_external_collaborator=True,
        invitations_off="SSO is enforced",
    )


def test_external_collaborators_are_invited_while_invitations_are_off(acme: Organization) -> None:
    issued = invite_collaborator(acme)
    assert "as an external collaborator" in mail.outbox[0].body
    membership = invitations.accept(
        token=token_of(issued), user=make_user("nina@partner.example"), now=NOW, invitations_off="SSO"
    )
    assert (membership.role, membership.is_external_collaborator) == (Role.WRITE, True)
    told = [event.data["is_external_collaborator"] for event in acme.audit_events.all()]
    assert told == [True, True]


def test_nobody_is_invited_as_admin_and_external_collaborator(acme: Organization) -> None:
    with pytest.raises(AdminCantBeCollaborator):
        invite_collaborator(acme, Role.ADMIN)
    assert not acme.invitations.exists()
    assert not mail.outbox


def test_inviting_again_decides_anew_who_is_an_external_collaborator(acme: Organization) -> None:
    invite_collaborator(acme)
    issued = invite(acme, "nina@partner.example")
    user = make_user("nina@partner.example")
    assert not invitations.accept(token=token_of(issued), user=user, now=NOW).is_external_collaborator


def test_mail_that_could_not_be_sent_is_said(acme: Organization, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nothing listens there
    issued = invite(acme)
    assert not issued.is_sent
    assert acme.invitations.exists()


@pytest.mark.catalogue("WEB-HEADER-INJECTION")
def test_subject_has_one_line_whatever_the_names_hold(acme: Organization) -> None:
    acme.name = "Acme\nBcc: everybody@example.org"
    acme.save()
    invite(acme)
    assert not re.search(r"[\r\n]", str(mail.outbox[0].subject))


def test_pending_invitation_is_found_by_verified_address(acme: Organization) -> None:
    issued, user = invite(acme), max_account()
    assert invitations.pending_for(org=acme, user=user, now=NOW) == issued.invitation
    assert invitations.pending_for(org=acme, user=user, now=NOW + LIFETIME) is None
    assert invitations.pending_for(org=acme, user=make_user(), now=NOW) is None
    assert invitations.pending_for(org=make_org(), user=user, now=NOW) is None
    invite_collaborator(acme)
    assert invitations.pending_for(org=acme, user=make_user("nina@partner.example"), now=NOW) is None


def test_nobody_is_invited_at_an_address_that_mail_and_dns_read_differently(
    acme: Organization, client: Client
) -> None:
    client.force_login(make_member(acme, make_user("olivia@acme.example"), role=Role.ADMIN).user)
    response = client.post("/orgs/acme/invitations/", {"email": "ceo@straße.de", "role": "admin"})
    assert "in its ASCII form" in response.content.decode()
    assert (Invitation.objects.count(), mail.outbox) == (0, [])
