"""The name of a browser session: random, kept in the Django session, the same when the session key rotates.

SSO sessions hang on it and not on the session key, because the key changes at every SSO completion while the
other organisations' SSO sessions of this browser must live on. A portal logout flushes it with the session.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from accounts.sessions import Browser, browsers_with_content
from hubsso.crypto import random_token

_SESSION_KEY = "hubsso_browser_session"


def browser_session_of(request: HttpRequest) -> str:
    """The browser session's name, or "" where nobody has signed in with it yet."""
    return browser_session_in(request.session)


def browser_session_in(content: Mapping[str, Any] | SessionBase) -> str:
    """The name kept in a Django session's content, or ""."""
    return str(content.get(_SESSION_KEY, ""))


def browsers_of(users: Collection[int]) -> dict[str, Browser]:
    """Browser session -> the browser, of the accounts' browsers that are signed in to the portal. Two queries."""
    found = browsers_with_content(users)
    return {name: browser for browser, content in found if (name := browser_session_in(content))}


def ensure_browser_session(request: HttpRequest) -> str:
    """The browser session's name, given now if it has none."""
    if not browser_session_of(request):
        request.session[_SESSION_KEY] = random_token()
    return browser_session_of(request)
