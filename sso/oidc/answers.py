"""The OP's answer to an authorization request: read from the address or from a form, and redeemed.

By default it comes as parameters of the address. Where the revision asks for it, a page of the OP's posts a form
(OAuth 2.0 Form Post Response Mode): from another site, so without our cookie. Such an answer is parked with its
attempt until the browser comes for it by a GET of our own, and only then is the code redeemed.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.http import QueryDict

from hubsso.telemetry import tracing
from sso import login
from sso.errors import LoginCancelled, SilentLoginFailed, SSOError
from sso.models import Connection, LoginAttempt
from sso.oidc import claims
from sso.oidc.addresses import callback_url
from sso.oidc.client import RevisionBackend
from sso.oidc.discovery import ProviderMetadata, provider_metadata
from sso.oidc.errors import (
    AnswerMalformed,
    IdPError,
    IssuerParameterMismatch,
    ResponseModeMismatch,
    shown,
)
from sso.types import IdentityAssertion, ResponseMode

# What an OP answers to `prompt=none` when it would have to show the person something (Core 3.1.2.6).
_INTERACTION_ERRORS = frozenset(
    {"login_required", "interaction_required", "consent_required", "account_selection_required"}
)
_CAME = {ResponseMode.QUERY: "in the address (query)", ResponseMode.FORM_POST: "as a form (form_post)"}


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


def park_posted(answer: AuthorizationAnswer, *, connection: Connection, now: datetime) -> str:
    """Keep an answer that came as a form. Returns the ticket for `take_posted`.

    Raises what `login.attempt_with_state` and `login.park` raise, and ResponseModeMismatch, which uses nothing up:
    an attempt that awaits its answer in the address can't be spoiled by a form from elsewhere.
    """
    attempt = login.attempt_with_state(connection=connection, state=answer.state, now=now)
    check_mode(ResponseMode.FORM_POST, answer, attempt=attempt)
    return login.park(attempt=attempt, text=json.dumps(asdict(answer)), now=now)


def take_posted(
    *, connection: Connection, ticket: str, browser_session: str, user_id: int | None, now: datetime
) -> tuple[LoginAttempt, AuthorizationAnswer]:
    """What was parked, for the browser that began the login. Raises what `login.take_parked` raises."""
    attempt, text = login.take_parked(
        connection=connection, ticket=ticket, browser_session=browser_session, user_id=user_id, now=now
    )
    return attempt, AuthorizationAnswer(**json.loads(text))


def check_mode(came: ResponseMode, answer: AuthorizationAnswer, *, attempt: LoginAttempt) -> None:
    """The answer came in the way that was asked for. Raises ResponseModeMismatch."""
    asked = ResponseMode(attempt.revision.response_mode)
    if came != asked:
        said = f" with the error {shown(answer.error)}" if answer.error else ""
        raise ResponseModeMismatch(
            f"The IdP's answer came {_CAME[came]}{said}, but was to come {_CAME[asked]}. Choose the way that this "
            "IdP answers in, in the connection's settings.",
            idp_error=shown(answer.error) if answer.error else None,
        )


@tracing.span("sso.check_answer", protocol="oidc")
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
