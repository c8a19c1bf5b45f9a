"""Where allauth tells us that something happened. Receivers only call domain functions."""

from typing import Any

from allauth.account.signals import email_confirmed, password_changed, password_reset, password_set
from allauth.usersessions.models import UserSession
from django.contrib.auth import logout
from django.db.models.signals import pre_delete
from django.http import HttpRequest

from accounts import emails, sessions
from accounts.models import User


def connect() -> None:
    """Called once, when the app is ready."""
    email_confirmed.connect(_on_email_confirmed, dispatch_uid="accounts.email_confirmed")
    for signal in (password_changed, password_set):
        signal.connect(_on_password_changed, dispatch_uid="accounts.password_changed")
    password_reset.connect(_on_password_reset, dispatch_uid="accounts.password_reset")
    pre_delete.connect(_on_unlisted, sender=UserSession, dispatch_uid="accounts.session_unlisted")


def _on_email_confirmed(sender: object, email_address: Any, **kwargs: object) -> None:
    emails.release_unverified_claims(email=email_address.email, verified_user_id=email_address.user_id)


def _on_password_changed(sender: object, request: HttpRequest, user: User, **kwargs: object) -> None:
    """Django would refuse the other browsers at their next request; they end now."""
    sessions.end_sessions_of_user(user=user, except_key=request.session.session_key)


def _on_password_reset(sender: object, request: HttpRequest, user: User, **kwargs: object) -> None:
    """No browser stays signed in, not even the one that followed the mailed link."""
    sessions.end_sessions_of_user(user=user, except_key=request.session.session_key)
    if request.user == user:
        logout(request)


def _on_unlisted(sender: object, instance: UserSession, **kwargs: object) -> None:
    sessions.end_unlisted_session(session_key=instance.session_key)
