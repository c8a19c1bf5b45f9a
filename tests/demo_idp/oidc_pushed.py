"""The pushed authorization request endpoint (RFC 9126)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from tests.demo_idp.faults import PAR_FAULTS, OIDCFault
from tests.demo_idp.oidc_clients import TokenError, authenticate
from tests.demo_idp.oidc_discovery import html_instead, json_response, server_error
from tests.demo_idp.pages import message_page
from tests.demo_idp.tenant import Tenant

REQUEST_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class PushedRequest:
    """Parameters that wait for the browser, once."""

    client_id: str
    parameters: MultiDict[str, str]
    expires_at: datetime


def par(tenant: Tenant, request: Request) -> Response:
    """`/par`"""
    if tenant.config.par == "off":
        return message_page("Not found", "There is no such page at this IdP.", status=404)
    faults = tenant.faults.take(PAR_FAULTS)
    if OIDCFault.PAR_500 in faults:
        return server_error()
    if OIDCFault.PAR_HTML in faults:
        return html_instead()
    try:
        client = authenticate(tenant, request)
        if "request_uri" in request.form:
            raise TokenError("invalid_request", "request_uri can't be pushed")
        if request.form.get("redirect_uri") not in client.redirect_uris:
            raise TokenError("invalid_request", "the redirect_uri is not registered for this client")
    except TokenError as error:
        return error.as_response()
    request_uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_urlsafe(24)}"
    tenant.pushed_requests[request_uri] = PushedRequest(
        client_id=client.client_id,
        parameters=request.form,
        expires_at=tenant.clock() + timedelta(seconds=REQUEST_SECONDS),
    )
    if OIDCFault.PAR_WRONG_REQUEST_URI in faults:
        request_uri = "not a URI"
    return json_response({"request_uri": request_uri, "expires_in": REQUEST_SECONDS}, 201)


def pushed_parameters(tenant: Tenant, parameters: MultiDict[str, str]) -> MultiDict[str, str] | None:
    """What was pushed where the browser brings a reference, else its own. None for what can't be taken."""
    request_uri = parameters.get("request_uri", "")
    if not request_uri.startswith("urn:"):
        return None if tenant.config.par == "required" else parameters
    pushed: PushedRequest | None = tenant.pushed_requests.pop(request_uri, None)
    if (
        pushed is None
        or pushed.expires_at < tenant.clock()
        or pushed.client_id != parameters.get("client_id")
    ):
        return None
    return pushed.parameters
