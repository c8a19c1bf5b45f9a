"""Roles and what each may do. Pure: no database, no request; every rule about rights is in this module."""

from enum import StrEnum

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """`no_access` < `read` < `contributor` < `write` < `admin`."""

    NO_ACCESS = "no_access", _("No access")
    READ = "read", _("Read")
    CONTRIBUTOR = "contributor", _("Contributor")
    WRITE = "write", _("Write")
    ADMIN = "admin", _("Admin")

    @property
    def rank(self) -> int:
        return _RANK[self]


class RoleSource(models.TextChoices):
    """Where a membership's role came from."""

    MANUAL = "manual", _("Set by an admin")
    INVITATION = "invitation", _("From the invitation")
    DEFAULT = "default", _("Organisation default")
    IDP = "idp", _("From the identity provider")
    SCIM = "scim", _("From directory sync")


class Ability(StrEnum):
    """What somebody may want to do in an organisation."""

    READ = "read"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    MANAGE = "manage"  # members, groups, settings, single sign-on


_RANK = {role: rank for rank, role in enumerate(Role)}

ROLE_DESCRIPTIONS: dict[Role, str | Promise] = {
    Role.NO_ACCESS: _("Sees only what is public, and the resource groups they belong to."),
    Role.READ: _("Reads everything outside resource groups."),
    Role.CONTRIBUTOR: _("Reads, creates, and edits what they created."),
    Role.WRITE: _("Reads, creates and edits everything outside resource groups."),
    Role.ADMIN: _("Everything, in every resource group, and the organisation's settings."),
}

_ABILITY_NEEDS: dict[Ability, Role] = {
    Ability.READ: Role.READ,
    Ability.CREATE: Role.CONTRIBUTOR,
    Ability.EDIT: Role.WRITE,
    Ability.DELETE: Role.WRITE,
    Ability.MANAGE: Role.ADMIN,
}

_OWN_WORK = frozenset({Ability.EDIT, Ability.DELETE})


def at_least(role: Role, needed: Role) -> bool:
    return role.rank >= needed.rank


def resource_role(org_role: Role, *, in_group: bool, group_role: Role | None) -> Role:
    """The role that counts for one resource.

    A resource group closes its resources to everybody but its own members and the organisation's admins;
    outside groups the organisation's role counts.
    """
    if org_role is Role.ADMIN or not in_group:
        return org_role
    return group_role or Role.NO_ACCESS


def can(role: Role, ability: Ability, *, is_creator: bool = False) -> bool:
    """May somebody with `role` do this? A contributor edits and deletes only what they created."""
    if ability in _OWN_WORK and is_creator and at_least(role, Role.CONTRIBUTOR):
        return True
    return at_least(role, _ABILITY_NEEDS[ability])
