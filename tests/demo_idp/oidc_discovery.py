"""What the OP says of itself: the discovery document and its keys (OpenID Connect Discovery 1.0)."""

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.demo_idp.config import AUTH_METHODS, SECRET_METHODS
from tests.demo_idp.faults import DISCOVERY_FAULTS, JWKS_FAULTS, OIDCFault
from tests.demo_idp.oidc_tokens import with_changes
from tests.demo_idp.tenant import Tenant

HUGE_BODY_BYTES = 10 * 1024 * 1024


def discovery(tenant: Tenant, request: Request) -> Response:
    """`/.well-known/openid-configuration`"""
    faults = tenant.faults.take(DISCOVERY_FAULTS)
    if OIDCFault.HANG_DISCOVERY in faults:
        tenant.hang()
    if OIDCFault.DISCOVERY_500 in faults:
        return server_error()
    if OIDCFault.DISCOVERY_HTML in faults:
        return html_instead()
    document = discovery_document(tenant)
    if OIDCFault.DISCOVERY_WRONG_ISSUER in faults:
        document["issuer"] = "https://another-issuer.example"
    return json_response(with_changes(document, tenant.discovery_changes))


def discovery_document(tenant: Tenant) -> dict[str, Any]:
    """The discovery document, as an honest OP gives it."""
    document: dict[str, Any] = {
        "issuer": tenant.issuer,
        "authorization_endpoint": f"{tenant.url}/authorize",
        "token_endpoint": f"{tenant.url}/token",
        "userinfo_endpoint": f"{tenant.url}/userinfo",
        "end_session_endpoint": f"{tenant.url}/end_session",
        "jwks_uri": f"{tenant.url}/jwks.json",
        "scopes_supported": ["openid", "email", "profile", "groups"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [tenant.config.oidc_algorithm],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login"],
        "claims_supported": ["sub", "name", "email", "email_verified", "groups", "auth_time", "sid"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }
    if tenant.config.par != "off":
        document["pushed_authorization_request_endpoint"] = f"{tenant.url}/par"
        document["require_pushed_authorization_requests"] = tenant.config.par == "required"
    methods = _announced_auth_methods(tenant)
    if methods:
        document["token_endpoint_auth_methods_supported"] = methods
    return document


def jwks(tenant: Tenant, request: Request) -> Response:
    """`/jwks.json`"""
    faults = tenant.faults.take(JWKS_FAULTS)
    if OIDCFault.HANG_JWKS in faults:
        tenant.hang()
    document: dict[str, Any] = {"keys": [key.as_public_jwk() for key in tenant.oidc_keys]}
    if OIDCFault.HUGE_JWKS in faults:
        document["padding"] = "x" * HUGE_BODY_BYTES
    return json_response(document)


def _announced_auth_methods(tenant: Tenant) -> list[str]:
    if tenant.config.announced_auth_methods is not None:
        return list(tenant.config.announced_auth_methods)
    registered = {method for client in tenant.clients.values() for method in client.auth_methods}
    return [method for method in AUTH_METHODS if method in (registered or SECRET_METHODS)]


def json_response(document: Mapping[str, Any], status: int = 200) -> Response:
    return Response(
        json.dumps(document), status, mimetype="application/json", headers={"Cache-Control": "no-store"}
    )


def server_error() -> Response:
    """The answer of a server that is broken."""
    return Response("Internal Server Error", 500, mimetype="text/plain")


def html_instead() -> Response:
    """The answer of a proxy, a login wall or a wrong address: HTML where JSON was asked for."""
    return Response("<!doctype html><title>Welcome</title><h1>It works!</h1>", mimetype="text/html")
