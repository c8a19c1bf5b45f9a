"""Was it the person who asked? A GET that leads to an IdP must not work by a link on somebody else's page.

CSP's `form-action` also governs where a form's answer redirects to, so the buttons that lead to an IdP are links. A
link that joins an organisation carries a one-time token of this browser; a first login says first what it shares, and
a link elsewhere can't skip that.
"""

import hmac

from django.http import HttpRequest

from hubsso.crypto import random_token
from orgs.models import Organization

_SESSION_KEY = "hubsso_join_tokens"
MAX_TOKENS = 5
CONTINUE = "continue"  # in the query: the button of the page that says what a first login shares


def join_token(request: HttpRequest, org: Organization) -> str:
    """A token for the button of this organisation's join page, good for one press in this browser."""
    tokens: dict[str, str] = request.session.get(_SESSION_KEY, {})
    token = tokens.get(str(org.pk)) or random_token()
    kept = list({**tokens, str(org.pk): token}.items())[-MAX_TOKENS:]
    request.session[_SESSION_KEY] = dict(kept)
    return token


def was_join_pressed(request: HttpRequest, org: Organization) -> bool:
    """Does the request carry the token of this browser's own join page? Uses it up."""
    tokens: dict[str, str] = request.session.get(_SESSION_KEY, {})
    expected = tokens.get(str(org.pk), "")
    if not expected or not hmac.compare_digest(request.GET.get("go", "").encode(), expected.encode()):
        return False
    request.session[_SESSION_KEY] = {key: token for key, token in tokens.items() if key != str(org.pk)}
    return True


def must_ask_first(request: HttpRequest) -> bool:
    """Must a first login say what it shares, since no button of ours was pressed on the page that says so?

    A browser that says nothing of what it does is not held up; programs are none.
    """
    is_page = request.headers.get("Sec-Fetch-Mode") == "navigate"
    return came_from_another_site(request) or (is_page and CONTINUE not in request.GET)


def came_from_another_site(request: HttpRequest) -> bool:
    """What the browser says of where the navigation began. One that says nothing is not held up."""
    return request.headers.get("Sec-Fetch-Site") == "cross-site"
