"""An OP's word that somebody signed out there: OpenID Connect Back-Channel Logout 1.0 ("BCL").

Every check of BCL 2.6, then the end of the sessions that the token names, in one transaction with the note that
it was used. The live revision says whose word counts: sessions of retired revisions of the same issuer end too,
although no gate opens for them any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from django.conf import settings
from django.db import transaction

from sso import replay
from sso.logout import end_named_by_idp
from sso.models import Connection, Revision
from sso.oidc import discovery, jwks
from sso.oidc.errors import shown
from sso.oidc.id_token import MAX_SESSION_ID_LENGTH, MAX_SUBJECT_LENGTH
from sso.oidc.jws import ALLOWED_ALGORITHMS, JWSRefusals, UnverifiedJWS, verified_claims
from sso.oidc.logout_errors import (
    LogoutNotExpected,
    LogoutTokenAlgorithm,
    LogoutTokenAudience,
    LogoutTokenAzp,
    LogoutTokenClaimMalformed,
    LogoutTokenClaimMissing,
    LogoutTokenEvent,
    LogoutTokenExpired,
    LogoutTokenIssuer,
    LogoutTokenKeyUnknown,
    LogoutTokenMalformed,
    LogoutTokenNamesNobody,
    LogoutTokenNonce,
    LogoutTokenNotYetValid,
    LogoutTokenReplayed,
    LogoutTokenSignature,
    LogoutTokenTooOld,
    LogoutTokenType,
)
from sso.oidc.token_claims import ClaimRefusals, TokenClaims
from sso.types import MessageKind

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAX_TOKEN_AGE = timedelta(minutes=2)
MAX_JTI_LENGTH = 300

# `typ` is recommended only (BCL 2.4): OPs leave it out, or write what they write into every JWT.
_MEDIA_TYPES = frozenset({"logout+jwt", "jwt", ""})

_WHAT = "The logout token"
_SIGNING = JWSRefusals(
    what=_WHAT,
    malformed=LogoutTokenMalformed,
    algorithm=LogoutTokenAlgorithm,
    key_unknown=LogoutTokenKeyUnknown,
    signature=LogoutTokenSignature,
)
_CLAIMS = ClaimRefusals(
    what=_WHAT,
    missing=LogoutTokenClaimMissing,
    malformed=LogoutTokenClaimMalformed,
    issuer=LogoutTokenIssuer,
    audience=LogoutTokenAudience,
    authorized_party=LogoutTokenAzp,
    expired=LogoutTokenExpired,
    not_yet_valid=LogoutTokenNotYetValid,
    too_old=LogoutTokenTooOld,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedLogout:
    """What a token says that passed every check but that of its single use."""

    token_id: str  # `jti`
    subject: str | None
    session_id: str | None  # `sid`
    usable_until: datetime


def end_sessions(compact: str, *, connection: Connection, now: datetime) -> int:
    """Check a logout token and end what it names. Returns how many sessions: 0 where they are gone already.

    Raises a LogoutRefused, or what `discovery` and `jwks` raise where the OP can't be asked for its keys.
    """
    live = connection.revisions.filter(status=Revision.Status.LIVE).first()
    if live is None or not connection.is_enabled:
        raise LogoutNotExpected("A logout token came, but the connection is off or has no live revision.")
    token = _read(compact, live)
    metadata = discovery.provider_metadata(live.issuer, now=now)
    keys = jwks.keys_for(token, metadata=metadata, now=now, asker=jwks.Asker.STRANGER)
    named = check_logout_token(token, keys=keys, issuer=live.issuer, client_id=live.client_id, now=now)
    with transaction.atomic():
        _use_up(named, live, now=now)
        return end_named_by_idp(
            connection=connection,
            issuer=live.issuer,
            subject=named.subject,
            idp_session_ids=[named.session_id] if named.session_id else [],
        )


def check_logout_token(
    token: UnverifiedJWS, *, keys: Iterable[jwt.PyJWK], issuer: str, client_id: str, now: datetime
) -> VerifiedLogout:
    """BCL 2.6, 2 to 6, with `SSO_CLOCK_SKEW_SECONDS` of leeway. Raises a LogoutRefused."""
    claims = TokenClaims(verified_claims(token, keys), _CLAIMS)
    skew = timedelta(seconds=settings.SSO_CLOCK_SKEW_SECONDS)
    claims.check_issuer(issuer)
    claims.check_audience(client_id)
    _, issued_at = claims.check_times(now=now, skew=skew, max_age=MAX_TOKEN_AGE)
    _check_event(claims)
    if "nonce" in claims.claims:
        raise LogoutTokenNonce("The logout token has a nonce, which only ID tokens have.")
    subject = _optional_text(claims, "sub", max_length=MAX_SUBJECT_LENGTH)
    session_id = _optional_text(claims, "sid", max_length=MAX_SESSION_ID_LENGTH)
    if subject is None and session_id is None:
        raise LogoutTokenNamesNobody("The logout token has neither a sub nor a sid.")
    return VerifiedLogout(
        token_id=claims.text("jti", max_length=MAX_JTI_LENGTH),
        subject=subject,
        session_id=session_id,
        usable_until=issued_at + MAX_TOKEN_AGE + skew,
    )


def _read(compact: str, live: Revision) -> UnverifiedJWS:
    """The header: an algorithm that ID tokens may have here, too, and no other kind of token (BCL 4.1)."""
    token = UnverifiedJWS.read(compact, _SIGNING, allowed=live.signing_algorithms or ALLOWED_ALGORITHMS)
    if token.media_type not in _MEDIA_TYPES:
        raise LogoutTokenType(f"The token's typ is {shown(token.media_type)}, expected logout+jwt.")
    return token


def _check_event(claims: TokenClaims) -> None:
    """BCL 2.4: `events` is an object, with this member, which is an object."""
    events = claims.claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise LogoutTokenEvent(f"The logout token's events hold no object {EVENT}.")


def _optional_text(claims: TokenClaims, name: str, *, max_length: int) -> str | None:
    return None if claims.claims.get(name) is None else claims.text(name, max_length=max_length)


def _use_up(named: VerifiedLogout, live: Revision, *, now: datetime) -> None:
    """BCL 2.6, 7: a `jti` counts once."""
    is_first = replay.use_up(
        org_id=live.org_id,
        issuer=live.issuer,
        kind=MessageKind.LOGOUT_TOKEN,
        message_id=named.token_id,
        usable_until=named.usable_until,
        now=now,
    )
    if not is_first:
        raise LogoutTokenReplayed("A logout token with the same jti was used before.")
