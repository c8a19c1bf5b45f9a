"""An organisation's page as a stranger gets it: the gate and the view are run for a request that nobody signed.

The request is a new one without cookies, session or account, so that nothing of the admin who looks can reach the
page, and nothing that the page does can reach the admin's session. Only GET is ever run.
"""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.handlers.exception import response_for_exception
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve

from sso.middleware import SSOGateMiddleware

# What a request says of the way to this server, and nothing of who sent it.
_KEPT = ("SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "wsgi.url_scheme", "SERVER_PROTOCOL")


def as_stranger(request: HttpRequest, path: str) -> HttpResponseBase:
    """The answer to a GET of one of our paths by somebody who is not signed in."""
    return SSOGateMiddleware(_answer)(_strangers_request(request, path))


def _answer(request: HttpRequest) -> HttpResponseBase:
    """As Django's handler does: the gate, then the view."""
    match: Any = request.resolver_match
    gate = SSOGateMiddleware(_answer)
    try:
        refused = gate.process_view(request, match.func, list(match.args), match.kwargs)
        if refused is not None:
            return refused
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    except Http404 as error:
        return response_for_exception(request, error)
    return response


def _strangers_request(request: HttpRequest, path: str) -> HttpRequest:
    stranger = HttpRequest()
    stranger.method = "GET"
    stranger.path = stranger.path_info = path
    stranger.META = {name: request.META[name] for name in _KEPT if name in request.META}
    stranger.META |= {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": ""}
    stranger.user = AnonymousUser()
    stranger.resolver_match = resolve(path)
    return stranger
