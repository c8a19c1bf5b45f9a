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


class RetentionTooShort(OrgError):
    code = "retention_too_short"
    message = _("Keep entries for at least 30 days, or for good.")


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


# --- Domains -------------------------------------------------------------------------------------------


class DomainRefused(OrgError):
    """Base of what is said beside the field for a domain, or about one."""

    code = "domain_refused"
    message = _("This domain could not be added.")


class DomainMalformed(DomainRefused):
    code = "domain_malformed"
    message = _("This is not a domain such as acme.example.")


class DomainIsWebmail(DomainRefused):
    code = "domain_is_webmail"
    message = _("Anybody can have an address in this domain, so it can't stand for your organisation.")


class DomainIsPublicSuffix(DomainRefused):
    code = "domain_is_public_suffix"
    message = _("Others register their domains below this one. Enter your own, such as acme.co.uk.")


class DomainRepeated(DomainRefused):
    code = "domain_repeated"
    message = _("This domain is in the list already.")


class TooManyDomains(DomainRefused):
    code = "too_many_domains"
    message = _("This is as many domains as an organisation can have. Remove one first.")


class DomainTaken(DomainRefused):
    code = "domain_taken"
    message = _("Another organisation of this portal has proven that this domain is its own.")


class DomainNotProven(DomainRefused):
    """DNS answered, and the record was not there."""

    code = "domain_not_proven"
    message = _("The record is not there yet. It can take some minutes, sometimes hours, until DNS shows it.")


class DomainUnanswered(DomainRefused):
    """Nobody could be asked, or nobody answered: nothing is known."""

    code = "domain_unanswered"
    message = _("DNS gave no answer just now. Try again in a few minutes.")


class DomainGone(DomainRefused):
    code = "domain_gone"
    message = _("This domain has been removed in the meantime.")


class NotInvitedByDomain(Forbidden):
    code = "not_invited_by_domain"
    message = _("None of your verified addresses is in a domain that lets people join this organisation.")
