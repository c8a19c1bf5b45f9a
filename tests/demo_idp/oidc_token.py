"""The token endpoint: a code, once, for an access token and an ID token (OpenID Connect Core 1.0, 3.1.3)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import unquote_plus

from werkzeug.wrappers import Request, Response

from tests.demo_idp.claims import oidc_claims
from tests.demo_idp.config import CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, OIDCClient
from tests.demo_idp.faults import TOKEN_FAULTS, OIDCFault
from tests.demo_idp.oidc_authorize import Grant
from tests.demo_idp.oidc_discovery import html_instead, json_response, server_error
from tests.demo_idp.oidc_faults import id_token_with_faults
from tests.demo_idp.oidc_tokens import IDTokenBuilder
from tests.demo_idp.tenant import Tenant

ACCESS_TOKEN_SECONDS = 300


class TokenError(Exception):
    """The request is refused; `code` is the OAuth error (RFC 6749, 5.2)."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code, self.description, self.status = code, description, status

    def as_response(self) -> Response:
        response = json_response({"error": self.code, "error_description": self.description}, self.status)
        if self.status == 401:
            response.headers["WWW-Authenticate"] = 'Basic realm="demo IdP"'
        return response


@dataclass(frozen=True)
class Credentials:
    """What a client brought, and by which method."""

    client_id: str
    client_secret: str
    method: str


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
        client = _authenticate(tenant, request)
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


def read_credentials(request: Request) -> Credentials | None:
    """The client's credentials, from the Basic header (form-encoded, RFC 6749, 2.3.1) or from the body."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return Credentials(unquote_plus(client_id), unquote_plus(secret), CLIENT_SECRET_BASIC)
    if "client_secret" in request.form:
        return Credentials(
            request.form.get("client_id", ""), request.form["client_secret"], CLIENT_SECRET_POST
        )
    return None


def _authenticate(tenant: Tenant, request: Request) -> OIDCClient:
    credentials = read_credentials(request)
    if credentials is None:
        raise TokenError("invalid_client", "no usable client credentials", 401)
    if credentials.method == CLIENT_SECRET_BASIC and "client_secret" in request.form:
        raise TokenError("invalid_request", "one way of client authentication only")
    client = tenant.clients.get(credentials.client_id)
    if client is None or not hmac.compare_digest(
        client.client_secret.encode(), credentials.client_secret.encode()
    ):
        raise TokenError("invalid_client", "wrong client_id or client_secret", 401)
    if credentials.method not in client.auth_methods:
        raise TokenError("invalid_client", f"this client is not registered for {credentials.method}", 401)
    return client


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
