"""A person's browser sessions, as allauth keeps them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from accounts import user_agents
from accounts.models import User
from accounts.places import place_of
from accounts.session_store import SessionStore


def end_session(*, session: UserSession) -> None:
    """End one browser session, so that its cookie is worth nothing from now on."""
    get_adapter().end_sessions([session])


def end_sessions_of_user(*, user: User, except_key: str | None = None) -> None:
    """End all of a person's browser sessions but the one with the session key `except_key`."""
    get_adapter().end_sessions(UserSession.objects.filter(user=user).exclude(session_key=except_key or ""))


def end_unlisted_session(*, session_key: str) -> None:
    """End a session that is about to leave the list: nobody could end it any more."""
    SessionStore().delete(session_key)


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that is signed in: its name in words, and the address it last signed in from."""

    name: str
    ip: str

    @property
    def place(self) -> str:
        """Where that is, in the reader's language, or the address."""
        return place_of(self.ip)

    def __str__(self) -> str:
        return self.name


def browsers_with_content(users: Collection[int]) -> list[tuple[Browser, Mapping[str, Any]]]:
    """Each browser session of these accounts, with what it holds. Two queries."""
    signed_in = UserSession.objects.filter(user__in=users).values_list("session_key", "user_agent", "ip")
    browsers = {key: Browser(user_agents.describe(agent), ip) for key, agent, ip in signed_in}
    rows = Session.objects.filter(session_key__in=browsers)
    return [(browsers[row.session_key], row.get_decoded()) for row in rows]
