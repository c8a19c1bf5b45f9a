"""Where allauth tells us that something happened. Receivers only call domain functions."""

from typing import Any

from allauth.account.signals import email_confirmed

from accounts import emails


def connect() -> None:
    """Called once, when the app is ready."""
    email_confirmed.connect(_on_email_confirmed, dispatch_uid="accounts.email_confirmed")


def _on_email_confirmed(sender: object, email_address: Any, **kwargs: object) -> None:
    emails.release_unverified_claims(email=email_address.email, verified_user_id=email_address.user_id)
