"""Why a rule of the organisations app said no. `code` is stable; `message` is what people read, in their language.

A `Forbidden` is also Django's PermissionDenied: left alone it becomes a 403. The others are answers to what
somebody typed or clicked, and are shown beside the form.
"""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _


class OrgError(Exception):
    """Base of every refusal."""

    code = "org_error"
    message = _("That is not possible.")

    def __init__(self, message: str = "") -> None:
        self.message = message or gettext(self.message)
        super().__init__(self.message)


class Forbidden(OrgError, PermissionDenied):
    """The person's role, or a rule of the organisation, does not allow it."""

    code = "forbidden"
    message = _("Your role does not allow this.")


class RoleLocked(Forbidden):
    code = "role_locked"
    message = _("Roles of this organisation can't be set by hand.")


class InvitationsOff(Forbidden):
    code = "invitations_off"
    message = _("This organisation can't invite by e-mail just now.")


class SlugTaken(OrgError):
    code = "slug_taken"
    message = _("This address is taken. Choose another one.")


class LastAdmin(OrgError):
    code = "last_admin"
    message = _("An organisation needs at least one admin. Make somebody else an admin first.")


class AdminCantBeCollaborator(OrgError):
    """Admins decide who is exempt from SSO, so none of them may be exempt themselves."""

    code = "admin_cant_be_collaborator"
    message = _("An admin can't be an external collaborator. Give them another role first.")


class CollaboratorCantBeAdmin(AdminCantBeCollaborator):
    """The same rule, met from the other side."""

    message = _("An external collaborator can't be an admin. Make them an ordinary member first.")


class MemberGone(OrgError):
    code = "member_gone"
    message = _("This person is no longer a member.")


class AlreadyMember(OrgError):
    code = "already_member"
    message = _("This person is a member already.")


class InvitationGone(OrgError):
    code = "invitation_gone"
    message = _("This invitation does not exist any more. It may have been used or withdrawn.")


class InvitationExpired(OrgError):
    code = "invitation_expired"
    message = _("This invitation has expired. Ask the organisation's admins for a new one.")


class InvitationForOther(OrgError):
    code = "invitation_for_other"
    message = _(
        "This invitation is for another e-mail address. Add that address to your account and verify it first."
    )


class GroupNotEmpty(OrgError):
    code = "group_not_empty"
    message = _("Move or delete the group's resources first: without the group more people would see them.")


class SeatNotManual(Forbidden):
    code = "seat_not_manual"
    message = _("This seat was given by the identity provider, and only it can take it back.")
