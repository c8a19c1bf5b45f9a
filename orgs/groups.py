"""Resource groups and the seats in them. Seats set by hand stand beside those the identity provider gave."""

from django.db import transaction
from django.db.models import ProtectedError, QuerySet
from django.utils.text import slugify

from accounts.models import User
from orgs import audit
from orgs.access import OrgAccess
from orgs.errors import Forbidden, GroupNotEmpty, SeatNotManual
from orgs.models import Membership, Organization, ResourceGroup, ResourceGroupSeat
from orgs.roles import Role, RoleSource
from orgs.slugs import create_with_free_slug


def visible_to(access: OrgAccess) -> QuerySet[ResourceGroup]:
    """The organisation's groups that this viewer may know of: all for admins, their own for others."""
    if access.member is None:
        return access.org.resource_groups.none()
    if access.role is Role.ADMIN:
        return access.org.resource_groups.all()
    return access.org.resource_groups.filter(seats__membership_id=access.member.membership_id).distinct()


@transaction.atomic
def create_group(*, org: Organization, name: str, actor: User, description: str = "") -> ResourceGroup:
    """Make an empty group; its slug comes from its name and does not change."""
    group = create_with_free_slug(
        ResourceGroup(org=org, name=name, description=description),
        siblings=org.resource_groups.all(),
        wanted=slugify(name) or "group",
    )
    audit.record("org.group.create", org=org, actor=actor, data={"group": name})
    return group


@transaction.atomic
def update_group(*, group: ResourceGroup, name: str, description: str, actor: User) -> ResourceGroup:
    group.name, group.description = name, description
    group.save(update_fields=["name", "description"])
    audit.record("org.group.update", org=group.org, actor=actor, data={"group": name})
    return group


@transaction.atomic
def delete_group(*, group: ResourceGroup, actor: User) -> None:
    """Delete a group and its seats. Raises GroupNotEmpty while resources are in it."""
    try:
        with transaction.atomic():
            audit.record("org.group.delete", org=group.org, actor=actor, data={"group": group.name})
            group.delete()
    except ProtectedError:
        raise GroupNotEmpty from None


@transaction.atomic
def set_seat(*, group: ResourceGroup, membership: Membership, role: Role, actor: User) -> ResourceGroupSeat:
    """Give a member a seat by hand, or change its role. Raises Forbidden for a member of another org."""
    if membership.org_id != group.org_id:
        raise Forbidden
    seat, _ = ResourceGroupSeat.objects.update_or_create(
        group=group,
        membership=membership,
        source=RoleSource.MANUAL,
        defaults={"role": role, "org_id": group.org_id},
    )
    data = {"group": group.name, "member": audit.label_of(membership.user), "role": role.value}
    audit.record("org.group.add_seat", org=group.org, actor=actor, data=data)
    return seat


@transaction.atomic
def remove_seat(*, seat: ResourceGroupSeat, actor: User) -> None:
    """Take back a seat that was given by hand. Raises SeatNotManual for any other."""
    if seat.source != RoleSource.MANUAL:
        raise SeatNotManual
    data = {"group": seat.group.name, "member": audit.label_of(seat.membership.user)}
    audit.record("org.group.remove_seat", org=seat.group.org, actor=actor, data=data)
    seat.delete()
