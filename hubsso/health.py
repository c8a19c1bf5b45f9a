"""`/healthz`: does this process answer? For whoever would restart it. And `/readyz`, see `telemetry.readiness`.

A load balancer calls both by address, without TLS. `/healthz` asks no database, no cache and no host name: restarting
the portal would mend none of them.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from hubsso.telemetry import readiness

PATH = "/healthz"


class HealthMiddleware:
    """Answers both before anything that could look at the request's host, session or body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in (PATH, readiness.PATH):
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(("GET", "HEAD"))
        if request.path_info == readiness.PATH:
            return readiness.answer()
        return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
