"""The token endpoint: a code, once, for an access token and an ID token (OpenID Connect Core 1.0, 3.1.3)."""

import base64
import hashlib
import hmac
import secrets

from werkzeug.wrappers import Request, Response

from tests.demo_idp.claims import oidc_claims
from tests.demo_idp.config import OIDCClient
from tests.demo_idp.faults import TOKEN_FAULTS, OIDCFault
from tests.demo_idp.oidc_authorize import Grant
from tests.demo_idp.oidc_clients import TokenError, authenticate
from tests.demo_idp.oidc_discovery import html_instead, json_response, server_error
from tests.demo_idp.oidc_faults import id_token_with_faults
from tests.demo_idp.oidc_tokens import IDTokenBuilder
from tests.demo_idp.tenant import Tenant

ACCESS_TOKEN_SECONDS = 300


def token(tenant: Tenant, request: Request) -> Response:
    """`/token`"""
    grant_asked_for: Grant | None = tenant.grants.get(request.form.get("code", ""))
    faults = tenant.faults.take(TOKEN_FAULTS) | (grant_asked_for.faults if grant_asked_for else frozenset())
    if OIDCFault.HANG_TOKEN in faults:
        tenant.hang()
    if OIDCFault.TOKEN_500 in faults:
        return server_error()
    if OIDCFault.TOKEN_HTML in faults:
        return html_instead()
    try:
        client = authenticate(tenant, request)
        grant = _redeem_code(tenant, client, request)
    except TokenError as error:
        return error.as_response()
    access_token = secrets.token_urlsafe(32)
    tenant.access_tokens[access_token] = grant
    tenant.id_tokens.append(_id_token(tenant, client, grant, access_token))
    return json_response(
        {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_SECONDS,
            "scope": " ".join(sorted(grant.scopes)),
            "id_token": tenant.id_tokens[-1],
        }
    )


def _redeem_code(tenant: Tenant, client: OIDCClient, request: Request) -> Grant:
    if request.form.get("grant_type") != "authorization_code":
        raise TokenError("unsupported_grant_type", "only authorization_code is supported")
    grant: Grant | None = tenant.grants.pop(request.form.get("code", ""), None)
    if grant is None or grant.expires_at < tenant.clock():
        raise TokenError("invalid_grant", "the code is unknown, used or expired")
    if grant.client_id != client.client_id:
        raise TokenError("invalid_grant", "the code was issued to another client")
    if grant.redirect_uri != request.form.get("redirect_uri"):
        raise TokenError("invalid_grant", "redirect_uri differs from the authorization request's")
    _check_code_verifier(grant, request.form.get("code_verifier"))
    return grant


def _check_code_verifier(grant: Grant, verifier: str | None) -> None:
    """PKCE, S256 (RFC 7636, 4.6). A verifier without a challenge is a downgrade (RFC 9700, 2.1.1)."""
    if grant.code_challenge is None:
        if verifier is not None:
            raise TokenError("invalid_grant", "code_verifier without a code_challenge")
        return
    digest = hashlib.sha256((verifier or "").encode()).digest()
    if not hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), grant.code_challenge):
        raise TokenError("invalid_grant", "code_verifier does not fit the code_challenge")


def _id_token(tenant: Tenant, client: OIDCClient, grant: Grant, access_token: str) -> str:
    person = tenant.people[grant.session.subject]
    builder = IDTokenBuilder.honest(
        issuer=tenant.issuer,
        subject=person.subject,
        client_id=client.client_id,
        key=tenant.oidc_key,
        now=tenant.clock(),
        nonce=grant.nonce,
        lifetime_seconds=tenant.config.id_token_seconds,
        auth_time=int(grant.session.authenticated_at.timestamp()),
        sid=grant.session.sid,
        at_hash=_left_half_hash(access_token, tenant.config.oidc_algorithm),
        **(oidc_claims(person, grant.scopes) if client.claims_in_id_token else {}),
    )
    faulty = id_token_with_faults(builder, grant.faults, tenant, client)
    return faulty.but(**grant.id_token_overrides).encode()


def _left_half_hash(value: str, algorithm: str) -> str:
    """`at_hash` (OpenID Connect Core 1.0, 3.1.3.6). For Ed25519 the hash is SHA-512."""
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
