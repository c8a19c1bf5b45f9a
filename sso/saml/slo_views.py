"""Our single logout service (Profiles 4.4), for both bindings and both kinds of messages."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from hubsso.net import origin_of
from orgs.access import gate_exempt
from sso.errors import SSOError
from sso.models import Connection, Revision
from sso.posted_forms import see_other
from sso.refusals import record_refusal
from sso.saml.bindings import Parameter, read_redirect
from sso.saml.logout_message import (
    ReceivedMessage,
    VerifiedMessage,
    received_by_post,
    received_by_redirect,
    verify,
)
from sso.saml.logout_requests import end_sessions
from sso.saml.logout_responses import answered_sign_out, logout_response
from sso.saml.lookup import saml_connection
from sso.saml.posted import read_form
from sso.throttles import FAILED_LOGOUT, LOGOUT_BY_ADDRESS, LOGOUT_BY_CONNECTION, throttled
from sso.views.to_idp import to_idp


@throttled(by_address=LOGOUT_BY_ADDRESS, by_connection=LOGOUT_BY_CONNECTION, failed=FAILED_LOGOUT)
@gate_exempt("a signed logout of the IdP's, or its answer to ours; it ends sessions and shows nothing")
@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def slo(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """No cookie of ours is needed: the message proves itself by its signature."""
    connection = saml_connection(connection_uid)
    try:
        message, now = _received(request), timezone.now()
        verified = verify(message, connection, now=now)
        if message.parameter == Parameter.REQUEST:
            end_sessions(verified, now=now)
            return _answer(request, verified)
        return _signed_out(connection, verified)
    except SSOError as error:
        return _refuse(request, error, connection)


def _received(request: HttpRequest) -> ReceivedMessage:
    if request.method == "POST":
        return received_by_post(read_form(request))
    return received_by_redirect(read_redirect(request.META.get("QUERY_STRING", "")))


def _answer(request: HttpRequest, verified: VerifiedMessage) -> HttpResponse:
    browser_request = logout_response(verified, now=timezone.now())
    if browser_request is None:
        return see_other(reverse("sso:signed_out", args=[verified.revision.connection.uid]))
    response = to_idp(request, browser_request, template="sso/slo_answer.html")
    response.xframe_options_exempt = True
    response._csp_replace = {"frame-ancestors": _origins(verified.revision)}  # type: ignore[attr-defined]
    return response


def _origins(revision: Revision) -> list[str]:
    """Whose pages may frame our answer: an IdP may ask its SPs in frames, all at once, and waits for what they say."""
    return sorted({origin_of(url) for url in (revision.slo_url, revision.sso_url) if url})


def _signed_out(connection: Connection, verified: VerifiedMessage) -> HttpResponse:
    """On to our page, where this browser's cookie is back and says whose sign-out it was."""
    attempt, is_done = answered_sign_out(verified, connection=connection, now=timezone.now())
    query = f"?{urlencode({'state': attempt.state})}" if is_done else ""
    return see_other(reverse("sso:signed_out", args=[connection.uid]) + query)


def _refuse(request: HttpRequest, error: SSOError, connection: Connection) -> HttpResponse:
    reference = record_refusal(error, connection=connection, attempt=None, is_logout=True, now=timezone.now())
    return render(request, "sso/logout_refused.html", {"reference": reference}, status=400)
