"""The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0)."""

import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from joserfc import jws
from joserfc.errors import JoseError
from werkzeug.wrappers import Request, Response

from tests.demo_idp.config import OIDCClient
from tests.demo_idp.faults import END_SESSION_FAULTS, OIDCFault
from tests.demo_idp.login import current_session, forget_session
from tests.demo_idp.pages import frames_page, message_page, redirect
from tests.demo_idp.single_logout import end_everywhere
from tests.demo_idp.tenant import Tenant


@dataclass(frozen=True, kw_only=True)
class LogoutRequest:
    """What an RP asked for, until the person's cookie is at hand."""

    client: OIDCClient | None
    post_logout_redirect_uri: str | None
    state: str | None


def end_session(tenant: Tenant, request: Request) -> Response:
    """`/end_session`: sign out, and go back only to an address registered for the client that asks.

    A POST from another site brings no Lax cookie, so it goes on as a GET of our own, which does.
    """
    asked = tenant.pending_logouts.pop(request.args.get("pending", ""), None) or _read(tenant, request)
    if request.method == "POST":
        key = secrets.token_urlsafe(24)
        tenant.pending_logouts[key] = asked
        return redirect(f"{tenant.url}/end_session?{urlencode({'pending': key})}")
    session = current_session(tenant, request)
    frames = end_everywhere(tenant, session) if session is not None else []
    return forget_session(tenant, _afterwards(tenant, asked, frames))


def _read(tenant: Tenant, request: Request) -> LogoutRequest:
    return LogoutRequest(
        client=_find_client(tenant, request),
        post_logout_redirect_uri=request.values.get("post_logout_redirect_uri"),
        state=request.values.get("state"),
    )


def _afterwards(tenant: Tenant, asked: LogoutRequest, frames: list[str]) -> Response:
    target = asked.post_logout_redirect_uri
    if target is not None and asked.client is not None:
        if target not in asked.client.post_logout_redirect_uris:
            return message_page(
                "Signed out", "The address to go back to is not registered, so you stay here."
            )
        target = _with_state(tenant, target, asked.state)
        return frames_page(frames, target) if frames else redirect(target)
    if frames:
        return frames_page(frames, f"{tenant.url}/")
    return message_page("Signed out", f"You are signed out of {tenant.title}.", status=200)


def _with_state(tenant: Tenant, target: str, state: str | None) -> str:
    faults = tenant.faults.take(END_SESSION_FAULTS)
    if OIDCFault.LOGOUT_OTHER_STATE in faults:
        state = "another-state"
    if state is None or OIDCFault.LOGOUT_NO_STATE in faults:
        return target
    return f"{target}?{urlencode({'state': state})}"


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
