"""Every check of an ID token that came from the token endpoint: OpenID Connect Core 1.0 ("Core"), 3.1.3.7.

Order is kept by types: a token is an `UnverifiedIDToken` until `check_id_token` has made `VerifiedClaims` of it,
and nothing else takes its claims. Keys are chosen elsewhere (`jwks`); nothing here touches the network.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings

from sso.oidc.errors import (
    AccessTokenMismatch,
    AlgorithmNotAllowed,
    AudienceMismatch,
    AuthenticationTooOld,
    AzpMismatch,
    ClaimMalformed,
    ClaimMissing,
    IDTokenExpired,
    IDTokenMalformed,
    IDTokenNotYetValid,
    IDTokenTooOld,
    IDTokenType,
    IssuerMismatch,
    KeyUnknown,
    NonceMismatch,
    SignatureInvalid,
    shown,
)
from sso.oidc.jws import ALLOWED_ALGORITHMS, JWSRefusals, UnverifiedJWS, verified_claims
from sso.oidc.token_claims import ClaimRefusals, TokenClaims

# The hash that `at_hash` is made with (Core 3.1.3.6), for each algorithm that may sign.
_AT_HASHES: dict[str, Callable[[bytes], Any]] = {
    "RS256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "ES256": hashlib.sha256,
    "EdDSA": hashlib.sha512,  # Ed25519; no other curve is taken
}
_MEDIA_TYPES = frozenset({"", "jwt"})  # an access token's or a logout token's own would not be among them
MAX_TOKEN_AGE = timedelta(minutes=10)
MAX_SESSION_ID_LENGTH = 300
MAX_SUBJECT_LENGTH = 255  # Core 2: "It MUST NOT exceed 255 ASCII characters in length"

_WHAT = "The ID token"
REFUSALS = JWSRefusals(
    what=_WHAT,
    malformed=IDTokenMalformed,
    algorithm=AlgorithmNotAllowed,
    key_unknown=KeyUnknown,
    signature=SignatureInvalid,
)
_CLAIMS = ClaimRefusals(
    what=_WHAT,
    missing=ClaimMissing,
    malformed=ClaimMalformed,
    issuer=IssuerMismatch,
    audience=AudienceMismatch,
    authorized_party=AzpMismatch,
    expired=IDTokenExpired,
    not_yet_valid=IDTokenNotYetValid,
    too_old=IDTokenTooOld,
)

__all__ = [
    "ALLOWED_ALGORITHMS",
    "REFUSALS",
    "ExpectedIDToken",
    "UnverifiedIDToken",
    "VerifiedClaims",
    "check_id_token",
]


class UnverifiedIDToken(UnverifiedJWS):
    """An ID token of which only the header's form was looked at. Its claims are not for reading."""

    @classmethod
    def parse(cls, compact: object, *, allowed: Collection[str] = ALLOWED_ALGORITHMS) -> "UnverifiedIDToken":
        """Read the header. Raises IDTokenMalformed, AlgorithmNotAllowed or IDTokenType."""
        if not isinstance(compact, str) or not compact:
            raise IDTokenMalformed("The token endpoint's answer holds no id_token.")
        token = cls.read(compact, REFUSALS, allowed=allowed)
        if token.media_type not in _MEDIA_TYPES:
            raise IDTokenType(f"The ID token's typ is {shown(token.media_type)}, expected JWT or none.")
        return token


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedIDToken:
    """What the token has to say, from our own side of the login."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    access_token: str = field(repr=False)
    max_age_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedClaims:
    """The claims of a token that passed every check. Only `check_id_token` makes one."""

    issuer: str
    subject: str
    issued_at: datetime
    expires_at: datetime
    authenticated_at: datetime | None  # `auth_time`
    session_id: str  # `sid`, "" without
    claims: Mapping[str, Any]
    compact: str = field(repr=False)  # the token itself


def check_id_token(
    token: UnverifiedIDToken, *, keys: Iterable[jwt.PyJWK], expected: ExpectedIDToken, now: datetime
) -> VerifiedClaims:
    """Check signature and claims, with `SSO_CLOCK_SKEW_SECONDS` of leeway. Raises a subclass of IDTokenRejected."""
    claims = TokenClaims(verified_claims(token, keys), _CLAIMS)
    skew = timedelta(seconds=settings.SSO_CLOCK_SKEW_SECONDS)
    claims.check_issuer(expected.issuer)
    subject = claims.text("sub", max_length=MAX_SUBJECT_LENGTH)
    claims.check_audience(expected.client_id)
    expires_at, issued_at = claims.check_times(now=now, skew=skew, max_age=MAX_TOKEN_AGE)
    _check_nonce(claims, expected)
    authenticated_at = _check_auth_time(claims, expected, now=now, skew=skew)
    _check_at_hash(claims, expected, token.algorithm)
    return VerifiedClaims(
        issuer=expected.issuer,
        subject=subject,
        issued_at=issued_at,
        expires_at=expires_at,
        authenticated_at=authenticated_at,
        session_id=_session_id(claims),
        claims=claims.claims,
        compact=token.compact,
    )


def _check_nonce(claims: TokenClaims, expected: ExpectedIDToken) -> None:
    """Core 3.1.3.7, 11: the token answers this attempt and no other."""
    nonce = claims.required("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise NonceMismatch("The ID token's nonce is not the one that was sent with this login.")


def _check_auth_time(
    claims: TokenClaims, expected: ExpectedIDToken, *, now: datetime, skew: timedelta
) -> datetime | None:
    """Core 3.1.3.7, 13: when `max_age` was asked for, the person must have signed in recently enough."""
    authenticated_at = claims.optional_instant("auth_time")
    if authenticated_at is not None and authenticated_at > now + skew:
        raise IDTokenNotYetValid(f"The ID token's auth_time, {authenticated_at:%H:%M:%S} UTC, lies ahead.")
    if expected.max_age_seconds is None:
        return authenticated_at
    if authenticated_at is None:
        raise ClaimMissing(
            "The ID token has no auth_time, although max_age was asked for.", claim="auth_time"
        )
    if now - skew - authenticated_at > timedelta(seconds=expected.max_age_seconds):
        raise AuthenticationTooOld(
            f"The person signed in at the IdP at {authenticated_at:%Y-%m-%d %H:%M:%S} UTC, longer ago than the "
            f"{expected.max_age_seconds} seconds asked for by max_age."
        )
    return authenticated_at


def _check_at_hash(claims: TokenClaims, expected: ExpectedIDToken, algorithm: str) -> None:
    """Core 3.1.3.8: optional in the code flow, checked when there."""
    at_hash = claims.claims.get("at_hash")
    if at_hash is None:
        return
    digest = _AT_HASHES[algorithm](expected.access_token.encode()).digest()
    left_half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(at_hash, str) or not hmac.compare_digest(at_hash.rstrip("=").encode(), left_half):
        raise AccessTokenMismatch("The ID token's at_hash does not fit the access token it came with.")


def _session_id(claims: TokenClaims) -> str:
    value = claims.claims.get("sid", "")
    if not isinstance(value, str) or len(value) > MAX_SESSION_ID_LENGTH:
        raise ClaimMalformed(
            f"The ID token's sid is not a string of at most {MAX_SESSION_ID_LENGTH} characters."
        )
    return value
