"""Claims of a verified token, and the checks that more than one kind of token needs.

OpenID Connect Core 1.0 ("Core"), 3.1.3.7, says them for ID tokens; logout tokens are validated "in the same way"
(Back-Channel Logout 1.0, 2.6). Each kind has errors of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sso.oidc.errors import OIDCError, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRefusals:
    """What is being read, as the errors' texts name it, and the errors to raise."""

    what: str
    missing: type[OIDCError]
    malformed: type[OIDCError]
    issuer: type[OIDCError]
    audience: type[OIDCError]
    authorized_party: type[OIDCError]
    expired: type[OIDCError]
    not_yet_valid: type[OIDCError]
    too_old: type[OIDCError]


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """Reads and checks claims; every method raises one of the refusals."""

    claims: Mapping[str, Any]
    refusals: ClaimRefusals

    def required(self, name: str) -> Any:
        if self.claims.get(name) in (None, ""):
            raise self.refusals.missing(f"{self.refusals.what} has no {name}.", claim=name)
        return self.claims[name]

    def text(self, name: str, *, max_length: int) -> str:
        """A claim that is a string which a page can show and a database can hold."""
        value = self.required(name)
        if not isinstance(value, str) or len(value) > max_length or not value.isprintable():
            raise self.refusals.malformed(
                f"{self.refusals.what}'s {name} is not a string of 1 to {max_length} characters.", claim=name
            )
        return value

    def instant(self, name: str) -> datetime:
        """A claim that is a NumericDate (RFC 7519, 2)."""
        value = self.required(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refusals.malformed(f"{self.refusals.what}'s {name} is not a number.", claim=name)
        try:
            return datetime.fromtimestamp(value, tz=UTC)
        except (OverflowError, ValueError, OSError):
            raise self.refusals.malformed(
                f"{self.refusals.what}'s {name} is not a time.", claim=name
            ) from None

    def optional_instant(self, name: str) -> datetime | None:
        return None if self.claims.get(name) is None else self.instant(name)

    def check_issuer(self, expected: str) -> None:
        """Core 3.1.3.7, 2: compared exactly."""
        issuer = self.required("iss")
        if issuer != expected:
            raise self.refusals.issuer(
                f"{self.refusals.what}'s iss is {shown(issuer)}, expected {shown(expected)}."
            )

    def check_audience(self, client_id: str) -> None:
        """Core 3.1.3.7, 3 to 5: we are an audience; with others beside us, we must be the authorized party."""
        what, audience = self.refusals.what, self.required("aud")
        audiences = [audience] if isinstance(audience, str) else audience
        if not isinstance(audiences, list) or not all(isinstance(item, str) for item in audiences):
            raise self.refusals.malformed(
                f"{what}'s aud is neither a string nor a list of strings.", claim="aud"
            )
        if client_id not in audiences:
            raise self.refusals.audience(
                f"{what}'s aud is {shown(audience)}, expected the client ID {shown(client_id)}."
            )
        azp = self.claims.get("azp")
        if azp is None and set(audiences) != {client_id}:
            raise self.refusals.authorized_party(
                f"{what} has several audiences ({shown(audience)}) and no azp."
            )
        if azp is not None and azp != client_id:
            raise self.refusals.authorized_party(
                f"{what}'s azp is {shown(azp)}, expected {shown(client_id)}."
            )

    def check_times(self, *, now: datetime, skew: timedelta, max_age: timedelta) -> tuple[datetime, datetime]:
        """Core 3.1.3.7, 9 and 10, and `nbf` (RFC 7519, 4.1.5). Returns `exp` and `iat`."""
        what = self.refusals.what
        expires_at, issued_at = self.instant("exp"), self.instant("iat")
        valid_from = max(issued_at, self.optional_instant("nbf") or issued_at)
        if valid_from > now + skew:
            raise self.refusals.not_yet_valid(
                f"{what} is valid from {valid_from:%H:%M:%S} UTC on, and here it is {now:%H:%M:%S}. "
                "Compare the clocks of the IdP and of this portal."
            )
        if now - skew >= expires_at:
            raise self.refusals.expired(
                f"{what} expired at {expires_at:%H:%M:%S} UTC, and here it is {now:%H:%M:%S}. "
                "Compare the clocks of the IdP and of this portal."
            )
        if now - skew - issued_at > max_age:
            raise self.refusals.too_old(
                f"{what} was issued at {issued_at:%H:%M:%S} UTC, and here it is {now:%H:%M:%S}; at most "
                f"{max_age.seconds // 60} minutes may lie between. Compare the clocks."
            )
        return expires_at, issued_at
