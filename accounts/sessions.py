"""A person's browser sessions, as allauth keeps them."""

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession


def end_session(*, session: UserSession) -> None:
    """End one browser session, so that its cookie is worth nothing from now on."""
    get_adapter().end_sessions([session])
