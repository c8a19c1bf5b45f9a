"""OpenID Connect behind the seam of `sso.protocols`: above all the authorization request. Answers: `answers`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.utils import timezone
from django.utils.translation import gettext
from mozilla_django_oidc.utils import generate_code_challenge

from hubsso.crypto import random_token
from sso.explaining.codes import CodeGuide
from sso.key_pairs import ensure_key_pair
from sso.models import LoginAttempt, LogoutAttempt, Revision, SSOSession
from sso.oidc import claims, logout
from sso.oidc.addresses import absolute_url, callback_url
from sso.oidc.checked import checked
from sso.oidc.client_authentication import usable_methods
from sso.oidc.code_guide import CODE_GUIDE
from sso.oidc.discovery import provider_metadata
from sso.oidc.forms import SCOPES, OIDCDraftForm
from sso.oidc.issuer_entered import offered_after
from sso.oidc.login_checks import LOGIN_CHECKS
from sso.oidc.pushed import push
from sso.oidc.understood import described
from sso.operating.findings import Finding
from sso.protocols import BrowserRequest, CopyValue
from sso.revisions.corrections import Offer
from sso.revisions.login_checks import LoginCheck
from sso.revisions.received_claims import ReceivedClaim
from sso.revisions.understood import FactSection, ShownCertificate
from sso.types import ClientAuthentication, IdentityAssertion, Purpose, ResponseMode, SessionLimit


class OIDCAdapter:
    """The `ProtocolAdapter` of OpenID Connect: the code flow with PKCE, state and nonce."""

    pins_certificates = False

    @property
    def issuer_label(self) -> str:
        return gettext("Issuer")

    def draft_form(
        self, data: Any = None, files: Any = None, *, base: Revision | None, place: str = ""
    ) -> OIDCDraftForm:
        return OIDCDraftForm(data, files, base=base, place=place)

    def described(self, revision: Revision, *, now: datetime) -> FactSection:
        return FactSection("", described(revision, has_secret=bool(revision.client_secret_sealed)))

    def shown_certificates(self, revision: Revision, *, now: datetime) -> list[ShownCertificate]:
        return []

    def begin(self, attempt: LoginAttempt, revision: Revision) -> BrowserRequest:
        """Give the attempt its nonce and PKCE verifier, and make the authorization request (Core 3.1.2.1)."""
        now = timezone.now()
        metadata = provider_metadata(revision.issuer, now=now)
        usable_methods(revision.client_authentication, metadata)  # else the person would go there for nothing
        attempt.nonce = random_token()
        attempt.code_verifier = random_token()  # 43 characters, the least that RFC 7636, 4.1, allows
        parameters = _authorization_parameters(attempt, revision)
        if metadata.pushed_request_endpoint:
            parameters = push(parameters, revision=revision, metadata=metadata, now=now)
        return BrowserRequest(url=_with_query(metadata.authorization_endpoint, parameters))

    def prepare(self, revision: Revision, *, now: datetime) -> None:
        """A key pair for the connection that is to sign its client assertions and has none."""
        if revision.client_authentication == ClientAuthentication.PRIVATE_KEY_JWT:
            ensure_key_pair(revision.connection, now=now)

    def may_offer_logout(self, revision: Revision) -> bool:
        return logout.may_be_offered(revision)

    def begin_logout(self, attempt: LogoutAttempt, session: SSOSession) -> BrowserRequest | None:
        return logout.logout_request(attempt, session, now=timezone.now())

    def refresh(self, revision: Revision, *, now: datetime) -> None:
        """Nothing: discovery and keys are fetched when a login needs them."""

    def checked(self, revision: Revision, *, now: datetime) -> Iterator[Finding]:
        return checked(revision, now=now)

    def values_for_idp(self, connection_uid: str) -> list[CopyValue]:
        return [
            CopyValue("callback_url", gettext("Callback URL (redirect URI)"), callback_url(connection_uid)),
            CopyValue(
                "jwks_url",
                gettext("JWKS URL (for private_key_jwt)"),
                absolute_url("sso:oidc_jwks", connection_uid),
            ),
            CopyValue(
                "initiate_url",
                gettext("Initiate login URI"),
                absolute_url("sso:oidc_initiate", connection_uid),
            ),
            CopyValue(
                "signed_out_url", gettext("Post-logout redirect URI"), logout.signed_out_url(connection_uid)
            ),
            CopyValue(
                "backchannel_logout_url",
                gettext("Back-channel logout URI"),
                absolute_url("sso:oidc_backchannel_logout", connection_uid),
            ),
            CopyValue(
                "frontchannel_logout_url",
                gettext("Front-channel logout URI"),
                absolute_url("sso:oidc_frontchannel_logout", connection_uid),
            ),
        ]

    def code_guide(self) -> CodeGuide:
        return CODE_GUIDE

    def login_checks(self) -> Sequence[LoginCheck]:
        return LOGIN_CHECKS

    def offered_after(self, revision: Revision, fields: Mapping[str, Any]) -> Offer | None:
        return offered_after(fields, entered=revision.issuer)

    def session_limits(self) -> Sequence[SessionLimit]:
        return (SessionLimit.OIDC_MAX_AGE, SessionLimit.OIDC_ID_TOKEN_EXP)

    def received_claims(self, assertion: IdentityAssertion, revision: Revision) -> list[ReceivedClaim]:
        return claims.received_claims(assertion)


def _authorization_parameters(attempt: LoginAttempt, revision: Revision) -> dict[str, str]:
    parameters = {
        "response_type": "code",
        "client_id": revision.client_id,
        "redirect_uri": callback_url(revision.connection.uid),
        "scope": " ".join([*SCOPES, *revision.more_scopes.split()]),
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": generate_code_challenge(attempt.code_verifier, "S256"),
        "code_challenge_method": "S256",
    }
    if (
        attempt.purpose != Purpose.JOIN
    ):  # an organisation learns the address of its members, not of its visitors
        parameters["login_hint"] = attempt.user.email
    if revision.response_mode == ResponseMode.FORM_POST:
        parameters["response_mode"] = "form_post"
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
