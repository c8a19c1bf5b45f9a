"""Making, changing and deleting resources, and who may: every page asks here, and `roles` decides."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from orgs import audit
from orgs.access import OrgAccess
from orgs.errors import Forbidden
from orgs.models import Resource, ResourceGroup, ResourceGroupSeat
from orgs.roles import Ability, Role, can, resource_role
from orgs.slugs import create_with_free_slug


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceContent:
    """What a person fills in. `body` counts for pages, `url` for apps."""

    title: str
    visibility: Resource.Visibility
    description: str = ""
    body: str = ""
    url: str = ""
    group: ResourceGroup | None = None


@dataclass(frozen=True, slots=True)
class ResourceRights:
    """What somebody may do to one resource that they see."""

    can_edit: bool
    can_delete: bool


@dataclass(frozen=True, slots=True)
class Places:
    """Where somebody may put a resource: outside groups, and in which groups."""

    outside_groups: bool
    groups: tuple[ResourceGroup, ...]

    def __bool__(self) -> bool:
        return self.outside_groups or bool(self.groups)

    def allow(self, group: ResourceGroup | None) -> bool:
        return self.outside_groups if group is None else group in self.groups


def role_for(*, access: OrgAccess, resource: Resource) -> Role:
    """The role that counts for this viewer at this resource."""
    in_group = resource.group_id is not None
    group_role = None
    if in_group and access.role is not Role.ADMIN:
        roles = {group.pk: role for group, role in _group_roles(access).items()}
        group_role = roles.get(resource.group_id or 0)
    return resource_role(access.role, in_group=in_group, group_role=group_role)


def rights_on(*, access: OrgAccess, resource: Resource) -> ResourceRights:
    """May this viewer edit or delete the resource?"""
    role = role_for(access=access, resource=resource)
    is_creator = access.user_id is not None and resource.created_by_id == access.user_id
    return ResourceRights(
        can_edit=can(role, Ability.EDIT, is_creator=is_creator),
        can_delete=can(role, Ability.DELETE, is_creator=is_creator),
    )


def places_for(access: OrgAccess) -> Places:
    """Where this viewer may create resources; empty (false) where nowhere."""
    if access.role is Role.ADMIN:
        return Places(outside_groups=True, groups=tuple(access.org.resource_groups.order_by("name", "pk")))
    roles = _group_roles(access)
    groups = [group for group, role in roles.items() if can(role, Ability.CREATE)]
    return Places(outside_groups=access.can(Ability.CREATE), groups=tuple(groups))


def may_create(access: OrgAccess) -> bool:
    """May this viewer create resources anywhere in the organisation?"""
    return access.can(Ability.CREATE) or bool(places_for(access))


@transaction.atomic
def create_resource(
    *, access: OrgAccess, actor: User, kind: Resource.Kind, content: ResourceContent
) -> Resource:
    """Make a resource; its slug comes from its title and does not change. Raises Forbidden."""
    if not places_for(access).allow(content.group):
        raise Forbidden
    resource = Resource(org=access.org, kind=kind, created_by=actor)
    _fill(resource, content)
    create_with_free_slug(
        resource,
        siblings=Resource.objects.filter(org=access.org),
        wanted=slugify(content.title) or kind.value,
    )
    audit.record("org.resource.create", org=access.org, actor=actor, data=_audit_data(resource))
    return resource


@transaction.atomic
def update_resource(
    *, access: OrgAccess, actor: User, resource: Resource, content: ResourceContent
) -> Resource:
    """Change a resource. Moving it needs the right to create where it goes, too. Raises Forbidden."""
    if not rights_on(access=access, resource=resource).can_edit:
        raise Forbidden
    moves = (content.group.pk if content.group else None) != resource.group_id
    if moves and not places_for(access).allow(content.group):
        raise Forbidden
    _fill(resource, content)
    resource.save()
    audit.record("org.resource.update", org=access.org, actor=actor, data=_audit_data(resource))
    return resource


@transaction.atomic
def delete_resource(*, access: OrgAccess, actor: User, resource: Resource) -> None:
    """Delete a resource for good. Raises Forbidden."""
    if not rights_on(access=access, resource=resource).can_delete:
        raise Forbidden
    audit.record("org.resource.delete", org=access.org, actor=actor, data=_audit_data(resource))
    resource.delete()


def _group_roles(access: OrgAccess) -> dict[ResourceGroup, Role]:
    """The viewer's role in each group where they have a seat, by the group's name: the highest of their seats."""
    if access.member is None:
        return {}
    seats = ResourceGroupSeat.objects.filter(org=access.org, membership_id=access.member.membership_id)
    roles: dict[ResourceGroup, Role] = {}
    for seat in seats.select_related("group").order_by("group__name", "group_id"):
        before = roles.get(seat.group, Role.NO_ACCESS)
        roles[seat.group] = max(before, Role(seat.role), key=lambda role: role.rank)
    return roles


def _fill(resource: Resource, content: ResourceContent) -> None:
    is_page = resource.kind == Resource.Kind.PAGE
    resource.title = content.title
    resource.description = content.description
    resource.body = content.body if is_page else ""
    resource.url = "" if is_page else content.url
    resource.visibility = content.visibility
    resource.group = content.group


def _audit_data(resource: Resource) -> dict[str, str]:
    data = {"resource": resource.title, "slug": resource.slug, "visibility": resource.visibility}
    return data | ({"group": resource.group.name} if resource.group else {})
