"""The userinfo endpoint (OpenID Connect Core 1.0, 5.3)."""

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.demo_idp.claims import oidc_claims
from tests.demo_idp.config import OIDCClient
from tests.demo_idp.faults import USERINFO_FAULTS, OIDCFault
from tests.demo_idp.oidc_authorize import Grant
from tests.demo_idp.oidc_discovery import json_response
from tests.demo_idp.oidc_faults import signed_userinfo_with_faults, userinfo_with_faults
from tests.demo_idp.oidc_tokens import IDTokenBuilder, with_changes
from tests.demo_idp.tenant import Tenant


def userinfo(tenant: Tenant, request: Request) -> Response:
    """`/userinfo`, with the access token in the Authorization header only."""
    kind, _, access_token = request.headers.get("Authorization", "").partition(" ")
    grant: Grant | None = tenant.access_tokens.get(access_token)
    faults = tenant.faults.take(USERINFO_FAULTS) | (grant.faults if grant else frozenset())
    if OIDCFault.HANG_USERINFO in faults:
        tenant.hang()
    if kind.lower() != "bearer" or grant is None:
        response = json_response({"error": "invalid_token"}, 401)
        response.headers["WWW-Authenticate"] = 'Bearer realm="demo IdP", error="invalid_token"'
        return response
    person = tenant.people[grant.session.subject]
    honest = {"sub": person.subject, **oidc_claims(person, grant.scopes)}
    claims = with_changes(userinfo_with_faults(honest, grant.faults), grant.userinfo_overrides)
    client = tenant.clients[grant.client_id]
    if not client.userinfo_signed:
        return json_response(claims)
    return Response(_signed(tenant, client, grant, claims), mimetype="application/jwt")


def _signed(tenant: Tenant, client: OIDCClient, grant: Grant, claims: Mapping[str, Any]) -> str:
    """OpenID Connect Core 1.0, 5.3.2: with `iss` and `aud`."""
    about = {"iss": tenant.issuer, "aud": client.client_id, "iat": int(tenant.clock().timestamp())}
    key = tenant.oidc_key
    builder = IDTokenBuilder(claims={**about, **claims}, key=key, algorithm=key.algorithm, kid=key.kid)
    return signed_userinfo_with_faults(builder, grant.faults, tenant, client)
