"""Every check of an ID token that came from the token endpoint: OpenID Connect Core 1.0 ("Core"), 3.1.3.7.

Order is kept by types: a token is an `UnverifiedIDToken` until `check_id_token` has made `VerifiedClaims` of it,
and nothing else takes its claims. Keys are chosen elsewhere (`jwks`); nothing here touches the network.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
    IssuerMismatch,
    NonceMismatch,
    SignatureInvalid,
    shown,
)
from sso.oidc.json_objects import NotAJSONObject, parse_object

# The hash that `at_hash` is made with (Core 3.1.3.6), for each algorithm that may sign. Asymmetric ones only:
# with HMAC, whoever knows the client secret could make tokens (RFC 8725, 3.1 and 3.2).
_AT_HASHES: dict[str, Callable[[bytes], Any]] = {
    "RS256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "ES256": hashlib.sha256,
    "EdDSA": hashlib.sha512,  # Ed25519; no other curve is taken
}
ALLOWED_ALGORITHMS = tuple(_AT_HASHES)
MAX_TOKEN_LENGTH = 100_000
MAX_TOKEN_AGE = timedelta(minutes=10)
MAX_SESSION_ID_LENGTH = 300
MAX_SUBJECT_LENGTH = 255  # Core 2: "It MUST NOT exceed 255 ASCII characters in length"


@dataclass(frozen=True, slots=True)
class UnverifiedIDToken:
    """A token of which only the header's form was looked at. Its claims are not for reading."""

    compact: str = field(repr=False)
    algorithm: str
    kid: str | None

    @classmethod
    def parse(cls, compact: object) -> "UnverifiedIDToken":
        """Read the header. Raises IDTokenMalformed or AlgorithmNotAllowed.

        Key headers (`jwk`, `jku`, `x5u`, `x5c`) are never looked at: keys come from the issuer's JWKS only.
        """
        if not isinstance(compact, str) or not compact:
            raise IDTokenMalformed("The token endpoint's answer holds no id_token.")
        if len(compact) > MAX_TOKEN_LENGTH or compact.count(".") != 2:
            raise IDTokenMalformed(
                "The ID token is not a signed JWT in compact form; encrypted ones are not read."
            )
        header = _decode_part(compact.split(".", 1)[0], "header")
        if "crit" in header:  # RFC 7515, 4.1.11: we understand no extension
            raise IDTokenMalformed(f"The ID token's header has critical extensions: {shown(header['crit'])}.")
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALLOWED_ALGORITHMS:
            raise AlgorithmNotAllowed(
                f"The ID token's algorithm is {shown(algorithm)}, expected one of {', '.join(ALLOWED_ALGORITHMS)}."
            )
        if kid is not None and not isinstance(kid, str):
            raise IDTokenMalformed("The ID token's kid is not a string.")
        return cls(compact=compact, algorithm=algorithm, kid=kid)


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


def check_id_token(
    token: UnverifiedIDToken, *, keys: Iterable[jwt.PyJWK], expected: ExpectedIDToken, now: datetime
) -> VerifiedClaims:
    """Check signature and claims, with `SSO_CLOCK_SKEW_SECONDS` of leeway. Raises a subclass of IDTokenRejected."""
    claims = _verified_payload(token, keys)
    skew = timedelta(seconds=settings.SSO_CLOCK_SKEW_SECONDS)
    _check_issuer(claims, expected)
    subject = _subject(claims)
    _check_audience(claims, expected)
    expires_at, issued_at = _check_times(claims, now=now, skew=skew)
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
        claims=claims,
    )


def _verified_payload(token: UnverifiedIDToken, keys: Iterable[jwt.PyJWK]) -> dict[str, Any]:
    """Core 3.1.3.7, 6 to 8: signed with the one algorithm of the header, by one of the keys that fit."""
    problem = "no key fits"
    for key in keys:
        try:
            payload = _jws.decode(
                token.compact,
                key,
                algorithms=[token.algorithm],
                options={"verify_signature": True, "enforce_minimum_key_length": True},
            )
        except jwt.InvalidSignatureError:
            problem = "its signature does not fit the issuer's key"
        except jwt.InvalidKeyError:
            problem = "the issuer's key is too short"
        except jwt.PyJWTError:
            raise IDTokenMalformed("The ID token is not a well-formed JWT.") from None
        else:
            return _object(payload, "payload")
    raise SignatureInvalid(f"The ID token was refused: {problem}.", algorithm=token.algorithm)


_jws = jwt.PyJWS()


def _check_issuer(claims: Mapping[str, Any], expected: ExpectedIDToken) -> None:
    """Core 3.1.3.7, 2: compared exactly."""
    issuer = _required(claims, "iss")
    if issuer != expected.issuer:
        raise IssuerMismatch(f"The ID token's iss is {shown(issuer)}, expected {shown(expected.issuer)}.")


