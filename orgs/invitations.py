"""Invitations by e-mail: a one-time link, good only for an account that has proven it owns the address."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.emails import account_of, verified_emails
from accounts.models import User
from hubsso import mail
from hubsso.crypto import random_token, token_hash
from orgs import audit, members
from orgs.errors import AlreadyMember, InvitationExpired, InvitationForOther, InvitationGone, InvitationsOff
from orgs.models import Invitation, Membership, Organization
from orgs.roles import Role, RoleSource

LIFETIME = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """An invitation and the only sight of its link; `is_sent` is false where the mail server refused it."""

    invitation: Invitation
    link: str
    is_sent: bool


def invite(
    *,
    org: Organization,
    email: str,
    role: Role,
    actor: User,
    now: datetime,
    is_external_collaborator: bool = False,
    invitations_off: str = "",
) -> IssuedInvitation:
    """Ask an e-mail address to join. Asking again replaces the link and what it gives.

    Raises AlreadyMember, AdminCantBeCollaborator, or InvitationsOff where `invitations_off` states a reason; it
    does not hold for external collaborators, who have no other way in.
    """
    if invitations_off and not is_external_collaborator:
        raise InvitationsOff(invitations_off)
    members.check_collaborator(role=role, is_external=is_external_collaborator)
    token = random_token()
    invitation = _store(
        org=org,
        email=email.lower(),
        actor=actor,
        values={
            "role": role,
            "is_external_collaborator": is_external_collaborator,
            "token_hash": token_hash(token),
            "invited_by": actor,
            "expires_at": now + LIFETIME,
        },
    )
    link = settings.BASE_URL + reverse("orgs:invitation", args=[token])
    return IssuedInvitation(invitation, link, is_sent=_send(invitation, link=link, sender=actor))


@transaction.atomic
def revoke(*, invitation: Invitation, actor: User) -> None:
    """Withdraw an invitation; its link is dead from now on."""
    audit.record("org.revoke_invitation", org=invitation.org, actor=actor, data=_described(invitation))
    invitation.delete()


def find(token: str) -> Invitation:
    """The invitation of a link, whether or not it is still good. Raises InvitationGone."""
    invitation = Invitation.objects.select_related("org").filter(token_hash=token_hash(token)).first()
    if invitation is None:
        raise InvitationGone
    return invitation


@transaction.atomic
def accept(*, token: str, user: User, now: datetime, invitations_off: str = "") -> Membership:
    """Join with the invitation's role, which stays the fallback of role mapping.

    Raises InvitationGone, InvitationExpired, InvitationForOther, AlreadyMember or InvitationsOff.
    """
    invitation = find(token)
    check_acceptable(invitation, user=user, now=now)
    if off := off_for(invitation, invitations_off=invitations_off):
        raise InvitationsOff(off)
    used, _rows = Invitation.objects.filter(pk=invitation.pk).delete()
    if not used:
        raise InvitationGone  # somebody was faster
    role = Role(invitation.role)
    return members.add_member(
        org=invitation.org,
        user=user,
        role=role,
        source=RoleSource.INVITATION,
        actor=user,
        fallback_role=role,
        is_external_collaborator=invitation.is_external_collaborator,
    )


def check_acceptable(invitation: Invitation, *, user: User, now: datetime) -> None:
    """Raise InvitationExpired, InvitationForOther or AlreadyMember unless this account may accept now."""
    if now >= invitation.expires_at:
        raise InvitationExpired
    if invitation.email.lower() not in {email.lower() for email in verified_emails(user)}:
        raise InvitationForOther
    if Membership.objects.filter(org_id=invitation.org_id, user=user).exists():
        raise AlreadyMember(_("You are a member already."))


def off_for(invitation: Invitation, *, invitations_off: str) -> str:
    """Why this invitation can't be sent or accepted just now; empty where it can."""
    return "" if invitation.is_external_collaborator else invitations_off


def pending_for(*, org: Organization, user: User, now: datetime) -> Invitation | None:
    """The good invitation to one of the account's verified addresses that counts when they join by SSO.

    That of an external collaborator does not: it is for people who join without.
    """
    good = org.invitations.filter(is_external_collaborator=False, expires_at__gt=now)
    addressed = good.annotate(address=Lower("email")).filter(address__in=verified_emails(user))
    return addressed.order_by("pk").first()


@transaction.atomic
def _store(*, org: Organization, email: str, actor: User, values: dict[str, Any]) -> Invitation:
    if Membership.objects.filter(org=org, user__email__iexact=email).exists():
        raise AlreadyMember
    invitation, _is_new = Invitation.objects.update_or_create(org=org, email=email, defaults=values)
    if (user_id := account_of(email)) is not None:
        members.let_back_in(org=org, user_id=user_id)
    audit.record("org.invite_user", org=org, actor=actor, data=_described(invitation))
    return invitation


def _described(invitation: Invitation) -> dict[str, Any]:
    """An invitation as the audit log names it."""
    data: dict[str, Any] = {"email": invitation.email, "role": Role(invitation.role).value}
    if invitation.is_external_collaborator:
        data["is_external_collaborator"] = True
    return data


def _send(invitation: Invitation, *, link: str, sender: User) -> bool:
    """Nothing is known of who is invited, who may have no account: they most likely read what the sender reads."""
    recipient = mail.Recipient(invitation.email, language=get_language() or "")
    return mail.deliver(recipient, lambda: _letter(invitation, link=link, sender=sender))


def _letter(invitation: Invitation, *, link: str, sender: User) -> mail.Letter:
    until = timezone.localtime(invitation.expires_at)
    role = str(invitation.get_role_display())
    facts = [
        (_("Organisation"), invitation.org.name),
        (
            _("Role"),
            _("%(role)s, as an external collaborator") % {"role": role}
            if invitation.is_external_collaborator
            else role,
        ),
        (_("Invited by"), f"{sender.name} ({sender.email})"),
        (_("Good until"), date_format(until, "DATETIME_ZONE_FORMAT")),
    ]
    return mail.Letter(
        subject=_("%(sender)s invites you to %(org)s") % {"sender": sender.name, "org": invitation.org.name},
        paragraphs=(
            _("%(sender)s invites you to join %(org)s on %(site)s.")
            % {"sender": sender.name, "org": invitation.org.name, "site": settings.SITE_NAME},
            _("To accept, sign in or sign up with the address %(email)s. The link works once.")
            % {"email": invitation.email},
        ),
        facts=tuple(facts),
        action=(_("See the invitation"), link),
        reason=_("If you did not expect this mail, do nothing."),
    )
