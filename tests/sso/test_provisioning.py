"""What an assertion does to role and seats: applied at every login, up and down, with two guards."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from orgs import audit
from orgs.models import AuditEvent, Invitation, Membership
from orgs.roles import Role, RoleSource
from sso import provisioning
from sso.errors import NotAMember
from sso.models import GroupRule, RoleRule
from sso.types import Purpose
from tests.builders import make_assertion, make_group, make_member, make_user
from tests.conftest import World


def map_roles(world: World, **rules: Role) -> None:
    world.acme_idp.role_mapping_enabled = True
    world.acme_idp.role_attribute = "groups"
    world.acme_idp.save()
    for value, role in rules.items():
        RoleRule.objects.create(connection=world.acme_idp, value=value, role=role)


def apply(
    world: World, membership: Membership, *, at: datetime | None = None, **assertion: Any
) -> Membership:
    provisioning.apply(
        connection=world.acme_idp,
        membership=membership,
        assertion=make_assertion(world.acme_idp, **assertion),
        now=at or timezone.now(),
    )
    membership.refresh_from_db()
    return membership


def events(world: World) -> list[str]:
    return list(AuditEvent.objects.filter(org=world.acme).order_by("seq").values_list("event", flat=True))


def test_a_matching_value_gives_its_role_and_says_why(world: World) -> None:
    map_roles(world, eng=Role.WRITE, boss=Role.ADMIN)
    member = apply(world, world.max, attributes={"groups": ["eng"]})
    assert (member.role, member.role_source) == (Role.WRITE, RoleSource.IDP)
    assert member.role_detail == "IdP mapping: groups has eng"
    assert events(world) == ["org.change_role"]


def test_the_longest_attribute_and_value_fit(world: World) -> None:
    map_roles(world, **{"v" * 300: Role.WRITE})
    world.acme_idp.role_attribute = "a" * 200
    world.acme_idp.save()
    member = apply(world, world.max, attributes={"a" * 200: ["v" * 300]})
    assert member.role_detail == f"IdP mapping: {'a' * 200} has {'v' * 300}"


@pytest.mark.catalogue("WEB-MAPPING")
def test_the_role_follows_down_as_well(world: World) -> None:
    map_roles(world, eng=Role.WRITE, boss=Role.ADMIN)
    make_member(world.acme, role=Role.ADMIN)
    apply(world, world.max, attributes={"groups": ["boss"]})
    assert apply(world, world.max, attributes={"groups": ["eng"]}).role == Role.WRITE


def test_the_same_again_changes_and_records_nothing(world: World) -> None:
    map_roles(world, eng=Role.WRITE)
    apply(world, world.max, attributes={"groups": ["eng"]})
    apply(world, world.max, attributes={"groups": ["eng"]})
    assert events(world) == ["org.change_role"]


def test_without_a_match_the_invitation_counts_before_the_default(world: World) -> None:
    map_roles(world, boss=Role.ADMIN)
    world.max.fallback_role = Role.CONTRIBUTOR
    world.max.save()
    invited = apply(world, world.max, attributes={"groups": ["other"]})
    assert (invited.role, invited.role_source) == (Role.CONTRIBUTOR, RoleSource.INVITATION)
    plain = apply(world, make_member(world.acme, role=Role.WRITE), attributes={})
    assert (plain.role, plain.role_source) == (Role.READ, RoleSource.DEFAULT)


def test_mapping_that_is_off_leaves_the_role_alone(world: World) -> None:
    RoleRule.objects.create(connection=world.acme_idp, value="eng", role=Role.WRITE)
    assert apply(world, world.max, attributes={"groups": ["eng"]}).role == Role.READ


@pytest.mark.catalogue("WEB-LAST-ADMIN")
def test_the_last_admin_keeps_the_role_and_the_admins_are_told(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    map_roles(world, eng=Role.WRITE, boss=Role.ADMIN)
    with django_capture_on_commit_callbacks(execute=True):
        assert apply(world, world.olivia, attributes={"groups": ["eng"]}).role == Role.ADMIN
    assert events(world) == ["org.withhold_role"]
    assert [message.to for message in mail.outbox] == [["olivia@acme.example"]]


def test_a_role_that_is_withheld_again_is_told_of_once_a_day(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    map_roles(world, eng=Role.WRITE, boss=Role.ADMIN)
    with django_capture_on_commit_callbacks(execute=True):
        apply(world, world.olivia, attributes={"groups": ["eng"]})
        apply(world, world.olivia, attributes={"groups": ["eng"]})
    assert len(mail.outbox) == 1
    assert events(world) == ["org.withhold_role"]


@pytest.mark.catalogue("WEB-LAST-ADMIN")
def test_a_switched_off_admin_does_not_count_as_one(world: World) -> None:
    map_roles(world, eng=Role.WRITE, boss=Role.ADMIN)
    make_member(world.acme, make_user(is_active=False), role=Role.ADMIN)
    assert apply(world, world.olivia, attributes={"groups": ["eng"]}).role == Role.ADMIN


@pytest.mark.parametrize("attributes", [{}, {"groups": []}])
def test_an_incomplete_list_of_groups_takes_nothing(world: World, attributes: dict[str, object]) -> None:
    map_roles(world, eng=Role.WRITE, boss=Role.ADMIN)
    apply(world, world.max, attributes={"groups": ["eng"]})
    member = apply(world, world.max, attributes=attributes, groups_incomplete=True)
    assert member.role == Role.WRITE
    assert events(world)[-1] == "org.sso_groups_incomplete"


def test_admins_are_told_of_incomplete_groups_once_a_day(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    now = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        for member in (world.max, world.olivia, world.max):
            apply(world, member, at=now, groups_incomplete=True)
        apply(world, world.max, at=now + timedelta(hours=23), groups_incomplete=True)
    assert events(world) == ["org.sso_groups_incomplete"]
    (message,) = mail.outbox
    assert message.to == ["olivia@acme.example"]
    assert "max@acme.example" in message.body
    assert f"/settings/sso/connections/{world.acme_idp.uid}/" in message.body

    with django_capture_on_commit_callbacks(execute=True):
        apply(world, world.max, at=now + timedelta(hours=25), groups_incomplete=True)
    assert events(world) == ["org.sso_groups_incomplete"] * 2
    assert len(mail.outbox) == 2


def test_one_organisations_incomplete_groups_silence_no_others(world: World) -> None:
    audit.record("org.sso_groups_incomplete", org=world.globex, actor=None)
    apply(world, world.max, groups_incomplete=True)
    assert events(world) == ["org.sso_groups_incomplete"]


@pytest.mark.catalogue("WEB-MAPPING")
def test_an_external_collaborator_keeps_what_was_set_by_hand(world: World) -> None:
    map_roles(world, boss=Role.ADMIN)
    assert apply(world, world.nina, attributes={"groups": ["boss"]}).role == Role.READ


def test_a_member_made_collaborator_during_the_login_is_made_no_admin(world: World) -> None:
    map_roles(world, boss=Role.ADMIN)
    Membership.objects.filter(pk=world.max.pk).update(is_external_collaborator=True)
    assert apply(world, world.max, attributes={"groups": ["boss"]}).role == Role.READ
    assert events(world) == []


def test_mapped_seats_come_and_go_and_manual_ones_stay(world: World) -> None:
    research, sales = make_group(world.acme, "Research"), make_group(world.acme, "Sales")
    world.acme_idp.group_mapping_enabled = True
    world.acme_idp.group_attribute = "groups"
    world.acme_idp.save()
    GroupRule.objects.create(connection=world.acme_idp, value="eng", group=research, role=Role.WRITE)
    GroupRule.objects.create(connection=world.acme_idp, value="sales", group=sales, role=Role.READ)
    world.max.group_seats.create(org=world.acme, group=sales, role=Role.ADMIN, source=RoleSource.MANUAL)

    def seats() -> set[tuple[str, str, str]]:
        return set(world.max.group_seats.values_list("group__name", "role", "source"))

    manual = ("Sales", "admin", "manual")
    apply(world, world.max, attributes={"groups": ["eng", "sales"]})
    assert seats() == {manual, ("Research", "write", "idp"), ("Sales", "read", "idp")}
    apply(world, world.max, attributes={}, groups_incomplete=True)
    assert seats() == {manual, ("Research", "write", "idp"), ("Sales", "read", "idp")}
    apply(world, world.max, attributes={"groups": ["sales"]})
    assert seats() == {manual, ("Sales", "read", "idp")}
    apply(world, world.max, attributes={"groups": []})
    assert seats() == {manual}
    recorded = AuditEvent.objects.filter(org=world.acme, event__contains="seat").order_by("seq")
    assert [(entry.event, entry.data["groups"]) for entry in recorded] == [
        ("org.group.add_seat", ["Research", "Sales"]),
        ("org.group.remove_seat", ["Research"]),
        ("org.group.remove_seat", ["Sales"]),
    ]


def join(world: World, email: str = "new@acme.example", purpose: Purpose = Purpose.JOIN) -> Membership:
    return provisioning.membership_for(
        connection=world.acme_idp, user=make_user(email), purpose=purpose, now=timezone.now()
    )


def test_joining_gives_the_default_role(world: World) -> None:
    member = join(world)
    assert (member.role, member.role_source) == (Role.READ, RoleSource.DEFAULT)
    assert "org.sso_join" in events(world)


@pytest.mark.parametrize(("valid_days", "role"), [(1, Role.WRITE), (-1, Role.READ)])
def test_joining_takes_the_role_of_an_invitation_that_has_not_expired(
    world: World, valid_days: int, role: Role
) -> None:
    Invitation.objects.create(
        org=world.acme,
        email="New@acme.example",
        role=Role.WRITE,
        token_hash="x",
        expires_at=timezone.now() + timedelta(days=valid_days),
    )
    member = join(world)
    assert member.role == role
    assert member.fallback_role == (Role.WRITE if role is Role.WRITE else None)


def test_joining_leaves_the_invitation_of_an_external_collaborator_alone(world: World) -> None:
    Invitation.objects.create(
        org=world.acme,
        email="new@acme.example",
        role=Role.WRITE,
        is_external_collaborator=True,
        token_hash="x",
        expires_at=timezone.now() + timedelta(days=1),
    )
    member = join(world)
    assert (member.role, member.fallback_role, member.is_external_collaborator) == (Role.READ, None, False)
    assert world.acme.invitations.exists()


@pytest.mark.catalogue("WEB-FOREIGN-PEOPLE")
def test_a_login_makes_nobody_a_member(world: World) -> None:
    with pytest.raises(NotAMember):
        join(world, purpose=Purpose.LOGIN)
    assert not Membership.objects.filter(org=world.acme, user__email="new@acme.example").exists()
