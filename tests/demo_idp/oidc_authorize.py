"""The authorization endpoint: code flow with PKCE (OpenID Connect Core 1.0, 3.1.2; RFC 7636; RFC 9207)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from tests.demo_idp.config import OIDCClient
from tests.demo_idp.faults import OIDC_LOGIN_FAULTS, Fault, OIDCFault
from tests.demo_idp.login import Refusal, begin_login
from tests.demo_idp.oidc_faults import ANOTHER_ISSUER
from tests.demo_idp.oidc_pushed import pushed_parameters
from tests.demo_idp.pages import message_page, origin_of, post_form_page, redirect
from tests.demo_idp.tenant import IdPSession, Tenant

CODE_SECONDS = 60
RESPONSE_MODES = frozenset({"query", "form_post"})


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a code stands for: this person, for this client, at this redirect URI, once."""

    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    nonce: str | None
    code_challenge: str | None
    session: IdPSession
    expires_at: datetime
    faults: frozenset[Fault] = frozenset()
    id_token_overrides: Mapping[str, Any] = field(default_factory=dict)
    userinfo_overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OIDCLogin:
    """An authorization request that is in order and awaits a person: a `PendingLogin`."""

    client: OIDCClient
    redirect_uri: str
    response_mode: str
    state: str | None
    nonce: str | None
    scopes: frozenset[str]
    prompts: frozenset[str]
    code_challenge: str | None
    max_age_seconds: int | None
    login_hint: str | None

    @property
    def requester(self) -> str:
        return self.client.title or self.client.client_id

    @property
    def return_origin(self) -> str:
        return origin_of(self.redirect_uri)

    @property
    def is_passive(self) -> bool:
        return "none" in self.prompts

    @property
    def is_forced(self) -> bool:
        return bool(self.prompts & {"login", "select_account"})

    @property
    def protocol(self) -> str:
        return "oidc"

    def unfit_faults(self, tenant: Tenant) -> frozenset[Fault]:
        return frozenset()

    def answer(self, tenant: Tenant, session: IdPSession, faults: frozenset[Fault]) -> Response:
        """Send a code back."""
        overrides = tenant.take_overrides()
        faults = faults | tenant.faults.take(OIDC_LOGIN_FAULTS)
        code = secrets.token_urlsafe(32)
        session.client_ids.add(self.client.client_id)
        tenant.grants[code] = Grant(
            client_id=self.client.client_id,
            redirect_uri=self.redirect_uri,
            scopes=self.scopes,
            nonce=self.nonce,
            code_challenge=self.code_challenge,
            session=session,
            expires_at=tenant.clock() + timedelta(seconds=CODE_SECONDS),
            faults=faults,
            id_token_overrides=overrides.id_token,
        )
        return self._respond({"code": code, **_issuer_parameter(tenant, faults)})

    def refuse(self, tenant: Tenant, refusal: Refusal) -> Response:
        """Send `login_required` or `access_denied` back."""
        error = "login_required" if refusal is Refusal.LOGIN_REQUIRED else "access_denied"
        return self.send_error(tenant, error)

    def send_error(self, tenant: Tenant, error: str, description: str = "") -> Response:
        """Send an error back (RFC 6749, 4.1.2.1)."""
        parameters = {"error": error, "error_description": description} if description else {"error": error}
        return self._respond({**parameters, **_issuer_parameter(tenant, frozenset())})

    def _respond(self, parameters: dict[str, str]) -> Response:
        if self.state is not None:
            parameters["state"] = self.state
        if self.response_mode == "form_post":
            return post_form_page(self.redirect_uri, parameters, self.requester)
        separator = "&" if urlsplit(self.redirect_uri).query else "?"
        return redirect(f"{self.redirect_uri}{separator}{urlencode(parameters)}")


def authorize(tenant: Tenant, request: Request) -> Response:
    """`/authorize`, by GET or POST."""
    parameters = pushed_parameters(tenant, request.values)
    if parameters is None:
        return message_page(
            "Unknown request", "Push the authorization request first; a reference works once."
        )
    client = tenant.clients.get(parameters.get("client_id", ""))
    if client is None:
        return message_page("Unknown client", "No client with this client_id is registered here.")
    redirect_uri = parameters.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        return message_page("Wrong redirect URI", "The redirect_uri is not registered for this client.")
    login = OIDCLogin(
        client=client,
        redirect_uri=redirect_uri,
        response_mode=parameters.get("response_mode", "query"),
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        scopes=frozenset(parameters.get("scope", "").split()),
        prompts=frozenset(parameters.get("prompt", "").split()),
        code_challenge=parameters.get("code_challenge"),
        max_age_seconds=parameters.get("max_age", type=int),
        login_hint=parameters.get("login_hint"),
    )
    problem = _find_problem(login, parameters)
    if problem is not None:
        return login.send_error(tenant, *problem)
    return begin_login(tenant, request, login)


def _find_problem(login: OIDCLogin, parameters: Mapping[str, str]) -> tuple[str, str] | None:
    """The OAuth error and its description, if the request cannot be served."""
    challenged = login.code_challenge is not None
    problems = (
        ("request" in parameters, "request_not_supported", "request objects are not supported"),
        ("request_uri" in parameters, "request_uri_not_supported", "request objects are not supported"),
        (parameters.get("response_type") != "code", "unsupported_response_type", "only code is supported"),
        (login.response_mode not in RESPONSE_MODES, "invalid_request", "unknown response_mode"),
        ("openid" not in login.scopes, "invalid_scope", "the openid scope is missing"),
        (
            challenged and parameters.get("code_challenge_method") != "S256",
            "invalid_request",
            "code_challenge_method must be S256",
        ),
        (not challenged and login.client.require_pkce, "invalid_request", "code_challenge is missing"),
        (
            login.is_passive and len(login.prompts) > 1,
            "invalid_request",
            "prompt=none goes with no other prompt",
        ),
    )
    return next(((error, text) for applies, error, text in problems if applies), None)


def _issuer_parameter(tenant: Tenant, faults: frozenset[Fault]) -> dict[str, str]:
    if OIDCFault.MISSING_ISS_PARAMETER in faults:
        return {}
    return {"iss": ANOTHER_ISSUER if OIDCFault.WRONG_ISS_PARAMETER in faults else tenant.issuer}
