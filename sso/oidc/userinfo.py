"""What an OP tells of a person at its userinfo endpoint: OpenID Connect Core 1.0 ("Core"), 5.3.

As JSON it is as good as the TLS connection it came by. Where the OP signs it (5.3.2), the signature must be by the
same keys and algorithms as an ID token's, and it must be meant for us.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from hubsso.net import FetchedResponse
from sso.oidc import jwks, transport
from sso.oidc.discovery import ProviderMetadata
from sso.oidc.errors import (
    IdPUnreachable,
    UserinfoAlgorithm,
    UserinfoAudienceMismatch,
    UserinfoClaimMalformed,
    UserinfoClaimMissing,
    UserinfoEncrypted,
    UserinfoExpired,
    UserinfoInvalid,
    UserinfoIssuerMismatch,
    UserinfoKeyUnknown,
    UserinfoSignatureInvalid,
)
from sso.oidc.jws import JWSRefusals, UnverifiedJWS, verified_claims
from sso.oidc.token_claims import ClaimRefusals, TokenClaims

_WHAT = "Userinfo"
_REFUSALS = transport.Refusals(_WHAT, unreachable=IdPUnreachable, invalid=UserinfoInvalid)
_SIGNING = JWSRefusals(
    what=_WHAT,
    malformed=UserinfoInvalid,
    algorithm=UserinfoAlgorithm,
    key_unknown=UserinfoKeyUnknown,
    signature=UserinfoSignatureInvalid,
)
_CLAIMS = ClaimRefusals(
    what=_WHAT,
    missing=UserinfoClaimMissing,
    malformed=UserinfoClaimMalformed,
    issuer=UserinfoIssuerMismatch,
    audience=UserinfoAudienceMismatch,
    authorized_party=UserinfoAudienceMismatch,
    expired=UserinfoExpired,
    not_yet_valid=UserinfoExpired,
    too_old=UserinfoExpired,
)


def fetch_userinfo(
    access_token: str,
    *,
    metadata: ProviderMetadata,
    client_id: str,
    algorithms: Collection[str],
    now: datetime,
) -> dict[str, Any]:
    """The claims. Their `sub` is for `claims` to compare (5.3.4).

    Raises IdPUnreachable, UserinfoInvalid and, where it is signed, the other errors of userinfo.
    """
    response = transport.get(
        metadata.userinfo_endpoint,
        _REFUSALS,
        issuer=metadata.issuer,
        access_token=access_token,
        accept="application/json, application/jwt",
    )
    if response.media_type != "application/jwt":
        return transport.object_in(response, _REFUSALS)
    token = _read(response, algorithms)
    claims = TokenClaims(verified_claims(token, jwks.keys_for(token, metadata=metadata, now=now)), _CLAIMS)
    claims.check_issuer(metadata.issuer)
    claims.check_audience(client_id)
    _check_not_expired(claims, now=now)
    return dict(claims.claims)


def _read(response: FetchedResponse, algorithms: Collection[str]) -> UnverifiedJWS:
    compact = response.body.decode("ascii", errors="replace").strip()
    if compact.count(".") == 4:
        raise UserinfoEncrypted(
            f"Userinfo at {response.url} is encrypted, and no key of ours opens it. Let the IdP sign it only."
        )
    return UnverifiedJWS.read(compact, _SIGNING, allowed=algorithms)


def _check_not_expired(claims: TokenClaims, *, now: datetime) -> None:
    """Core asks for no `exp` here; one that is there counts (RFC 7519, 4.1.4)."""
    expires_at = claims.optional_instant("exp")
    if expires_at is not None and now - timedelta(seconds=settings.SSO_CLOCK_SKEW_SECONDS) >= expires_at:
        raise UserinfoExpired(
            f"Userinfo expired at {expires_at:%H:%M:%S} UTC, and here it is {now:%H:%M:%S}. "
            "Compare the clocks of the IdP and of this portal."
        )
