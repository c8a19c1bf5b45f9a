"""Where an OP sends browsers: the callback, and the entry for logins that start at the OP."""

from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from hubsso.request_sizes import SMALL_BODY_BYTES, body_at_most
from orgs.access import gate_exempt
from sso.browser import browser_session_of
from sso.errors import SSOError
from sso.login import take_attempt
from sso.models import LoginAttempt, Revision
from sso.oidc.adapter import AuthorizationAnswer, assertion_from
from sso.oidc.lookup import oidc_connection
from sso.throttles import (
    ANSWER_BY_ADDRESS,
    ANSWER_BY_CONNECTION,
    FAILED_ANSWER,
    INITIATE_BY_ADDRESS,
    throttled,
)
from sso.viewer import start_url
from sso.views.outcome import finish, refuse


@throttled(by_address=ANSWER_BY_ADDRESS, by_connection=ANSWER_BY_CONNECTION, failed=FAILED_ANSWER)
@gate_exempt("the OP's answer: it is what opens the gate")
@never_cache
@require_GET
def callback(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """The redirect URI. Without a state that this browser was sent out with, it does nothing."""
    connection = oidc_connection(connection_uid)
    now = timezone.now()
    attempt: LoginAttempt | None = None
    try:
        answer = AuthorizationAnswer.parse(request.GET)
        attempt = take_attempt(
            connection=connection,
            state=answer.state,
            browser_session=browser_session_of(request),
            user_id=request.user.pk,
            now=now,
        )
        assertion = assertion_from(answer, attempt=attempt, now=now)
    except SSOError as error:
        return refuse(request, error, connection=connection, attempt=attempt)
    return finish(request, attempt, assertion)


@throttled(by_address=INITIATE_BY_ADDRESS)
@body_at_most(SMALL_BODY_BYTES)
@csrf_exempt  # the OP may send a form (Core 4); it changes nothing
@gate_exempt("a login that starts at the OP begins here, before the gate is open")
@require_http_methods(["GET", "POST"])
def initiate(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """Third-party-initiated login (Core 4): drops all it is given and starts a login of our own, at this very OP.

    `login_hint` and `target_link_uri` are not used: who and where to is for the person's own session to say.
    """
    connection = oidc_connection(connection_uid)
    parameters = request.POST if request.method == "POST" else request.GET
    live = get_object_or_404(connection.revisions, status=Revision.Status.LIVE)
    if parameters.getlist("iss") != [live.issuer]:
        raise BadRequest("iss is not this connection's issuer")
    return redirect(f"{start_url(connection.org.slug)}?{urlencode({'connection': connection_uid})}")
