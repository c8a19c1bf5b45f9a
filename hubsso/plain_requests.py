"""Requests that no page could answer: PostgreSQL takes no NUL, and no URL of ours has a control character.

They are answered in one place, before anything looks at them. A query may hold line breaks: IdPs send them in
`error_description`.
"""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from hubsso.text import has_control_character


class PlainRequestMiddleware:
    """Answers 400 to control characters in the path and to NUL in the query or the session's name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_plain(request):
            return self.get_response(request)
        # Rendered without the request: to look for its user could be what fails.
        return HttpResponse(render_to_string("errors/400.html"), status=HTTPStatus.BAD_REQUEST)


def _is_plain(request: HttpRequest) -> bool:
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return not (
        has_control_character(request.path_info)
        or "\0" in unquote(request.META.get("QUERY_STRING", ""))
        or "\0" in session_key
    )
