"""From an OP's claims to an `IdentityAssertion`, with the quirks of particular OPs.

Claims of the ID token and of userinfo are taken together; where both have one, the signed ID token's counts.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sso.models import Revision
from sso.oidc.errors import UserinfoSubjectMismatch, shown
from sso.oidc.id_token import VerifiedClaims
from sso.oidc.logout import ID_TOKEN
from sso.revisions.received_claims import ClaimUse, ReceivedClaim, flattened
from sso.types import IdentityAssertion, SessionLimit

MAX_EMAIL_LENGTH = 254
MAX_HINT_LENGTH = 8 * 1024  # an ID token that is kept for as long as the SSO session

_EMAIL_VERIFIED = ("email_verified", "xms_edov")
# Claims about the token, not about the person.
_TOKEN_CLAIMS = frozenset(
    {
        "iss",
        "aud",
        "azp",
        "exp",
        "iat",
        "nbf",
        "jti",
        "nonce",
        "at_hash",
        "c_hash",
        "s_hash",
        "auth_time",
        "sid",
    }
)


def assertion_from(
    verified: VerifiedClaims, userinfo: Mapping[str, Any] | None, *, revision: Revision
) -> IdentityAssertion:
    """One person, as their OP tells of them; without `userinfo` by the token alone. Raises UserinfoSubjectMismatch."""
    if userinfo is not None:
        _check_userinfo_subject(verified, userinfo)
    claims = {**(userinfo or {}), **verified.claims}
    return IdentityAssertion(
        connection_id=revision.connection_id,
        revision_id=revision.pk,
        issuer=verified.issuer,
        subject=verified.subject,
        emails=tuple(_usable_emails(claims)),
        attributes={name: value for name, value in claims.items() if name not in _TOKEN_CLAIMS},
        authenticated_at=verified.authenticated_at or verified.issued_at,
        idp_limits=tuple(_limits(verified, revision)),
        idp_session_id=verified.session_id,
        logout_hint=_logout_hint(verified),
        groups_incomplete=are_groups_incomplete(claims),
    )


def _check_userinfo_subject(verified: VerifiedClaims, userinfo: Mapping[str, Any]) -> None:
    """OpenID Connect Core 1.0, 5.3.2: userinfo of somebody else is not for use."""
    if userinfo.get("sub") != verified.subject:
        raise UserinfoSubjectMismatch(
            f"Userinfo's sub is {shown(userinfo.get('sub'))}, the ID token's {shown(verified.subject)}."
        )


def _usable_emails(claims: Mapping[str, Any]) -> Iterator[str]:
    """`email`, lower-cased and each once, unless the OP says that it did not verify it.

    A list of addresses is against Core 5.1, but is sent; several addresses are for linking to refuse.
    """
    if not _is_email_verified(claims):
        return
    value = claims.get("email")
    seen: set[str] = set()
    for item in value if isinstance(value, list) else [value]:
        email = item.strip().lower() if isinstance(item, str) else ""
        if _looks_like_email(email) and email not in seen:
            seen.add(email)
            yield email


def _is_email_verified(claims: Mapping[str, Any]) -> bool:
    """Not denied. Many OPs don't say, and some say it as a string. Entra ID's word for it is `xms_edov`."""
    return all(_is_true(claims[name]) for name in _EMAIL_VERIFIED if name in claims)


def _is_true(value: object) -> bool:
    return value is True or value == 1 or (isinstance(value, str) and value.lower() in ("true", "1"))


def _looks_like_email(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return bool(local and domain) and len(text) <= MAX_EMAIL_LENGTH and text.isprintable() and " " not in text


def _limits(verified: VerifiedClaims, revision: Revision) -> Iterator[tuple[SessionLimit, datetime]]:
    if revision.max_age_seconds is not None and verified.authenticated_at is not None:
        yield (
            SessionLimit.OIDC_MAX_AGE,
            verified.authenticated_at + timedelta(seconds=revision.max_age_seconds),
        )
    if revision.follow_id_token_expiry:
        yield SessionLimit.OIDC_ID_TOKEN_EXP, verified.expires_at


def _logout_hint(verified: VerifiedClaims) -> dict[str, str]:
    """The ID token, for a logout of ours. One that is very long is left out: the OP then asks the person."""
    return {ID_TOKEN: verified.compact} if len(verified.compact) <= MAX_HINT_LENGTH else {}


def are_groups_incomplete(claims: Mapping[str, Any]) -> bool:
    """Entra ID leaves out groups when there are too many for a token, and says so.

    In a token of the code flow by `_claim_names` (aggregated claims, Core 5.6.2), else by `hasgroups`.
    """
    elsewhere = claims.get("_claim_names")
    return (isinstance(elsewhere, dict) and "groups" in elsewhere) or _is_true(claims.get("hasgroups"))


def received_claims(assertion: IdentityAssertion) -> list[ReceivedClaim]:
    """The claims about the person, with what `sub`, `email` and the words about `email` are used for."""
    uses = {"sub": ClaimUse.SUBJECT, "email": ClaimUse.EMAIL if assertion.emails else ClaimUse.EMAIL_UNUSABLE}
    uses |= dict.fromkeys(_EMAIL_VERIFIED, ClaimUse.EMAIL_CHECK)
    return [
        ReceivedClaim(name, values, uses.get(name))
        for name, values in flattened({"sub": assertion.subject, **assertion.attributes})
    ]
