"""Who belongs to an organisation and with which role. An organisation always keeps at least one admin.

Whoever takes an admin away locks the organisation's row first: of two admins leaving at once, one stays.
(SQLite has no row locks: there every transaction that writes waits for the one before it.)
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from orgs import audit
from orgs.errors import (
    AdminCantBeCollaborator,
    AlreadyMember,
    CollaboratorCantBeAdmin,
    LastAdmin,
    MemberGone,
    RoleLocked,
)
from orgs.models import Membership, Organization, RemovedMember
from orgs.roles import Role, RoleSource


@transaction.atomic
def add_member(
    *,
    org: Organization,
    user: User,
    role: Role,
    source: RoleSource,
    actor: User | None,
    detail: str = "",
    fallback_role: Role | None = None,
    is_external_collaborator: bool = False,
) -> Membership:
    """Make `user` a member. Raises AlreadyMember, also when somebody else does the same at the same time.

    Raises AdminCantBeCollaborator where both are asked for.
    """
    check_collaborator(role=role, is_external=is_external_collaborator)
    try:
        with transaction.atomic():
            membership = Membership.objects.create(
                org=org,
                user=user,
                role=role,
                role_source=source,
                role_detail=detail,
                fallback_role=fallback_role,
                is_external_collaborator=is_external_collaborator,
            )
    except IntegrityError:
        raise AlreadyMember from None
    let_back_in(org=org, user_id=user.pk)
    data: dict[str, object] = {"member": audit.label_of(user), "role": role.value, "source": source.value}
    if is_external_collaborator:
        data["is_external_collaborator"] = True
    audit.record("org.add_user", org=org, actor=actor, data=data)
    return membership


@transaction.atomic
def change_role(
    *,
    membership: Membership,
    role: Role,
    actor: User | None,
    source: RoleSource = RoleSource.MANUAL,
    detail: str = "",
    role_lock: str = "",
) -> Membership:
    """Give a member another role.

    Raises LastAdmin, MemberGone, CollaboratorCantBeAdmin, or RoleLocked where `role_lock` says why.
    """
    membership = _lock(membership)
    if lock := lock_on(membership, role_lock=role_lock):
        raise RoleLocked(lock)
    if role is Role.ADMIN and (lock := admin_lock_on(membership)):
        raise CollaboratorCantBeAdmin(lock)
    if role is not Role.ADMIN:
        _require_another_admin(membership)
    before = membership.role
    membership.role, membership.role_source, membership.role_detail = role, source, detail
    membership.save(update_fields=["role", "role_source", "role_detail"])
    if before != role:
        data = {
            "member": audit.label_of(membership.user),
            "role": {"from": before, "to": role.value},
            "source": source.value,
        }
        audit.record("org.change_role", org=membership.org, actor=actor, data=data)
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, actor: User | None) -> None:
    """Take somebody out of the organisation, with their seats. They can't join by a domain again, only be let back in.

    Raises LastAdmin or MemberGone.
    """
    membership = _lock(membership)
    _require_another_admin(membership)
    audit.record(
        "org.remove_user", org=membership.org, actor=actor, data={"member": audit.label_of(membership.user)}
    )
    RemovedMember.objects.get_or_create(org=membership.org, user=membership.user)
    membership.delete()


def let_back_in(*, org: Organization, user_id: int) -> None:
    """An earlier removal of this account no longer keeps it from joining by a domain."""
    RemovedMember.objects.filter(org=org, user=user_id).delete()


@transaction.atomic
def leave(*, membership: Membership) -> None:
    """The member goes of their own accord; who is gone already stays so. Raises LastAdmin."""
    try:
        membership = _lock(membership)
    except MemberGone:
        return
    _require_another_admin(membership)
    audit.record("org.leave", org=membership.org, actor=membership.user)
    membership.delete()


@transaction.atomic
def set_collaborator(*, membership: Membership, is_external: bool, actor: User | None) -> Membership:
    """Say whether a member is an external collaborator, of whom no SSO is asked.

    Raises MemberGone, or AdminCantBeCollaborator: an admin could exempt themselves for good.
    """
    membership = _lock(membership)
    if membership.is_external_collaborator == is_external:
        return membership
    check_collaborator(role=Role(membership.role), is_external=is_external)
    membership.is_external_collaborator = is_external
    membership.save(update_fields=["is_external_collaborator"])
    data = {"member": audit.label_of(membership.user), "is_external_collaborator": is_external}
    audit.record("org.set_collaborator", org=membership.org, actor=actor, data=data)
    return membership


def mark_sso(*, membership: Membership, now: datetime) -> None:
    """The member has just passed the organisation's single sign-on."""
    Membership.objects.filter(pk=membership.pk).update(last_sso_at=now)


def check_collaborator(*, role: Role, is_external: bool) -> None:
    """Raise AdminCantBeCollaborator where a role and the exemption from SSO don't go together."""
    if is_external and role is Role.ADMIN:
        raise AdminCantBeCollaborator


def lock_on(membership: Membership, *, role_lock: str) -> str:
    """Why this member's role can't be set by hand; empty where it can.

    An organisation's lock does not hold for external collaborators: they pass no SSO, so nothing else would
    ever set their role.
    """
    return "" if membership.is_external_collaborator else role_lock


def collaborator_lock_on(membership: Membership) -> str:
    """Why this member can't be made an external collaborator; empty where they can."""
    return _(AdminCantBeCollaborator.message) if membership.role == Role.ADMIN else ""


def admin_lock_on(membership: Membership) -> str:
    """Why this member can't be made an admin; empty where they can."""
    return _(CollaboratorCantBeAdmin.message) if membership.is_external_collaborator else ""


def is_last_admin(membership: Membership) -> bool:
    """Would the organisation be without an admin if this one stepped down? A switched-off account is none.

    Keeps the answer true until the transaction ends: whoever asks the same of the organisation waits.
    """
    lock_organisation(membership.org_id)
    is_admin = Membership.objects.filter(pk=membership.pk, role=Role.ADMIN).exists()
    return is_admin and not _other_admins(membership).exists()


def removal_lock_on(membership: Membership) -> str:
    """Why this member can't be removed or leave; empty where they can. As it is now: `remove_member` makes sure."""
    if membership.role != Role.ADMIN or _other_admins(membership).exists():
        return ""
    return _(LastAdmin.message)


def _other_admins(membership: Membership) -> QuerySet[Membership]:
    """A switched-off account is no admin."""
    admins = Membership.objects.filter(org_id=membership.org_id, role=Role.ADMIN, user__is_active=True)
    return admins.exclude(pk=membership.pk)


def lock_organisation(org_id: int) -> None:
    """Hold the organisation's row until the transaction ends. It is taken before any membership's row."""
    Organization.objects.select_for_update(no_key=True).filter(pk=org_id).first()


def _lock(membership: Membership) -> Membership:
    """The membership as it is now, under its organisation's lock."""
    lock_organisation(membership.org_id)
    current = Membership.objects.select_related("org", "user").filter(pk=membership.pk).first()
    if current is None:
        raise MemberGone
    return current


def _require_another_admin(membership: Membership) -> None:
    if is_last_admin(membership):
        raise LastAdmin
