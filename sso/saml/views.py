"""The three addresses of our SP: where responses are posted, where a login is finished, and the metadata."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from orgs.access import gate_exempt
from sso import login
from sso.browser import browser_session_of
from sso.errors import SSOError
from sso.models import LoginAttempt
from sso.posted_forms import see_other
from sso.saml.errors import UnsolicitedResponse
from sso.saml.lookup import saml_connection
from sso.saml.metadata import CONTENT_TYPE, sp_metadata
from sso.saml.posted import read_form
from sso.saml.responses import accept_response, answered_attempt, read_response, tested_attempt, use_once
from sso.throttles import (
    ANSWER_BY_ADDRESS,
    ANSWER_BY_CONNECTION,
    FAILED_ANSWER,
    FINISH_BY_ACCOUNT,
    FINISH_BY_ADDRESS,
    METADATA_BY_ADDRESS,
    counted_as_failed,
    throttled,
)
from sso.views import outcome


@throttled(by_address=ANSWER_BY_ADDRESS, by_connection=ANSWER_BY_CONNECTION, failed=FAILED_ANSWER)
@gate_exempt("the IdP's cross-site POST carries no cookie of ours; the response itself must prove everything")
@csrf_exempt
@never_cache
@require_POST
def acs(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """Take an IdP's response, park what it says, and send the browser on to where its cookie is back."""
    connection = saml_connection(connection_uid)
    attempt: LoginAttempt | None = None
    relay_state = ""
    now = timezone.now()
    try:
        form = read_form(request)
        relay_state = form.relay_state
        response = read_response(form.saml_response)
        attempt = answered_attempt(response, connection=connection, relay_state=form.relay_state, now=now)
        accepted = accept_response(response, attempt=attempt, now=now)
        ticket = use_once(accepted, attempt=attempt, now=now)
    except UnsolicitedResponse:
        return counted_as_failed(see_other(reverse("sso:start", args=[connection.org.slug])))
    except SSOError as error:
        attempt = attempt or tested_attempt(relay_state, connection=connection, now=now)
        return outcome.refuse(request, error, connection=connection, attempt=attempt)
    finish_url = reverse("sso:saml_finish", kwargs={"connection_uid": connection_uid})
    return see_other(f"{finish_url}?{urlencode({'ticket': ticket})}")


@throttled(by_address=FINISH_BY_ADDRESS, by_account=FINISH_BY_ACCOUNT)
@gate_exempt("the last step of a login: the way through the gate can't be behind it")
@never_cache
@require_GET
def finish(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """Complete a login in the browser that started it."""
    connection = saml_connection(connection_uid)
    try:
        attempt, assertion = login.take_parked_assertion(
            connection=connection,
            ticket=request.GET.get("ticket", ""),
            browser_session=browser_session_of(request),
            user_id=request.user.pk,
            now=timezone.now(),
        )
    except SSOError as error:
        return outcome.refuse(request, error, connection=connection)
    return outcome.finish(request, attempt, assertion)


@throttled(by_address=METADATA_BY_ADDRESS)
@gate_exempt("IdPs read it; it says nothing of the organisation but the SP's own addresses and certificates")
@require_GET
def metadata(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    return HttpResponse(sp_metadata(saml_connection(connection_uid)), content_type=CONTENT_TYPE)
