"""Roles by hand, leaving, removing, and the last admin."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection

from accounts.profiles import change_name
from orgs import members
from orgs.errors import AdminCantBeCollaborator, AlreadyMember, LastAdmin, MemberGone, OrgError, RoleLocked
from orgs.models import AuditEvent, Membership
from orgs.roles import Role, RoleSource
from tests.builders import make_group, make_member, make_org, make_user
from tests.orgs.helpers import audit_events


@pytest.mark.django_db
def test_changed_role_says_where_it_came_from() -> None:
    org = make_org()
    membership = make_member(org, role_source=RoleSource.IDP, role_detail="groups has eng")
    members.change_role(membership=membership, role=Role.WRITE, actor=make_user())
    membership.refresh_from_db()
    assert (membership.role, membership.role_source, membership.role_detail) == ("write", "manual", "")
    event = AuditEvent.objects.get(org=org)
    assert event.event == "org.change_role"
    assert event.data["role"] == {"from": "read", "to": "write"}


@pytest.mark.django_db
def test_locked_role_stays_and_the_refusal_says_why() -> None:
    membership = make_member(make_org())
    with pytest.raises(RoleLocked, match="Set by the IdP") as refusal:
        members.change_role(
            membership=membership, role=Role.WRITE, actor=make_user(), role_lock="Set by the IdP"
        )
    assert refusal.value.code == "role_locked"
    membership.refresh_from_db()
    assert membership.role == Role.READ
    assert audit_events(membership.org) == []


@pytest.mark.django_db
def test_lock_does_not_hold_for_external_collaborators() -> None:
    nina = make_member(make_org(), is_external_collaborator=True)
    members.change_role(membership=nina, role=Role.WRITE, actor=make_user(), role_lock="Set by the IdP")
    nina.refresh_from_db()
    assert nina.role == Role.WRITE


def step_down(membership: Membership) -> None:
    members.change_role(membership=membership, role=Role.WRITE, actor=membership.user)


def be_removed(membership: Membership) -> None:
    members.remove_member(membership=membership, actor=membership.user)


def leave(membership: Membership) -> None:
    members.leave(membership=membership)


WAYS_OUT = [step_down, be_removed, leave]


@pytest.mark.catalogue("WEB-LAST-ADMIN")
@pytest.mark.django_db
@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_last_admin_stays(way_out: Callable[[Membership], None]) -> None:
    org = make_org()
    olivia = make_member(org, role=Role.ADMIN)
    make_member(org, role=Role.WRITE)
    make_member(make_org(), role=Role.ADMIN)  # another organisation's admin does not count
    with pytest.raises(LastAdmin):
        way_out(olivia)
    olivia.refresh_from_db()
    assert olivia.role == Role.ADMIN
    assert audit_events(org) == []


@pytest.mark.django_db
@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_admin_goes_while_another_one_stays(way_out: Callable[[Membership], None]) -> None:
    org = make_org()
    olivia, oscar = make_member(org, role=Role.ADMIN), make_member(org, role=Role.ADMIN)
    way_out(olivia)
    assert org.memberships.get(role=Role.ADMIN) == oscar


@pytest.mark.catalogue("WEB-LAST-ADMIN")
@pytest.mark.django_db
def test_deactivated_account_is_no_admin_to_rely_on() -> None:
    org = make_org()
    olivia = make_member(org, role=Role.ADMIN)
    make_member(org, make_user(is_active=False), role=Role.ADMIN)
    with pytest.raises(LastAdmin):
        members.leave(membership=olivia)


@pytest.mark.catalogue("WEB-LAST-ADMIN", "WEB-RACES")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way_out", WAYS_OUT)
def test_of_two_admins_going_at_once_one_stays(way_out: Callable[[Membership], None]) -> None:
    org = make_org()
    admins = [make_member(org, role=Role.ADMIN) for _ in range(2)]
    barrier = threading.Barrier(2)
    refusals: list[OrgError] = []

    def go(membership: Membership) -> None:
        barrier.wait(timeout=10)
        try:
            way_out(membership)
        except OrgError as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[admin]) for admin in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert [refusal.code for refusal in refusals] == ["last_admin"]
    assert org.memberships.filter(role=Role.ADMIN).count() == 1


@pytest.mark.django_db
def test_removed_member_loses_seats() -> None:
    org = make_org()
    make_member(org, role=Role.ADMIN)
    membership = make_member(org)
    make_group(org).seats.create(org=org, membership=membership, role=Role.READ)
    members.remove_member(membership=membership, actor=make_user())
    assert not org.resource_group_seats.exists()
    assert audit_events(org) == ["org.remove_user"]


@pytest.mark.django_db
def test_member_who_is_gone_already_is_refused() -> None:
    org = make_org()
    make_member(org, role=Role.ADMIN)
    membership = make_member(org)
    Membership.objects.filter(pk=membership.pk).delete()
    with pytest.raises(MemberGone):
        members.change_role(membership=membership, role=Role.WRITE, actor=make_user())


@pytest.mark.django_db
def test_nobody_is_a_member_twice() -> None:
    membership = make_member(make_org())
    with pytest.raises(AlreadyMember):
        members.add_member(
            org=membership.org, user=membership.user, role=Role.ADMIN, source=RoleSource.MANUAL, actor=None
        )
    assert Membership.objects.get().role == Role.READ


@pytest.mark.django_db
def test_collaborator_flag_is_recorded_once() -> None:
    membership = make_member(make_org())
    for _ in range(2):
        members.set_collaborator(membership=membership, is_external=True, actor=make_user())
    membership.refresh_from_db()
    assert membership.is_external_collaborator
    assert audit_events(membership.org) == ["org.set_collaborator"]


@pytest.mark.django_db
def test_admin_can_not_be_exempt_from_sso() -> None:
    membership = make_member(make_org(), role=Role.ADMIN)
    with pytest.raises(AdminCantBeCollaborator, match="another role first") as refusal:
        members.set_collaborator(membership=membership, is_external=True, actor=membership.user)
    assert refusal.value.code == "admin_cant_be_collaborator"
    membership.refresh_from_db()
    assert not membership.is_external_collaborator
    assert audit_events(membership.org) == []


@pytest.mark.django_db
def test_collaborator_is_made_an_admin_only_after_becoming_an_ordinary_member() -> None:
    nina = make_member(make_org(), is_external_collaborator=True)
    with pytest.raises(AdminCantBeCollaborator, match="ordinary member first"):
        members.change_role(membership=nina, role=Role.ADMIN, actor=make_user())
    nina.refresh_from_db()
    assert nina.role == Role.READ
    members.set_collaborator(membership=nina, is_external=False, actor=make_user())
    assert members.change_role(membership=nina, role=Role.ADMIN, actor=make_user()).role == Role.ADMIN


@pytest.mark.django_db
def test_database_holds_no_collaborating_admin() -> None:
    with pytest.raises(IntegrityError, match="membership_admin_is_no_collaborator"):
        make_member(make_org(), role=Role.ADMIN, is_external_collaborator=True)


@pytest.mark.django_db
def test_lists_know_a_member_by_name_and_address_as_they_are_now() -> None:
    membership = make_member(make_org(), make_user("max@acme.example", name="Max"))
    assert membership.listed_as == "max max@acme.example"
    change_name(user=membership.user, name="Änne Max")
    membership.refresh_from_db()
    assert membership.listed_as == "änne max max@acme.example"
    membership.user.email = "other@acme.example"
    membership.user.save(update_fields=["email"])
    membership.refresh_from_db()
    assert membership.listed_as == "änne max other@acme.example"
