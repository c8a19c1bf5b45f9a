"""How clients prove themselves at the token and PAR endpoints (OpenID Connect Core 1.0, 9; RFC 6749; RFC 7523)."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from werkzeug.wrappers import Request, Response

from tests.demo_idp.config import CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, PRIVATE_KEY_JWT, OIDCClient
from tests.demo_idp.oidc_discovery import json_response
from tests.demo_idp.tenant import Tenant

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ["RS256", "PS256", "ES256"]
MAX_ASSERTION_SECONDS = 300
FETCH_SECONDS = 5


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
    """What a client brought, and by which method: a secret, or an assertion that it signed."""

    client_id: str
    proof: str
    method: str


def authenticate(tenant: Tenant, request: Request) -> OIDCClient:
    """The client that asks. Raises TokenError."""
    credentials = read_credentials(request)
    if credentials is None:
        raise TokenError("invalid_client", "no usable client credentials", 401)
    if credentials.method != CLIENT_SECRET_POST and "client_secret" in request.form:
        raise TokenError("invalid_request", "one way of client authentication only")
    client = tenant.clients.get(credentials.client_id)
    if client is None:
        raise TokenError("invalid_client", "wrong client_id or client_secret", 401)
    if credentials.method not in client.auth_methods:
        raise TokenError("invalid_client", f"this client is not registered for {credentials.method}", 401)
    if credentials.method == PRIVATE_KEY_JWT:
        _check_assertion(tenant, client, credentials.proof, audience=request.base_url)
    elif not hmac.compare_digest(client.client_secret.encode(), credentials.proof.encode()):
        raise TokenError("invalid_client", "wrong client_id or client_secret", 401)
    return client


def read_credentials(request: Request) -> Credentials | None:
    """The client's credentials, from the Basic header (form-encoded, RFC 6749, 2.3.1) or from the body."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return Credentials(unquote_plus(client_id), unquote_plus(secret), CLIENT_SECRET_BASIC)
    client_id = request.form.get("client_id", "")
    if request.form.get("client_assertion_type") == ASSERTION_TYPE:
        return Credentials(client_id, request.form.get("client_assertion", ""), PRIVATE_KEY_JWT)
    if "client_secret" in request.form:
        return Credentials(client_id, request.form["client_secret"], CLIENT_SECRET_POST)
    return None


def _check_assertion(tenant: Tenant, client: OIDCClient, assertion: str, *, audience: str) -> None:
    """RFC 7523, 3: signed by the client's key, for this endpoint, fresh, and never seen before."""
    try:
        token = jwt.decode(assertion, _keys_of(client), algorithms=ASSERTION_ALGORITHMS)
    except (JoseError, ValueError) as error:
        raise TokenError("invalid_client", "the client assertion's signature does not fit", 401) from error
    claims: dict[str, Any] = token.claims
    now = tenant.clock().timestamp()
    problems = (
        (claims.get("iss") != client.client_id or claims.get("sub") != client.client_id, "iss or sub"),
        (claims.get("aud") not in (audience, [audience]), "aud"),
        (not now < claims.get("exp", 0) <= now + MAX_ASSERTION_SECONDS, "exp"),
        (not claims.get("jti") or claims["jti"] in tenant.used_assertions, "jti"),
        (not token.header.get("kid"), "kid"),
    )
    for applies, what in problems:
        if applies:
            raise TokenError("invalid_client", f"the client assertion's {what} is wrong", 401)
    tenant.used_assertions.append(claims["jti"])


def _keys_of(client: OIDCClient) -> KeySet:
    if client.jwks is not None:
        return KeySet.import_key_set(dict(client.jwks))  # type: ignore[arg-type]
    if client.jwks_uri is None:
        raise TokenError("invalid_client", "no keys are registered for this client", 401)
    try:
        response = requests.get(client.jwks_uri, timeout=FETCH_SECONDS)
        response.raise_for_status()
        return KeySet.import_key_set(response.json())
    except requests.RequestException as error:
        raise TokenError("invalid_client", "the client's keys can't be fetched", 401) from error
