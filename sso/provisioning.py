"""What an assertion does to a membership: joining, role, seats in resource groups.

Runs inside the login's transaction, at every login, up and down. It never leaves an organisation without an
admin, and keeps what somebody had when the IdP says that its list of groups is incomplete.
"""

from datetime import datetime, timedelta

from accounts.models import User
from orgs import audit, invitations, members
from orgs.errors import AdminCantBeCollaborator, AlreadyMember, LastAdmin
from orgs.models import Membership, ResourceGroup, ResourceGroupSeat
from orgs.roles import Role, RoleSource
from sso import announcements
from sso.errors import NotAMember
from sso.mapping import role_mapping
from sso.mapping.role_mapping import GroupMapping, RoleMapping, RolePlan
from sso.models import Connection
from sso.types import IdentityAssertion, Purpose

TELL_AGAIN_AFTER = timedelta(days=1)


def membership_for(*, connection: Connection, user: User, purpose: Purpose, now: datetime) -> Membership:
    """The user's membership; made now if they came by the join link. Raises NotAMember."""
    membership = _find_membership(connection, user)
    if membership is None:
        if purpose is not Purpose.JOIN:
            raise NotAMember(f"{user.email} passed the IdP but is not a member.")
        membership = _join(connection=connection, user=user, now=now)
    return membership


def apply(
    *, connection: Connection, membership: Membership, assertion: IdentityAssertion, now: datetime
) -> None:
    """Set the role and the seats that the connection's mappings give. External collaborators are left alone."""
    if membership.is_external_collaborator:
        return
    role_plan = plan_role(connection=connection, membership=membership, assertion=assertion)
    if role_plan is not None:
        _set_role(membership=membership, plan=role_plan, now=now)
    seats = plan_seats(connection=connection, assertion=assertion)
    if seats is not None:
        _set_seats(membership=membership, seats=seats)
    if assertion.groups_incomplete:
        _tell_of_incomplete_groups(connection=connection, membership=membership, now=now)


def plan_role(
    *, connection: Connection, membership: Membership, assertion: IdentityAssertion
) -> RolePlan | None:
    """The role this login gives. None where mapping is off, or where the IdP left groups out."""
    return role_mapping.plan_role(
        role_mapping_of(connection),
        attributes=assertion.attributes,
        groups_incomplete=assertion.groups_incomplete,
        fallback_role=Role(membership.fallback_role) if membership.fallback_role else None,
        default_role=Role(membership.org.default_role),
    )


def plan_seats(*, connection: Connection, assertion: IdentityAssertion) -> dict[int, Role] | None:
    """Resource group id -> role. None where group mapping is off, or where the IdP left groups out."""
    return role_mapping.plan_seats(
        group_mapping_of(connection),
        attributes=assertion.attributes,
        groups_incomplete=assertion.groups_incomplete,
    )


def role_mapping_of(connection: Connection) -> RoleMapping:
    """The connection's role mapping as it is saved; without its rules where it is off."""
    rules = connection.role_rules.all() if connection.role_mapping_enabled else ()
    return RoleMapping(
        is_enabled=connection.role_mapping_enabled,
        attribute=connection.role_attribute,
        rules=tuple((rule.value, Role(rule.role)) for rule in rules),
    )


def group_mapping_of(connection: Connection) -> GroupMapping:
    """The connection's resource-group mapping as it is saved; without its rules where it is off."""
    rules = connection.group_rules.all() if connection.group_mapping_enabled else ()
    return GroupMapping(
        is_enabled=connection.group_mapping_enabled,
        attribute=connection.group_attribute,
        rules=tuple((rule.value, rule.group_id, Role(rule.role)) for rule in rules),
    )


def _find_membership(connection: Connection, user: User) -> Membership | None:
    membership = Membership.objects.filter(org=connection.org_id, user=user).first()
    if membership is not None:
        membership.org, membership.user = connection.org, user
    return membership


