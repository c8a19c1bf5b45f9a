"""Pages for requests that failed. None of them says why, and none shows anything of an organisation."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from hubsso import throttle
from hubsso.request_context import current_request_id

GUESSES_WINDOW_SECONDS = 60


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/400.html", status=HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/403.html", status=HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same bytes for one viewer, whether the page is missing or merely not theirs to see."""
    return render(request, "errors/404.html", status=HTTPStatus.NOT_FOUND)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Where allauth turns people away; its windows are a minute, all but a few."""
    return throttle.too_many_requests(request, retry_after_seconds=GUESSES_WINDOW_SECONDS)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/csrf.html", status=HTTPStatus.FORBIDDEN)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without a request, so that no context processor touches a database that may be down."""
    page = render_to_string("errors/500.html", {"reference": current_request_id()})
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)
