"""Traces of OpenTelemetry through a request and a login, for an operator who set `HUBSSO_OTLP_ENDPOINT`.

Without it `span` does next to nothing and no library of OpenTelemetry is imported. Attributes are ids and words of our
own: no name, no address, no token, no query.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from hubsso.request_context import current_request_id, noted
from hubsso.telemetry.metrics import method_of, route_of

Attribute = str | int | bool

_tracer: Any = None


def start() -> None:
    """Called once by a server's process, after it forked: traces are sent by a thread of its own."""
    if settings.OTLP_ENDPOINT:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        exporter = OTLPSpanExporter(endpoint=f"{settings.OTLP_ENDPOINT}/v1/traces")
        use(BatchSpanProcessor(exporter))


def use(processor: Any) -> None:
    """Let `processor` have the spans from now on; None ends that."""
    global _tracer  # noqa: PLW0603 - one of a process, as the libraries have it
    if processor is None:
        _tracer = None
        return
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    provider = TracerProvider(resource=Resource({SERVICE_NAME: "hubsso"}))
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("hubsso")


@contextmanager
def span(name: str, **attributes: Attribute) -> Iterator[None]:
    """One step. An exception that leaves it marks it as failed by its class alone: messages may quote an IdP."""
    if _tracer is None:
        yield
        return
    with _tracer.start_as_current_span(
        name,
        attributes={f"hubsso.{key}": value for key, value in attributes.items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(_failed())
            raise


class TracingMiddleware:
    """One span a request, named by its route; ids that the request came to know are its attributes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _tracer is None:
            return self.get_response(request)
        with _tracer.start_as_current_span("request") as current:
            response = self.get_response(request)
            current.update_name(f"{method_of(request)} {route_of(request)}")
            current.set_attribute("http.route", route_of(request))
            current.set_attribute("http.response.status_code", response.status_code)
            current.set_attribute("hubsso.request_id", current_request_id())
            for name, value in noted().items():
                current.set_attribute(f"hubsso.{name}", value)
            return response


def _failed() -> Any:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

    return Status(StatusCode.ERROR)
