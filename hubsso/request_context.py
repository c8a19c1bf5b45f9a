"""What is true of the request being served: its id and the client's address; and log lines that carry them.

The id is random, goes out as `X-Request-ID`, and joins log lines, audit entries and the reference on an error
page. It is never taken from the client, who could otherwise write other people's ids into our log.
"""

import ipaddress
import json
import logging
import re
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

MAX_TEXT_CHARS = 4000

# Addresses that are a proof by themselves: Django names the path of what it refused or failed to answer.
_SECRET_PATH = re.compile(r"(/(?:hand-over|invitations|confirm-email|reset/key)/)[\w:-]{20,}")


def without_tokens(text: str) -> str:
    """A path as a log may have it."""
    return _SECRET_PATH.sub(r"\1...", text)


@dataclass(frozen=True, slots=True)
class RequestContext:
    request_id: str
    ip: str | None


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


_notes: ContextVar[dict[str, int] | None] = ContextVar("request_notes", default=None)


def note(**ids: int) -> None:
    """Tell what the request turned out to be about: `org_id`, `attempt_id`. Log lines and traces carry it then."""
    notes = _notes.get()
    if notes is not None:
        notes.update(ids)


def noted() -> dict[str, int]:
    """What was noted of the request being served."""
    return dict(_notes.get() or {})


def current_request_id() -> str:
    """The id of the request being served; "" outside one (a command, a shell)."""
    context = _current.get()
    return context.request_id if context else ""


def current_ip() -> str | None:
    """The client's address of the request being served; None outside one."""
    context = _current.get()
    return context.ip if context else None


def client_ip(request: HttpRequest) -> str | None:
    """The client's address as the outermost of our `TRUSTED_PROXY_COUNT` proxies saw it.

    With no trusted proxy, or when the header has fewer hops than we have proxies (so it did not come through
    all of them), the address of the connection itself. None when there is none, as on a Unix socket.
    """
    return client_ip_in(request.META)


def client_ip_in(environ: Mapping[str, Any]) -> str | None:
    """`client_ip` of a request that is no more than its WSGI environment yet."""
    hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
    trusted = settings.TRUSTED_PROXY_COUNT
    forwarded = _address(hops[-trusted]) if 0 < trusted <= len(hops) else None
    return forwarded or _address(environ.get("REMOTE_ADDR", ""))


def known_client_ip(request: HttpRequest) -> str:
    """`client_ip`, for whoever counts by it. Raises PermissionDenied where it is unknown.

    Behind a proxy that does not say who asks, nobody can be told apart, and one would use up everybody's count.
    """
    ip = client_ip(request)
    if ip is None:
        raise PermissionDenied("the client's address is unknown")
    return ip


def _address(text: str) -> str | None:
    """An address in its plain form: no port, no zone, IPv4 even where it came mapped into IPv6."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


@contextmanager
def in_place_of_a_request(request_id: str) -> Iterator[None]:
    """While inside, log lines and audit entries carry this id: for what is done beside requests, as a job is."""
    token, notes_token = _current.set(RequestContext(request_id=request_id, ip=None)), _notes.set({})
    try:
        yield
    finally:
        _current.reset(token)
        _notes.reset(notes_token)


class RequestContextMiddleware:
    """Gives the request its id and address while it is served."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        context = RequestContext(request_id=uuid.uuid4().hex, ip=client_ip(request))
        request.request_id = context.request_id  # type: ignore[attr-defined]
        token, notes_token = _current.set(context), _notes.set({})
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
            _notes.reset(notes_token)
        response["X-Request-ID"] = context.request_id
        return response


class RequestContextFilter(logging.Filter):
    """Adds `request_id` and what was noted to every record, and takes tokens out of paths; lets every record through.

    Django reports a failed response when the middleware is through with it; then the request itself still knows.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        record.request_id = current_request_id() or getattr(request, "request_id", "")
        for name, value in noted().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        if isinstance(record.args, tuple):
            record.args = tuple(without_tokens(arg) if isinstance(arg, str) else arg for arg in record.args)
        return True


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, event, request_id, then the fields of `extra`.

    Everything is escaped to ASCII, so no value can begin a line of its own. Only plain data is printed;
    of any other object, a request or a model among them, no more than the name of its class.
    """

    STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request_id"}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": _plain(record.getMessage()),
            "request_id": getattr(record, "request_id", ""),
        }
        if record.exc_info:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        for name, value in vars(record).items():
            if name not in self.STANDARD_ATTRIBUTES:
                line.setdefault(name, _plain(value))
        return json.dumps(line)


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value if len(value) <= MAX_TEXT_CHARS else value[:MAX_TEXT_CHARS] + "..."
        case datetime() | uuid.UUID() | PurePath():
            return str(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case Sequence() | set() | frozenset() if not isinstance(value, bytes | bytearray):
            return [_plain(item) for item in value]
        case _:
            return f"<{type(value).__name__}>"