def _subject(claims: Mapping[str, Any]) -> str:
    subject = _required(claims, "sub")
    if (
        not isinstance(subject, str)
        or not 0 < len(subject) <= MAX_SUBJECT_LENGTH
        or not subject.isprintable()
    ):
        raise ClaimMalformed(f"The ID token's sub is not a string of 1 to {MAX_SUBJECT_LENGTH} characters.")
    return subject


def _check_audience(claims: Mapping[str, Any], expected: ExpectedIDToken) -> None:
    """Core 3.1.3.7, 3 to 5: we are an audience; with others beside us, we must be the authorized party."""
    audience = _required(claims, "aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or not all(isinstance(item, str) for item in audiences):
        raise ClaimMalformed("The ID token's aud is neither a string nor a list of strings.")
    if expected.client_id not in audiences:
        raise AudienceMismatch(
            f"The ID token's aud is {shown(audience)}, expected the client ID {shown(expected.client_id)}."
        )
    azp = claims.get("azp")
    if azp is None and set(audiences) != {expected.client_id}:
        raise AzpMismatch(f"The ID token has several audiences ({shown(audience)}) and no azp.")
    if azp is not None and azp != expected.client_id:
        raise AzpMismatch(f"The ID token's azp is {shown(azp)}, expected {shown(expected.client_id)}.")


def _check_times(claims: Mapping[str, Any], *, now: datetime, skew: timedelta) -> tuple[datetime, datetime]:
    """Core 3.1.3.7, 9 and 10, and `nbf` (RFC 7519, 4.1.5). Returns `exp` and `iat`."""
    expires_at, issued_at = _instant(claims, "exp"), _instant(claims, "iat")
    not_before = _optional_instant(claims, "nbf") or issued_at
    if max(issued_at, not_before) > now + skew:
        raise IDTokenNotYetValid(
            f"The ID token is valid from {max(issued_at, not_before):%H:%M:%S} UTC on, and here it is "
            f"{now:%H:%M:%S}. Compare the clocks of the IdP and of this portal."
        )
    if now - skew >= expires_at:
        raise IDTokenExpired(
            f"The ID token expired at {expires_at:%H:%M:%S} UTC, and here it is {now:%H:%M:%S}. "
            "Compare the clocks of the IdP and of this portal."
        )
    if now - skew - issued_at > MAX_TOKEN_AGE:
        raise IDTokenTooOld(
            f"The ID token was issued at {issued_at:%H:%M:%S} UTC, and here it is {now:%H:%M:%S}; at most "
            f"{MAX_TOKEN_AGE.seconds // 60} minutes may lie between. Compare the clocks."
        )
    return expires_at, issued_at


def _check_nonce(claims: Mapping[str, Any], expected: ExpectedIDToken) -> None:
    """Core 3.1.3.7, 11: the token answers this attempt and no other."""
    nonce = _required(claims, "nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise NonceMismatch("The ID token's nonce is not the one that was sent with this login.")


def _check_auth_time(
    claims: Mapping[str, Any], expected: ExpectedIDToken, *, now: datetime, skew: timedelta
) -> datetime | None:
    """Core 3.1.3.7, 13: when `max_age` was asked for, the person must have signed in recently enough."""
    authenticated_at = _optional_instant(claims, "auth_time")
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


def _check_at_hash(claims: Mapping[str, Any], expected: ExpectedIDToken, algorithm: str) -> None:
    """Core 3.1.3.8: optional in the code flow, checked when there."""
    at_hash = claims.get("at_hash")
    if at_hash is None:
        return
    digest = _AT_HASHES[algorithm](expected.access_token.encode()).digest()
    left_half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not isinstance(at_hash, str) or not hmac.compare_digest(at_hash.rstrip("=").encode(), left_half):
        raise AccessTokenMismatch("The ID token's at_hash does not fit the access token it came with.")


def _required(claims: Mapping[str, Any], name: str) -> Any:
    if claims.get(name) in (None, ""):
        raise ClaimMissing(f"The ID token has no {name}.", claim=name)
    return claims[name]


def _optional_instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    return None if claims.get(name) is None else _instant(claims, name)


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    """A claim that is a NumericDate (RFC 7519, 2)."""
    value = _required(claims, name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ClaimMalformed(f"The ID token's {name} is not a number.", claim=name)
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (OverflowError, ValueError, OSError):
        raise ClaimMalformed(f"The ID token's {name} is not a time.", claim=name) from None


def _session_id(claims: Mapping[str, Any]) -> str:
    value = claims.get("sid", "")
    if not isinstance(value, str) or len(value) > MAX_SESSION_ID_LENGTH:
        raise ClaimMalformed(
            f"The ID token's sid is not a string of at most {MAX_SESSION_ID_LENGTH} characters."
        )
    return value


def _decode_part(part: str, what: str) -> dict[str, Any]:
    try:
        text = base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise IDTokenMalformed(f"The ID token's {what} is not base64url.") from None
    return _object(text, what)


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        return parse_object(text)
    except NotAJSONObject as error:
        raise IDTokenMalformed(f"The ID token's {what}: {error}.") from None
