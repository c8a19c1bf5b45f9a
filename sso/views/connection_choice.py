"""Which connection a request asks for, and the links that ask for one. `sso.choosing` has the rule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest

from accounts.requests import signed_in_user
from sso.browser import browser_session_of
from sso.choosing import choose_for
from sso.models import Connection
from sso.return_paths import safe_path


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of the page that offers several connections."""

    name: str
    url: str


def asked_connection(request: HttpRequest, live: Sequence[Connection]) -> Connection | None:
    """The one of the `live` connections to go through; None where the person is to choose.

    `?connection=<uid>` names one, and 404 follows if it is not among them; `?choose=1` asks for the choice.
    """
    if "connection" in request.GET:
        return _named(request.GET["connection"], live)
    if request.GET.get("choose"):
        return None
    return choose_for(
        connections=live,
        user=signed_in_user(request),
        browser_session=browser_session_of(request),
        is_silent=is_silent(request),
    )


def choices(request: HttpRequest, connections: Iterable[Connection], **query: str) -> list[Choice]:
    """A link to this page for each connection, that picks it and keeps the way back."""
    next_path = safe_path(request.GET.get("next"), fallback="")
    kept = {**query, "next": next_path} if next_path else query
    return [
        Choice(connection.name, f"?{urlencode({'connection': str(connection.uid), **kept})}")
        for connection in connections
    ]


def is_silent(request: HttpRequest) -> bool:
    """Was the browser sent here to renew its SSO session without showing the IdP?"""
    return bool(request.GET.get("silent"))


def _named(uid: str, live: Sequence[Connection]) -> Connection:
    try:
        wanted = UUID(uid)
    except ValueError:
        raise Http404 from None
    for connection in live:
        if connection.uid == wanted:
            return connection
    raise Http404
