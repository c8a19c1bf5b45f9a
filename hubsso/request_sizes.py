"""How large a request may be. What is larger is answered before any of its body is read or anything is looked up.

A form's fields are bounded by Django (DATA_UPLOAD_MAX_MEMORY_SIZE), but files in a form are not: Django would write
any length to disk before a view, or the check of the CSRF token, could say no. A body without a stated length
(chunked) is never read: WSGI gives Django nothing of it.

The head of a request is bounded by the server before it comes here (`--http1-buffer-size` of the start command).
"""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

MAX_BODY_BYTES = 2 * 1024 * 1024
MAX_URL_LENGTH = 16 * 1024  # signed logout messages come in queries, and are the longest
SMALL_BODY_BYTES = 64 * 1024  # a code and a state, a logout token

# Where `slow_bodies` says that a body did not come (408), was cut short (400), or was one too many (503).
BODY_REFUSED = "hubsso.body_refused"
RETRY_AFTER_SECONDS = 10

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class RequestSizeMiddleware:
    """413 to a body of more than 2 MiB, 414 to a path and query of more than 16 KiB, and `BODY_REFUSED`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        refused: HTTPStatus | None = request.META.get(BODY_REFUSED)
        if refused is not None:
            return too_slow(refused)
        if length_in(request.META) > MAX_BODY_BYTES:
            return too_large(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if len(request.path_info) + len(request.META.get("QUERY_STRING", "")) > MAX_URL_LENGTH:
            return too_large(HTTPStatus.REQUEST_URI_TOO_LONG)
        return self.get_response(request)


def body_at_most(max_bytes: int) -> Callable[[View], View]:
    """Answer 413 instead of the view to a larger body. For views that take what strangers post."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if length_in(request.META) > max_bytes:
                return too_large(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return view(request, *args, **kwargs)

        return cast("View", wrapper)

    return decorate


def length_in(environ: Mapping[str, Any]) -> int:
    """The Content-Length; 0 where there is none, or none that Django would read a body by."""
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def too_large(status: HTTPStatus) -> HttpResponse:
    """Rendered without the request: nothing of it was looked at."""
    response = HttpResponse(
        render_to_string("errors/too_large.html", {"status": status.value}), status=status
    )
    response["Cache-Control"] = "no-store"
    return response


def too_slow(status: HTTPStatus) -> HttpResponse:
    """A body that did not come, or that nobody could wait for just now."""
    response = HttpResponse(render_to_string("errors/too_slow.html", {"status": status.value}), status=status)
    response["Cache-Control"] = "no-store"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response
