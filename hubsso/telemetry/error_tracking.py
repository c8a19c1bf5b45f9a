"""Crashes sent to Sentry, or to what speaks its protocol, for an operator who set `HUBSSO_SENTRY_DSN`.

Where it happened is sent, and nothing of what was sent to us or worked with: no form, query, cookie, header, variable,
person or breadcrumb, and no message: a database, a mail server or Python itself quote values in them, and the log has
them. `hubsso.error_reports` says why.
None of the library's integrations is used: they would wrap every view and query.
"""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpRequest

from hubsso.request_context import current_request_id, noted
from hubsso.telemetry.metrics import route_of

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

_DISPATCH_UID = "hubsso.error_tracking"
_NOT_SENT = ("request", "user", "breadcrumbs", "extra", "server_name", "modules")


def start(transport: Any = None) -> None:
    """Called once by a server's process. `transport` is where events go instead of the network."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk  # noqa: PLC0415 - its import costs those alone who want it

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        transport=transport,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        before_send=cleaned,
    )
    got_request_exception.connect(_report, dispatch_uid=_DISPATCH_UID)


def stop() -> None:
    """Nothing is reported from now on."""
    import sentry_sdk  # noqa: PLC0415

    got_request_exception.disconnect(dispatch_uid=_DISPATCH_UID)
    sentry_sdk.get_client().close()


def cleaned(event: "Event", hint: "Hint") -> "Event":
    """The event without what could tell of a person or a login."""
    for part in _NOT_SENT:
        event.pop(part, None)  # type: ignore[misc]
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = ""
    return event


def _report(sender: object, request: HttpRequest | None = None, **kwargs: object) -> None:
    """The exception being handled, with our own ids."""
    import sentry_sdk  # noqa: PLC0415

    with sentry_sdk.new_scope() as scope:
        scope.set_tag("request_id", current_request_id())
        for name, value in noted().items():
            scope.set_tag(name, str(value))
        if request is not None:
            scope.set_transaction_name(route_of(request))
        scope.capture_exception()
