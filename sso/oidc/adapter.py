"""OpenID Connect behind the seam of `sso.protocols`: the authorization request, and the answer to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import QueryDict
from django.utils import timezone
from mozilla_django_oidc.utils import generate_code_challenge

from hubsso.crypto import random_token
from sso.errors import LoginCancelled, SilentLoginFailed, SSOError
from sso.models import LoginAttempt, LogoutAttempt, Revision, SSOSession
from sso.oidc import claims, logout
from sso.oidc.addresses import absolute_url
from sso.oidc.client import RevisionBackend
from sso.oidc.discovery import ProviderMetadata, provider_metadata
from sso.oidc.errors import AnswerMalformed, IdPError, IssuerParameterMismatch, shown
from sso.oidc.forms import OIDCDraftForm
from sso.protocols import BrowserRequest, CopyValue, ShownCertificate
from sso.types import IdentityAssertion, Purpose

SCOPES = "openid email profile"

# What an OP answers to `prompt=none` when it would have to show the person something (Core 3.1.2.6).
_INTERACTION_ERRORS = frozenset(
    {"login_required", "interaction_required", "consent_required", "account_selection_required"}
)


class OIDCAdapter:
    """The `ProtocolAdapter` of OpenID Connect: the code flow with PKCE, state and nonce."""

    def draft_form(self, data: Any = None, *, base: Revision | None) -> OIDCDraftForm:
        return OIDCDraftForm(data, base=base)

    def shown_certificates(self, revision: Revision, *, now: datetime) -> list[ShownCertificate]:
        return []

    def begin(self, attempt: LoginAttempt, revision: Revision) -> BrowserRequest:
        """Give the attempt its nonce and PKCE verifier, and make the authorization request (Core 3.1.2.1)."""
        metadata = provider_metadata(revision.issuer, now=timezone.now())
        attempt.nonce = random_token()
        attempt.code_verifier = random_token()  # 43 characters, the least that RFC 7636, 4.1, allows
        parameters = _authorization_parameters(attempt, revision)
        return BrowserRequest(url=_with_query(metadata.authorization_endpoint, parameters))

    def prepare(self, revision: Revision, *, now: datetime) -> None:
        """Nothing: the OP's metadata and keys are fetched when a login needs them."""

    def may_offer_logout(self, revision: Revision) -> bool:
        return logout.may_be_offered(revision)

    def begin_logout(self, attempt: LogoutAttempt, session: SSOSession) -> BrowserRequest | None:
        return logout.logout_request(attempt, session, now=timezone.now())

    def refresh(self, revision: Revision, *, now: datetime) -> None:
        """Nothing: discovery and keys are fetched when a login needs them."""

    def values_for_idp(self, connection_uid: str) -> list[CopyValue]:
        return [
            CopyValue("Callback URL (redirect URI)", callback_url(connection_uid)),
            CopyValue("Initiate login URI", absolute_url("sso:oidc_initiate", connection_uid)),
            CopyValue("Post-logout redirect URI", logout.signed_out_url(connection_uid)),
            CopyValue("Back-channel logout URI", absolute_url("sso:oidc_backchannel_logout", connection_uid)),
            CopyValue(
                "Front-channel logout URI", absolute_url("sso:oidc_frontchannel_logout", connection_uid)
            ),
        ]


@dataclass(frozen=True, slots=True)
class AuthorizationAnswer:
    """What the OP sent back through the browser (Core 3.1.2.5 and 3.1.2.6; RFC 9207 for `iss`)."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    error: str
    issuer: str | None

    @classmethod
    def parse(cls, parameters: QueryDict) -> "AuthorizationAnswer":
        """Raises AnswerMalformed for a parameter that is there twice (RFC 6749, 3.1)."""
        for name in ("state", "code", "error", "iss"):
            if len(parameters.getlist(name)) > 1:
                raise AnswerMalformed(f"The IdP's answer holds {name} more than once.")
        return cls(
            state=parameters.get("state", ""),
            code=parameters.get("code", ""),
            error=parameters.get("error", ""),
            issuer=parameters.get("iss"),
        )


def assertion_from(answer: AuthorizationAnswer, *, attempt: LoginAttempt, now: datetime) -> IdentityAssertion:
    """Redeem the answer to an attempt that was taken. Raises an SSOError with the check that failed."""
    revision = attempt.revision
    metadata = provider_metadata(revision.issuer, now=now)
    _check_issuer_parameter(answer, metadata)
    if answer.error:
        raise _refusal_of(answer, attempt)
    if not answer.code:
        raise AnswerMalformed("The IdP's answer holds neither a code nor an error.")
    backend = RevisionBackend(revision, metadata, redirect_uri=callback_url(attempt.connection.uid), now=now)
    verified, userinfo = backend.redeem(
        code=answer.code, code_verifier=attempt.code_verifier, nonce=attempt.nonce
    )
    return claims.assertion_from(verified, userinfo, revision=revision)


def callback_url(connection_uid: object) -> str:
    """The redirect URI. The same in both requests, and never made from a request's Host."""
    return absolute_url("sso:oidc_callback", connection_uid)


def _authorization_parameters(attempt: LoginAttempt, revision: Revision) -> dict[str, str]:
    parameters = {
        "response_type": "code",
        "client_id": revision.client_id,
        "redirect_uri": callback_url(revision.connection.uid),
        "scope": SCOPES,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": generate_code_challenge(attempt.code_verifier, "S256"),
        "code_challenge_method": "S256",
    }
    if (
        attempt.purpose != Purpose.JOIN
    ):  # an organisation learns the address of its members, not of its visitors
        parameters["login_hint"] = attempt.user.email
    if revision.max_age_seconds is not None:
        parameters["max_age"] = str(revision.max_age_seconds)
    if attempt.is_silent:
        parameters["prompt"] = "none"
    return parameters


def _with_query(url: str, parameters: Mapping[str, str]) -> str:
    """The endpoint with our parameters after those it has of its own (RFC 6749, 3.1)."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query, fragment=""))


def _check_issuer_parameter(answer: AuthorizationAnswer, metadata: ProviderMetadata) -> None:
    """RFC 9207, 2.4: compared exactly when there, and there when the OP announces it.

    An error lets nobody in, and some OPs that announce the parameter leave it out there: it may be missing.
    """
    if answer.issuer is None and (answer.error or not metadata.sends_iss_parameter):
        return
    if answer.issuer != metadata.issuer:
        came = "without iss" if answer.issuer is None else f"with iss {shown(answer.issuer)}"
        raise IssuerParameterMismatch(f"The IdP's answer came {came}, expected {shown(metadata.issuer)}.")


def _refusal_of(answer: AuthorizationAnswer, attempt: LoginAttempt) -> SSOError:
    if attempt.is_silent and answer.error in _INTERACTION_ERRORS:
        return SilentLoginFailed(f"The IdP would have to ask the person: {answer.error}.")
    if answer.error == "access_denied":
        return LoginCancelled("The person, or the IdP for them, broke the login off (access_denied).")
    return IdPError(f"The IdP answered with the error {shown(answer.error)}.", idp_error=shown(answer.error))
