"""The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0)."""

import json
from urllib.parse import urlencode

from joserfc import jws
from joserfc.errors import JoseError
from werkzeug.wrappers import Request, Response

from tests.demo_idp.config import OIDCClient
from tests.demo_idp.login import current_session, forget_session
from tests.demo_idp.pages import message_page, redirect
from tests.demo_idp.tenant import Tenant


def end_session(tenant: Tenant, request: Request) -> Response:
    """`/end_session`: sign out, and go back only to an address registered for the client that asks."""
    session = current_session(tenant, request)
    if session is not None:
        tenant.end_session(session)
    return forget_session(tenant, _afterwards(tenant, request))


def _afterwards(tenant: Tenant, request: Request) -> Response:
    target = request.values.get("post_logout_redirect_uri")
    client = _find_client(tenant, request)
    if target is None or client is None:
        return message_page("Signed out", f"You are signed out of {tenant.title}.", status=200)
    if target not in client.post_logout_redirect_uris:
        return message_page("Signed out", "The address to go back to is not registered, so you stay here.")
    state = request.values.get("state")
    return redirect(f"{target}?{urlencode({'state': state})}" if state is not None else target)


def _find_client(tenant: Tenant, request: Request) -> OIDCClient | None:
    hint = request.values.get("id_token_hint")
    client_id = request.values.get("client_id") if hint is None else _audience_of(tenant, hint)
    return tenant.clients.get(client_id or "")


def _audience_of(tenant: Tenant, id_token: str) -> str | None:
    """The audience of one of our own ID tokens, expired or not; None for anything else."""
    for key in tenant.oidc_keys:
        try:
            token = jws.deserialize_compact(id_token, key.as_joserfc_key(), algorithms=[key.algorithm])
        except (JoseError, ValueError):
            continue
        audience = json.loads(token.payload).get("aud")
        return audience if isinstance(audience, str) else None
    return None
