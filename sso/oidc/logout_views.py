"""Where an OP says that somebody signed out there: by its server (back-channel) or in a frame (front-channel).

Neither needs a cookie of ours. The logout token proves itself by its signature. The frame's address proves nothing:
whoever knows a `sid` can end that session, which is why it must be given with `iss` and be met exactly. A `sid` is a
random value that the OP tells nobody but the RPs of its session (Front-Channel Logout 1.0, 3), so that a stranger's
page can't end anybody's session by loading the address; and all that could be won is that somebody signs in again.
Asking for our cookie beside it would add nothing: browsers keep it out of other sites' frames.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from hubsso.net import origin_of
from hubsso.request_sizes import SMALL_BODY_BYTES
from orgs.access import gate_exempt
from sso.errors import SSOError
from sso.logout import end_named_by_idp
from sso.models import Connection, Revision
from sso.oidc import discovery, logout_token
from sso.oidc.errors import shown
from sso.oidc.id_token import MAX_SESSION_ID_LENGTH
from sso.oidc.logout_errors import (
    FrontChannelLogoutInvalid,
    LogoutFormMalformed,
    LogoutFormTooLarge,
    LogoutNotExpected,
)
from sso.oidc.lookup import oidc_connection
from sso.posted_forms import read_form
from sso.refusals import record_refusal
from sso.throttles import (
    FAILED_FRAME_LOGOUT,
    FAILED_LOGOUT,
    FRAME_LOGOUT_BY_ADDRESS,
    FRAME_LOGOUT_BY_CONNECTION,
    LOGOUT_BY_ADDRESS,
    LOGOUT_BY_CONNECTION,
    counted_as_failed,
    throttled,
)


@throttled(by_address=LOGOUT_BY_ADDRESS, by_connection=LOGOUT_BY_CONNECTION, failed=FAILED_LOGOUT)
@gate_exempt("the OP's server has no session here; its signed token must prove everything")
@csrf_exempt
@cache_control(no_store=True)
@require_POST
def backchannel_logout(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """Back-Channel Logout 1.0, 2.5 to 2.8: 200, also for a session that is gone, and 400 for everything else.

    400 too where the OP's keys can't be fetched: "if the logout failed" is the same answer by 2.8, and an OP may
    send the token again.
    """
    connection = oidc_connection(connection_uid)
    try:
        logout_token.end_sessions(_posted_token(request), connection=connection, now=timezone.now())
    except SSOError as error:
        _record(error, connection)
        return JsonResponse({"error": "invalid_request"}, status=400)
    return HttpResponse()


@throttled(
    by_address=FRAME_LOGOUT_BY_ADDRESS, by_connection=FRAME_LOGOUT_BY_CONNECTION, failed=FAILED_FRAME_LOGOUT
)
@gate_exempt(
    "loaded in a frame of the OP's, where browsers send no cookie; it ends sessions and shows nothing"
)
@cache_control(no_cache=True, no_store=True)
@require_GET
def frontchannel_logout(request: HttpRequest, connection_uid: UUID) -> HttpResponse:
    """Front-Channel Logout 1.0, 2: end the session of `iss` and `sid`. The page may be framed, by its OP."""
    connection = oidc_connection(connection_uid)
    try:
        live = _live_revision(connection)
        session_id = _named_session(request.GET, live.issuer)
    except SSOError as error:
        _record(error, connection)
        return render(request, "sso/frontchannel_logout.html", {"is_refused": True}, status=400)
    ended = end_named_by_idp(
        connection=connection, issuer=live.issuer, subject=None, idp_session_ids=[session_id]
    )
    response = render(request, "sso/frontchannel_logout.html")
    response.xframe_options_exempt = True
    response._csp_replace = {"frame-ancestors": _origins(live.issuer)}  # type: ignore[attr-defined]
    return response if ended else counted_as_failed(response)


def _posted_token(request: HttpRequest) -> str:
    form = read_form(
        request, max_bytes=SMALL_BODY_BYTES, malformed=LogoutFormMalformed, too_large=LogoutFormTooLarge
    )
    tokens = form.getlist("logout_token")
    if len(tokens) != 1:
        raise LogoutFormMalformed(f"The form holds {len(tokens)} logout tokens, expected one.")
    return tokens[0]


def _live_revision(connection: Connection) -> Revision:
    live = connection.revisions.filter(status=Revision.Status.LIVE).first()
    if live is None or not connection.is_enabled:
        raise LogoutNotExpected(
            "A logout came in a frame, but the connection is off or has no live revision."
        )
    return live


def _named_session(query: QueryDict, issuer: str) -> str:
    """The `sid`, with the issuer it belongs to; each given once."""
    issuers, session_ids = query.getlist("iss"), query.getlist("sid")
    if issuers != [issuer]:
        raise FrontChannelLogoutInvalid(
            f"The logout came with the iss {shown(issuers)}, expected {shown(issuer)}."
        )
    if len(session_ids) != 1 or not 0 < len(session_ids[0]) <= MAX_SESSION_ID_LENGTH:
        raise FrontChannelLogoutInvalid("The logout came without a sid, with several, or with one too long.")
    return session_ids[0]


def _origins(issuer: str) -> list[str]:
    """Whose pages may frame the answer. What is not known of the OP is not asked: the session is over already."""
    metadata = discovery.held_metadata(issuer)
    urls = [issuer, metadata.end_session_endpoint if metadata else ""]
    return sorted({origin_of(url) for url in urls if url})


def _record(error: SSOError, connection: Connection) -> None:
    record_refusal(error, connection=connection, attempt=None, is_logout=True, now=timezone.now())