def _join(*, connection: Connection, user: User, now: datetime) -> Membership:
    """Make a member with the role of their invitation, else the default. Of two joins at once, one makes it."""
    org = connection.org
    invitation = invitations.pending_for(org=org, user=user, now=now)
    role = Role(invitation.role) if invitation else Role(org.default_role)
    try:
        membership = members.add_member(
            org=org,
            user=user,
            role=role,
            source=RoleSource.INVITATION if invitation else RoleSource.DEFAULT,
            actor=user,
            fallback_role=role if invitation else None,
        )
    except AlreadyMember:
        return Membership.objects.select_related("org", "user").get(org=org, user=user)
    audit.record("org.sso_join", org=org, actor=user, data={"role": role, "connection": connection.name})
    if invitation:
        invitation.delete()
    return membership


def _set_role(*, membership: Membership, plan: RolePlan, now: datetime) -> None:
    is_same = (membership.role, membership.role_source, membership.role_detail) == (
        plan.role,
        plan.source,
        plan.detail,
    )
    if is_same:
        return
    try:
        changed = members.change_role(
            membership=membership,
            role=plan.role,
            actor=membership.user,
            source=plan.source,
            detail=plan.detail,
        )
    except LastAdmin:
        _withhold_role(membership=membership, plan=plan, now=now)
        return
    except AdminCantBeCollaborator:
        return  # made a collaborator while they signed in: their role is set by hand now
    membership.role, membership.role_source = changed.role, changed.role_source
    membership.role_detail = changed.role_detail


def _withhold_role(*, membership: Membership, plan: RolePlan, now: datetime) -> None:
    """Record it and write to the admins, once a day: it is withheld again at every login."""
    last = audit.last_recorded("org.withhold_role", org=membership.org)
    if last is not None and now - last < TELL_AGAIN_AFTER:
        return
    audit.record(
        "org.withhold_role",
        org=membership.org,
        actor=membership.user,
        data={
            "member": audit.label_of(membership.user),
            "kept": Role.ADMIN,
            "mapped": plan.role,
            "why": plan.detail,
        },
    )
    announcements.role_withheld(membership=membership, mapped=plan.role)


def _tell_of_incomplete_groups(*, connection: Connection, membership: Membership, now: datetime) -> None:
    """Record it and write to the admins: once a day for the organisation, since it is so at every login.

    Two logins at the same moment may both be told of.
    """
    last = audit.last_recorded("org.sso_groups_incomplete", org=membership.org)
    if last is not None and now - last < TELL_AGAIN_AFTER:
        return
    audit.record(
        "org.sso_groups_incomplete",
        org=membership.org,
        actor=membership.user,
        data={"connection": connection.name},
    )
    announcements.groups_incomplete(membership=membership, connection=connection)


def _set_seats(*, membership: Membership, seats: dict[int, Role]) -> None:
    """Make the mapped seats exactly `seats`; manual seats are not touched."""
    mapped = {seat.group_id: seat for seat in membership.group_seats.filter(source=RoleSource.IDP)}
    gone = [group_id for group_id in mapped if group_id not in seats]
    changed = [
        seat for group_id, seat in mapped.items() if group_id in seats and seat.role != seats[group_id]
    ]
    new = [group_id for group_id in seats if group_id not in mapped]
    if not (gone or changed or new):
        return
    ResourceGroupSeat.objects.filter(pk__in=[mapped[group_id].pk for group_id in gone]).delete()
    for seat in changed:
        seat.role = seats[seat.group_id]
        seat.save(update_fields=["role"])
    ResourceGroupSeat.objects.bulk_create(
        ResourceGroupSeat(
            org_id=membership.org_id,
            membership=membership,
            group_id=group_id,
            role=seats[group_id],
            source=RoleSource.IDP,
        )
        for group_id in new
    )
    given = [*new, *(seat.group_id for seat in changed)]
    _record_seats("org.group.add_seat", membership=membership, group_ids=given)
    _record_seats("org.group.remove_seat", membership=membership, group_ids=gone)


def _record_seats(event: str, *, membership: Membership, group_ids: list[int]) -> None:
    """One entry for the groups, if there are any."""
    groups = ResourceGroup.objects.filter(pk__in=group_ids).order_by("name") if group_ids else ()
    if not groups:
        return
    data = {
        "member": audit.label_of(membership.user),
        "source": RoleSource.IDP,
        "groups": [group.name for group in groups],
    }
    audit.record(event, org=membership.org, actor=membership.user, data=data)
