"""Ties SSO sessions to the portal session: named at login, ended at logout."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest

from orgs.models import Membership
from sso import sessions
from sso.browser import browser_session_of, ensure_browser_session
from sso.models import SSOSession


@receiver(user_logged_in)
def name_browser_session(sender: object, request: HttpRequest, **kwargs: Any) -> None:
    """Named at portal login, so that two first requests at once can't name it twice."""
    ensure_browser_session(request)


@receiver(user_logged_out)
def end_browser_session(sender: object, request: HttpRequest | None, **kwargs: Any) -> None:
    if request is not None:
        sessions.end_browser_session(browser_session_of(request))


@receiver(post_delete, sender=Membership)
def end_sessions_of_former_member(sender: object, instance: Membership, **kwargs: Any) -> None:
    """Whoever left or was removed keeps no SSO session, not even for a later return."""
    SSOSession.objects.filter(org_id=instance.org_id, user_id=instance.user_id).delete()
