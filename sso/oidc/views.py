"""Where an OP sends browsers: the callback, its last step by form post, and where logins that start there begin."""

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from hubsso.request_sizes import SMALL_BODY_BYTES, body_at_most
from orgs.access import gate_exempt
from sso.browser import browser_session_of
from sso.errors import SSOError
from sso.login import take_attempt
from sso.models import Connection, LoginAttempt, Revision
from sso.oidc.answers import AuthorizationAnswer, assertion_from, check_mode, park_posted, take_posted
from sso.oidc.errors import AnswerMalformed, AnswerTooLarge
from sso.oidc.lookup import oidc_connection
from sso.oidc.published_keys import jwks
from sso.posted_forms import read_form, see_other
from sso.throttles import (
    ANSWER_BY_ACCOUNT,
    ANSWER_BY_ADDRESS,
    ANSWER_BY_CONNECTION,
    FAILED_ANSWER,
    FINISH_BY_ACCOUNT,
    FINISH_BY_ADDRESS,
    INITIATE_BY_ADDRESS,
    METADATA_BY_ADDRESS,
    throttled,
    uncounted,
)
from sso.types import ResponseMode
from sso.viewer import start_url
from sso.views.outcome import finish, refuse

# A key that a rollover adds is published for as long as its admin waits before it signs; OPs ask again at an unknown
# `kid`. So this only spares us questions.
KEYS_FRESH_SECONDS = 300


@throttled(
    by_address=ANSWER_BY_ADDRESS,
    by_account=ANSWER_BY_ACCOUNT,
    by_connection=ANSWER_BY_CONNECTION,
    failed=FAILED_ANSWER,
)
@gate_exempt("the OP's answer: it is what opens the gate")
@csrf_exempt  # a form comes from a page of the OP's, without our cookie; its state must prove everything
@never_cache
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """The redirect URI. Without a state that this browser was sent out with, it does nothing."""
    connection = oidc_connection(connection_uid)
    if request.method == "POST":
        return _take_form(request, connection)
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
        check_mode(ResponseMode.QUERY, answer, attempt=attempt)
        assertion = assertion_from(answer, attempt=attempt, now=now)
    except SSOError as error:
        return _refuse(request, error, connection, attempt)
    return finish(request, attempt, assertion)


def _refuse(
    request: HttpRequest, error: SSOError, connection: Connection, attempt: LoginAttempt | None
) -> HttpResponse:
    """What belongs to no attempt of this browser's was refused before anything was fetched or verified."""
    response = refuse(request, error, connection=connection, attempt=attempt)
    return uncounted(response) if attempt is None else response


def _take_form(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Park an answer that was posted, and send the browser on to where its cookie is back."""
    try:
        form = read_form(
            request, max_bytes=SMALL_BODY_BYTES, malformed=AnswerMalformed, too_large=AnswerTooLarge
        )
        ticket = park_posted(AuthorizationAnswer.parse(form), connection=connection, now=timezone.now())
    except SSOError as error:
        return _refuse(request, error, connection, None)
    finish_url = reverse("sso:oidc_finish", kwargs={"connection_uid": connection.uid})
    return see_other(f"{finish_url}?{urlencode({'ticket': ticket})}")


@throttled(by_address=FINISH_BY_ADDRESS, by_account=FINISH_BY_ACCOUNT, failed=FAILED_ANSWER)
@gate_exempt("the last step of a login by form post: the way through the gate can't be behind it")
@never_cache
@require_GET
def finish_posted(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """Redeem an answer that was posted, in the browser that began the login."""
    connection = oidc_connection(connection_uid)
    now = timezone.now()
    attempt: LoginAttempt | None = None
    try:
        attempt, answer = take_posted(
            connection=connection,
            ticket=request.GET.get("ticket", ""),
            browser_session=browser_session_of(request),
            user_id=request.user.pk,
            now=now,
        )
        assertion = assertion_from(answer, attempt=attempt, now=now)
    except SSOError as error:
        return _refuse(request, error, connection, attempt)
    return finish(request, attempt, assertion)


@throttled(by_address=METADATA_BY_ADDRESS)
@gate_exempt("OPs read it; it says nothing of the organisation but the connection's public keys")
@cache_control(public=True, max_age=KEYS_FRESH_SECONDS)
@require_GET
def our_keys(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """The JWKS that an OP checks our client assertions with."""
    return JsonResponse(jwks(oidc_connection(connection_uid)))


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
    return redirect(f"{start_url(connection.org.slug)}?{urlencode({'connection': str(connection_uid)})}")
