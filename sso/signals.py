"""Ties SSO sessions to the portal session, and what single sign-on keeps of a member to the membership."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.session_store import session_ending
from orgs.models import Membership
from orgs.roles import Role
from sso import sessions
from sso.browser import browser_session_in, ensure_browser_session
from sso.enforcing import recovery_codes
from sso.mapping import seen_attributes
from sso.members import member_access
from sso.models import LinkedIdentity, SSOSession
from sso.revisions import hand_overs


@receiver(user_logged_in)
def name_browser_session(sender: object, request: HttpRequest, **kwargs: Any) -> None:
    """Named at portal login, so that two first requests at once can't name it twice."""
    ensure_browser_session(request)


@receiver(session_ending)
def end_browser_session(sender: object, content: Mapping[str, Any], **kwargs: Any) -> None:
    """By logout, from another browser, by a new password or by its age: no SSO session outlives it."""
    sessions.end_browser_session(browser_session_in(content))


@receiver(post_delete, sender=Membership)
def end_sessions_of_former_member(sender: object, instance: Membership, **kwargs: Any) -> None:
    """Whoever left or was removed keeps no SSO session, not even for a later return."""
    SSOSession.objects.filter(org_id=instance.org_id, user_id=instance.user_id).delete()
    seen_attributes.forget(org_id=instance.org_id, user_id=instance.user_id)


@receiver(post_delete, sender=Membership)
def unlink_former_member(sender: object, instance: Membership, origin: object, **kwargs: Any) -> None:
    """A link is kept until its owner leaves; whoever comes back is linked anew, and the audit log has both."""
    identity = LinkedIdentity.objects.filter(org_id=instance.org_id, user_id=instance.user_id).first()
    if identity is None:
        return
    if origin is instance:  # else the organisation or the account goes too
        member_access.unlink_identity(identity=identity, actor=None)
    else:
        identity.delete()


@receiver(post_delete, sender=LinkedIdentity)
def forget_what_an_identity_said(sender: object, instance: LinkedIdentity, **kwargs: Any) -> None:
    """What the IdP said was of that identity; the next one may be somebody else there."""
    seen_attributes.forget(org_id=instance.org_id, user_id=instance.user_id)


@receiver(post_delete, sender=Membership)
def forget_codes_of_former_member(sender: object, instance: Membership, **kwargs: Any) -> None:
    """Their recovery codes are worth nothing already; they must not come back with a later membership."""
    recovery_codes.forget(org_id=instance.org_id, user_id=instance.user_id)


@receiver(post_delete, sender=Membership)
def withdraw_links_of_former_member(sender: object, instance: Membership, **kwargs: Any) -> None:
    hand_overs.withdraw_of(org_id=instance.org_id, user_id=instance.user_id, now=timezone.now())


@receiver(post_save, sender=Membership)
def withdraw_links_of_former_admin(
    sender: object, instance: Membership, created: bool, **kwargs: Any
) -> None:
    if not created and instance.role != Role.ADMIN:
        hand_overs.withdraw_of(org_id=instance.org_id, user_id=instance.user_id, now=timezone.now())
