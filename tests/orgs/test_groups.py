"""Resource groups and their seats."""

import pytest

from orgs import groups
from orgs.access import OrgAccess
from orgs.errors import Forbidden, GroupNotEmpty, SeatNotManual
from orgs.models import Organization, ResourceGroupSeat
from orgs.roles import Role, RoleSource
from tests.builders import make_group, make_member, make_org, make_page, make_user
from tests.orgs.helpers import access_of, audit_events

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_org("acme")


def test_two_groups_of_one_name_get_two_slugs(acme: Organization) -> None:
    made = [groups.create_group(org=acme, name="Research", actor=make_user()) for _ in range(2)]
    assert [group.slug for group in made] == ["research", "research-2"]


def test_group_with_resources_is_not_deleted(acme: Organization) -> None:
    group = make_group(acme)
    page = make_page(acme, group=group)
    with pytest.raises(GroupNotEmpty):
        groups.delete_group(group=group, actor=make_user())
    assert audit_events(acme) == []
    page.delete()
    groups.delete_group(group=group, actor=make_user())
    assert not acme.resource_groups.exists()
    assert audit_events(acme) == ["org.group.delete"]


def test_member_has_one_manual_seat_whose_role_changes(acme: Organization) -> None:
    group, membership = make_group(acme), make_member(acme)
    for role in (Role.READ, Role.WRITE):
        groups.set_seat(group=group, membership=membership, role=role, actor=make_user())
    assert ResourceGroupSeat.objects.get().role == Role.WRITE


def test_member_of_another_organisation_gets_no_seat(acme: Organization) -> None:
    with pytest.raises(Forbidden):
        groups.set_seat(
            group=make_group(acme), membership=make_member(make_org()), role=Role.READ, actor=make_user()
        )


def test_seat_that_a_mapping_gave_is_not_taken_by_hand(acme: Organization) -> None:
    group, membership = make_group(acme), make_member(acme)
    seats = {
        source: group.seats.create(org=acme, membership=membership, role=Role.READ, source=source)
        for source in (RoleSource.IDP, RoleSource.MANUAL)
    }
    with pytest.raises(SeatNotManual):
        groups.remove_seat(seat=seats[RoleSource.IDP], actor=make_user())
    groups.remove_seat(seat=seats[RoleSource.MANUAL], actor=make_user())
    assert [seat.source for seat in group.seats.all()] == ["idp"]


def test_groups_are_known_to_their_members_and_to_admins(acme: Organization) -> None:
    mine, other = make_group(acme, "Mine"), make_group(acme, "Other")
    member, admin = make_member(acme, role=Role.WRITE), make_member(acme, role=Role.ADMIN)
    for source in (RoleSource.IDP, RoleSource.MANUAL):
        mine.seats.create(org=acme, membership=member, role=Role.READ, source=source)
    assert list(groups.visible_to(access_of(member))) == [mine]
    assert set(groups.visible_to(access_of(admin))) == {mine, other}
    assert not groups.visible_to(OrgAccess(org=acme, user_id=None, member=None)).exists()
