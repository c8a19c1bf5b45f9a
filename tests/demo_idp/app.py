"""The WSGI application: finds the tenant and the endpoint, and writes the request log."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.demo_idp import (
    login,
    oidc_authorize,
    oidc_discovery,
    oidc_logout,
    oidc_pushed,
    oidc_token,
    oidc_userinfo,
    registration,
    saml_metadata,
    saml_slo,
    saml_sso,
)
from tests.demo_idp.pages import message_page, page, static_file
from tests.demo_idp.request_log import RequestLog, log_entry
from tests.demo_idp.tenant import Tenant

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_FORM_BYTES = 1024 * 1024

Endpoint = Callable[[Tenant, Request], Response]

COMMON_ENDPOINTS: dict[str, tuple[str, tuple[str, ...], Endpoint]] = {
    "tenant_page": ("/", ("GET",), login.tenant_page),
    "login": ("/login", ("GET", "POST"), login.login),
    "logout": ("/logout", ("POST",), login.logout),
    "register": ("/register", ("POST",), registration.register),
}
OIDC_ENDPOINTS: dict[str, tuple[str, tuple[str, ...], Endpoint]] = {
    "discovery": ("/.well-known/openid-configuration", ("GET",), oidc_discovery.discovery),
    "jwks": ("/jwks.json", ("GET",), oidc_discovery.jwks),
    "authorize": ("/authorize", ("GET", "POST"), oidc_authorize.authorize),
    "par": ("/par", ("POST",), oidc_pushed.par),
    "token": ("/token", ("POST",), oidc_token.token),
    "userinfo": ("/userinfo", ("GET", "POST"), oidc_userinfo.userinfo),
    "end_session": ("/end_session", ("GET", "POST"), oidc_logout.end_session),
}
SAML_ENDPOINTS: dict[str, tuple[str, tuple[str, ...], Endpoint]] = {
    "saml_metadata": ("/saml/metadata", ("GET",), saml_metadata.metadata),
    "saml_sso": ("/saml/sso", ("GET", "POST"), saml_sso.sso),
    "saml_slo": ("/saml/slo", ("GET", "POST"), saml_slo.slo),
    "saml_launch": ("/saml/launch", ("GET",), saml_sso.launch),
}
ENDPOINTS = {**COMMON_ENDPOINTS, **OIDC_ENDPOINTS, **SAML_ENDPOINTS}

ROUTES = Map(
    [
        Rule("/", endpoint="home", methods=["GET"]),
        Rule("/healthz", endpoint="healthz", methods=["GET"]),
        Rule("/static/<name>", endpoint="static", methods=["GET"]),
        *(
            Rule(f"/<tenant>{path}", endpoint=name, methods=methods)
            for name, (path, methods, _) in ENDPOINTS.items()
        ),
    ]
)


class DemoIdPApp:
    """All tenants behind one WSGI callable."""

    def __init__(self, tenants: Iterable[Tenant] = ()) -> None:
        self.tenants: dict[str, Tenant] = {tenant.slug: tenant for tenant in tenants}
        self.requests = RequestLog()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MAX_FORM_BYTES
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        endpoint: str | None = None
        arguments: Mapping[str, Any] = {}
        try:
            endpoint, arguments = ROUTES.bind_to_environ(request.environ).match()
            response = self._dispatch(endpoint or "", arguments, request)
        except HTTPException as error:
            response = _error_response(error)
        self.requests.add(
            log_entry(
                request,
                tenant=arguments.get("tenant"),
                endpoint=endpoint,
                status=response.status_code,
            )
        )
        return response

    def _dispatch(self, endpoint: str, arguments: Mapping[str, Any], request: Request) -> Response:
        if endpoint == "home":
            return page("home.html", tenants=list(self.tenants.values()))
        if endpoint == "healthz":
            return Response("ok\n", mimetype="text/plain")
        if endpoint == "static":
            return static_file(arguments["name"])
        tenant = self.tenants.get(arguments["tenant"])
        if tenant is None or not _is_served(endpoint, tenant):
            return message_page("Not found", "There is no such page at this IdP.", status=404)
        return ENDPOINTS[endpoint][2](tenant, request)


def _is_served(endpoint: str, tenant: Tenant) -> bool:
    """A tenant has the endpoints of its protocols only."""
    if endpoint in OIDC_ENDPOINTS:
        return "oidc" in tenant.config.protocols
    return endpoint not in SAML_ENDPOINTS or "saml" in tenant.config.protocols


def _error_response(error: HTTPException) -> Response:
    response = error.get_response()
    if isinstance(response, Response) and 300 <= response.status_code < 400:
        return response
    return message_page(error.name, error.description or error.name, status=error.code or 500)
