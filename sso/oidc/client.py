"""The RP for one revision: redeems a code and asks userinfo, on mozilla-django-oidc's backend.

The library's backend is configured by process-wide settings, fetches with `requests`, and checks neither `iss`
nor `aud`. Here its `get_settings` answers from the revision and never from Django's settings, and its steps
(`get_token`, `verify_token`, `retrieve_matching_jwk`, `get_userinfo`) go through `transport`, `id_token` and
`jwks`. Its part that finds and creates users is closed: who an assertion is, `sso.linking` says.
"""

import re
from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus
from typing import Any, NoReturn

import jwt
from django.core.exceptions import ImproperlyConfigured
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from hubsso.net import FetchedResponse
from sso.models import Revision
from sso.oidc import jwks, transport
from sso.oidc.client_authentication import client_secret, post_as_client
from sso.oidc.discovery import ProviderMetadata
from sso.oidc.errors import IdPUnreachable, TokenInvalid, TokenRefused
from sso.oidc.id_token import ExpectedIDToken, UnverifiedIDToken, VerifiedClaims, check_id_token
from sso.oidc.jws import ALLOWED_ALGORITHMS
from sso.oidc.userinfo import fetch_userinfo

MAX_ACCESS_TOKEN_LENGTH = 100_000

_TOKEN_REFUSALS = transport.Refusals(
    "The token endpoint's answer", unreachable=IdPUnreachable, invalid=TokenInvalid
)

_TOKEN_ERROR_HINTS = {
    "invalid_client": " Compare the client ID, and the client secret or our JWKS URL, with those at the IdP.",
    "unauthorized_client": " Allow the authorization code grant for this client at the IdP.",
    "invalid_grant": " The code was used before or expired, or the callback URL at the IdP differs.",
}
_BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")  # RFC 6750, 2.1


class RevisionBackend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """mozilla-django-oidc's steps for one revision and one login. `now` is the time of the callback."""

    def __init__(
        self, revision: Revision, metadata: ProviderMetadata, *, redirect_uri: str, now: datetime
    ) -> None:
        self.revision = revision
        self.metadata = metadata
        self.redirect_uri = redirect_uri
        self.now = now
        self._settings = _settings_of(revision, metadata)
        super().__init__()

    def get_settings(self, attr: str, *args: Any) -> Any:
        """The library's settings seam: the revision's own values, else the library's default; never Django's."""
        if attr in self._settings:
            return self._settings[attr]
        if args:
            return args[0]
        raise ImproperlyConfigured(f"{attr} is not set for a revision")

    def redeem(
        self, *, code: str, code_verifier: str, nonce: str
    ) -> tuple[VerifiedClaims, dict[str, Any] | None]:
        """Exchange the code, check the ID token, ask userinfo: (claims, userinfo). Raises an SSOError."""
        answer = self.get_token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": code_verifier,
            }
        )
        access_token = answer["access_token"]
        verified = self.verify_token(answer.get("id_token"), nonce=nonce, access_token=access_token)
        return verified, self.get_userinfo(access_token, None, verified)

    def get_token(self, payload: dict[str, str]) -> dict[str, Any]:
        """The token endpoint's answer (RFC 6749, 4.1.3 to 5.2)."""
        response = post_as_client(
            self.OIDC_OP_TOKEN_ENDPOINT,
            payload,
            _TOKEN_REFUSALS,
            revision=self.revision,
            metadata=self.metadata,
            now=self.now,
        )
        if response.status != HTTPStatus.OK:
            raise _token_refusal(response)
        answer = transport.object_in(response, _TOKEN_REFUSALS)
        if not _has_bearer_token(answer):
            raise TokenInvalid("The token endpoint's answer holds no bearer access token.")
        return answer

    def verify_token(self, token: object, *, nonce: str, access_token: str) -> VerifiedClaims:
        """Every check of `id_token`, with a key from the OP's JWKS. Raises a subclass of IDTokenRejected."""
        unverified = UnverifiedIDToken.parse(token, allowed=self._algorithms)
        expected = ExpectedIDToken(
            issuer=self.revision.issuer,
            client_id=self.revision.client_id,
            nonce=nonce,
            access_token=access_token,
            max_age_seconds=self.revision.max_age_seconds,
        )
        return check_id_token(
            unverified, keys=self.retrieve_matching_jwk(unverified), expected=expected, now=self.now
        )

    def retrieve_matching_jwk(self, token: UnverifiedIDToken) -> list[jwt.PyJWK]:
        """The keys that may have signed the token."""
        return jwks.keys_for(token, metadata=self.metadata, now=self.now)

    def get_userinfo(self, access_token: str, id_token: object, payload: object) -> dict[str, Any] | None:
        """Userinfo, None from an OP without the endpoint. Its `sub` is for `claims` to compare."""
        if not self.OIDC_OP_USER_ENDPOINT:
            return None
        return fetch_userinfo(
            access_token,
            metadata=self.metadata,
            client_id=self.revision.client_id,
            algorithms=self._algorithms,
            now=self.now,
        )

    @property
    def _algorithms(self) -> Collection[str]:
        return self.revision.signing_algorithms or ALLOWED_ALGORITHMS

    def authenticate(self, request: object, **kwargs: object) -> NoReturn:
        """Closed: an assertion never signs anybody in at the portal."""
        raise NotImplementedError("SSO signs nobody in at the portal")

    def get_or_create_user(self, access_token: str, id_token: str, payload: object) -> NoReturn:
        """Closed: an assertion never finds or makes an account."""
        raise NotImplementedError("sso.linking decides who an assertion is")


def _settings_of(revision: Revision, metadata: ProviderMetadata) -> dict[str, Any]:
    return {
        "OIDC_OP_TOKEN_ENDPOINT": metadata.token_endpoint,
        "OIDC_OP_USER_ENDPOINT": metadata.userinfo_endpoint,
        "OIDC_OP_JWKS_ENDPOINT": metadata.jwks_uri,
        "OIDC_RP_CLIENT_ID": revision.client_id,
        "OIDC_RP_CLIENT_SECRET": client_secret(revision),
        "OIDC_RP_SIGN_ALGO": "RS256",  # read by the library's constructor only; `id_token` has the allow-list
        "OIDC_CREATE_USER": False,
    }


def _token_refusal(response: FetchedResponse) -> TokenRefused:
    error = transport.error_code(response)
    return TokenRefused(
        f"The token endpoint refused the code with status {response.status}, {error}."
        + _TOKEN_ERROR_HINTS.get(error, ""),
        status=response.status,
        idp_error=error,
    )


def _has_bearer_token(answer: dict[str, Any]) -> bool:
    token, kind = answer.get("access_token"), answer.get("token_type", "bearer")
    return (
        isinstance(token, str)
        and len(token) <= MAX_ACCESS_TOKEN_LENGTH
        and _BEARER_TOKEN.match(token) is not None
        and isinstance(kind, str)
        and kind.lower() == "bearer"
    )
