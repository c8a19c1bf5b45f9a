"""Metrics for Prometheus: the requests of this process, and `/metrics`, where all of them are read.

Counted in memory, or in files that all processes of a node share where `PROMETHEUS_MULTIPROC_DIR` names a directory of
theirs. Labels come from our code and our URLs alone, never from what a browser sent, so that nobody makes new ones.
`/metrics` is there only if `HUBSSO_METRICS_TOKEN` is set, for whoever sends it as a bearer token.
"""

import os
import time
from collections.abc import Callable
from secrets import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.response import HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

PATH = "/metrics"
LATENCY_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
NO_ROUTE = "none"
_METHODS = frozenset({"GET", "HEAD", "POST"})

REQUESTS = Counter("hubsso_http_requests", "Requests answered.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "hubsso_http_request_seconds", "How long answers took.", ["route"], buckets=LATENCY_BUCKETS_SECONDS
)


class MetricsMiddleware:
    """Counts every request, and answers `/metrics` before anything that could look at its host or session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == PATH:
            return _answer(request)
        began = time.perf_counter()
        response = self.get_response(request)
        route = route_of(request)
        REQUESTS.labels(method_of(request), route, str(response.status_code)).inc()
        REQUEST_SECONDS.labels(route).observe(time.perf_counter() - began)
        return response


def exposition() -> bytes:
    """Everything that was counted, of all processes of this node, in Prometheus' text format."""
    from hubsso.telemetry.queue_metrics import QUEUE  # noqa: PLC0415 - its models are not ready when settings load us

    counted = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    return generate_latest(counted) + generate_latest(QUEUE)


def route_of(request: HttpRequest) -> str:
    """The name of the view; "none" for what no view answered: static files, redirects, unknown paths."""
    match = request.resolver_match
    return match.view_name if match and match.view_name else NO_ROUTE


def _answer(request: HttpRequest) -> HttpResponse:
    """The metrics; "not found" without the token, as if there were none."""
    said = request.headers.get("Authorization", "").encode()
    is_known = compare_digest(said, f"Bearer {settings.METRICS_TOKEN}".encode())
    if not settings.METRICS_TOKEN or not is_known or request.method not in ("GET", "HEAD"):
        return HttpResponseNotFound("not found\n", content_type="text/plain")
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def method_of(request: HttpRequest) -> str:
    """One of those that views answer; "other" for any word that a client made up."""
    return request.method if request.method in _METHODS else "other"
