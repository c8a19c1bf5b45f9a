"""One change for several members: what stands in the way of each, and doing it where nothing does.

Every member is a transaction of their own: what a rule keeps from one is done for the others.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext as _

from accounts.models import User
from orgs import members
from orgs.errors import OrgError
from orgs.models import Membership, Organization
from orgs.roles import Role
from sso.members import member_access
from sso.members.member_list import MemberLine
from sso.models import LinkedIdentity

MAX_MEMBERS = 100


class BulkAction(StrEnum):
    SET_ROLE = "set_role"
    MAKE_COLLABORATOR = "make_collaborator"
    MAKE_MEMBER = "make_member"
    END_SESSIONS = "end_sessions"
    UNLINK = "unlink"
    REMOVE = "remove"


@dataclass(slots=True)
class BulkResult:
    """Who was changed, and whom a rule kept as they are, with its words."""

    done: list[Membership] = field(default_factory=list)
    refused: list[tuple[Membership, str]] = field(default_factory=list)


def why_not(action: BulkAction, line: MemberLine, *, role_lock: str) -> str:
    """Why this member is left out, in words; empty where nothing stands in the way."""
    membership = line.membership
    if action is BulkAction.SET_ROLE:
        return members.lock_on(membership, role_lock=role_lock)
    if action is BulkAction.MAKE_COLLABORATOR:
        already = _("Is an external collaborator already.")
        return (
            already if membership.is_external_collaborator else str(members.collaborator_lock_on(membership))
        )
    if action is BulkAction.MAKE_MEMBER:
        return "" if membership.is_external_collaborator else _("Is no external collaborator.")
    if action is BulkAction.END_SESSIONS:
        return "" if line.sessions else _("Has no live session.")
    if action is BulkAction.UNLINK:
        return "" if line.identity else _("Is not linked.")
    return str(members.removal_lock_on(membership))


def run(
    action: BulkAction,
    memberships: list[Membership],
    *,
    actor: User,
    role: Role | None = None,
    role_lock: str = "",
) -> BulkResult:
    """Do it, member by member. `role` is for SET_ROLE only."""
    result = BulkResult()
    for membership in memberships:
        try:
            _run_one(action, membership, actor=actor, role=role, role_lock=role_lock)
        except OrgError as refusal:
            result.refused.append((membership, str(refusal.message)))
        else:
            result.done.append(membership)
    return result


def _run_one(
    action: BulkAction, membership: Membership, *, actor: User, role: Role | None, role_lock: str
) -> None:
    org: Organization = membership.org
    if action is BulkAction.SET_ROLE:
        if role is not None:
            members.change_role(membership=membership, role=role, actor=actor, role_lock=role_lock)
    elif action in (BulkAction.MAKE_COLLABORATOR, BulkAction.MAKE_MEMBER):
        is_external = action is BulkAction.MAKE_COLLABORATOR
        members.set_collaborator(membership=membership, is_external=is_external, actor=actor)
    elif action is BulkAction.END_SESSIONS:
        member_access.end_all_sessions(org=org, user=membership.user, actor=actor)
    elif action is BulkAction.UNLINK:
        identity = LinkedIdentity.objects.filter(org=org, user=membership.user_id).first()
        if identity is not None:
            member_access.unlink_identity(identity=identity, actor=actor)
    else:
        members.remove_member(membership=membership, actor=actor)
