"""Leaving an organisation works whatever single sign-on makes of somebody; the last admin reads first why it can't."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from orgs import members
from orgs.models import AuditEvent, Membership
from orgs.roles import Role
from sso.models import LinkedIdentity, Revision, SSOSession
from sso.types import Enforcement
from tests.builders import make_member, make_org, make_sso_session, make_user, set_policy
from tests.conftest import World, log_in

pytestmark = pytest.mark.django_db
LEAVE = "/orgs/acme/leave/"


def session_ended(world: World) -> None:
    make_sso_session(world.max, browser_session="b", expires_at=timezone.now() - timedelta(hours=1))


def idp_is_switched_off(world: World) -> None:
    session_ended(world)
    world.acme_idp.is_enabled = False
    world.acme_idp.save()


def idp_is_deleted(world: World) -> None:
    session_ended(world)
    SSOSession.objects.all().delete()
    world.acme_idp.delete()


def nothing_is_live(world: World) -> None:
    world.acme_idp.revisions.update(status=Revision.Status.RETIRED)


def role_is_mapped(world: World) -> None:
    session_ended(world)
    world.acme_idp.role_mapping_enabled = True
    world.acme_idp.save()
    Membership.objects.filter(pk=world.max.pk).update(role_source="idp", role_detail="groups has staff")


def never_linked(world: World) -> None:
    """As the world is made."""


def report_only(world: World) -> None:
    set_policy(world.acme, Enforcement.REPORT_ONLY)


def optional(world: World) -> None:
    set_policy(world.acme, Enforcement.OPTIONAL)


def is_collaborator(world: World) -> None:
    Membership.objects.filter(pk=world.max.pk).update(is_external_collaborator=True)


def has_no_access(world: World) -> None:
    Membership.objects.filter(pk=world.max.pk).update(role=Role.NO_ACCESS)


@pytest.mark.parametrize(
    "situation",
    [
        session_ended,
        idp_is_switched_off,
        idp_is_deleted,
        nothing_is_live,
        role_is_mapped,
        never_linked,
        report_only,
        optional,
        is_collaborator,
        has_no_access,
    ],
)
def test_member_leaves_and_takes_along_what_tied_them(
    client: Client, world: World, situation: Callable[[World], None]
) -> None:
    situation(world)
    was_linked = LinkedIdentity.objects.filter(user=world.max.user).count()
    log_in(client, world.max.user)
    assert "Leave Acme?" in client.get(LEAVE).text
    assert client.post(LEAVE)["Location"] == "/"
    assert not Membership.objects.filter(pk=world.max.pk).exists()
    assert not LinkedIdentity.objects.filter(user=world.max.user).exists()
    unlinked = AuditEvent.objects.filter(org=world.acme, event="org.sso_unlink").count()
    assert unlinked == was_linked
    assert not SSOSession.objects.filter(user=world.max.user).exists()


def test_only_admin_reads_why_not_before_pressing_anything_and_both_ways_out(
    client: Client, world: World
) -> None:
    log_in(client, world.olivia.user)
    page = client.get(LEAVE).text
    assert "You are its only admin" in page
    assert "Leave Acme?" not in page
    assert 'href="/orgs/acme/members/"' in page
    assert 'href="/orgs/acme/settings/delete/"' in page
    assert "You are its only admin" in client.post(LEAVE).text
    assert Membership.objects.filter(pk=world.olivia.pk).exists()


def test_second_admin_may_go_and_a_switched_off_one_does_not_count(client: Client, world: World) -> None:
    other = make_member(world.acme, role=Role.ADMIN)
    log_in(client, world.olivia.user)
    assert "Leave Acme?" in client.get(LEAVE).text
    other.user.is_active = False
    other.user.save()
    assert "You are its only admin" in client.get(LEAVE).text


def test_only_member_is_offered_to_delete_the_organisation(client: Client, db: None) -> None:
    alone = make_member(make_org("solo"), make_user(), role=Role.ADMIN)
    log_in(client, alone.user)
    page = client.get("/orgs/solo/leave/").text
    assert "You are its only member" in page
    assert 'href="/orgs/solo/invitations/"' in page


def test_leaving_twice_at_once_is_leaving_once(world: World) -> None:
    members.leave(membership=world.max)
    stale = Membership(pk=10_000_000, org=world.acme, user=world.max.user)
    members.leave(membership=stale)
    assert not Membership.objects.filter(org=world.acme, user=world.max.user).exists()
