"""ID tokens, right or wrong in any way one likes. Signed by joserfc's algorithms."""

import base64
import copy
import dataclasses
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Self

from joserfc import jwk
from joserfc.errors import SecurityWarning
from joserfc.jws import JWSRegistry

from tests.demo_idp.keys import OIDCKey


class _Omit(Enum):
    OMIT = "omit"


OMIT = _Omit.OMIT
"""As a claim's value: leave the claim out."""


def with_changes(claims: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The claims with some replaced, added, or (where the value is `OMIT`) left out."""
    return {name: value for name, value in {**claims, **changes}.items() if value is not OMIT}


@dataclass(frozen=True, kw_only=True)
class IDTokenBuilder:
    """One ID token to be. `honest(...)` makes a right one; `but(...)` and `dataclasses.replace` make it wrong.

    `key` is an OIDCKey, or bytes for the HMAC algorithms. `kid` None leaves the header out; `headers` win over
    every header the builder sets itself. `algorithm` "none" signs nothing.
    """

    claims: Mapping[str, Any]
    key: OIDCKey | bytes
    algorithm: str
    kid: str | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    spoil_signature: bool = False

    @classmethod
    def honest(
        cls,
        *,
        issuer: str,
        subject: str,
        client_id: str,
        key: OIDCKey,
        now: datetime,
        nonce: str | None = None,
        lifetime_seconds: int = 300,
        **claims: Any,
    ) -> Self:
        """A token that an RP must accept (OpenID Connect Core 1.0, 2)."""
        issued_at = int(now.timestamp())
        all_claims = {
            "iss": issuer,
            "sub": subject,
            "aud": client_id,
            "iat": issued_at,
            "exp": issued_at + lifetime_seconds,
            "auth_time": issued_at,
            "nonce": OMIT if nonce is None else nonce,
            **claims,
        }
        return cls(claims=with_changes(all_claims, {}), key=key, algorithm=key.algorithm, kid=key.kid)

    def but(self, **changes: Any) -> Self:
        """The same token with some claims changed, or left out with `OMIT`."""
        return dataclasses.replace(self, claims=with_changes(copy.deepcopy(dict(self.claims)), changes))

    def encode(self) -> str:
        """The token in JWS compact form."""
        headers = {"typ": "JWT", "alg": self.algorithm, "kid": OMIT if self.kid is None else self.kid}
        signing_input = b".".join(_base64url(_json(part)) for part in self._parts(headers))
        return b".".join([signing_input, _base64url(self._sign(signing_input))]).decode()

    def _parts(self, headers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        return with_changes(headers, self.headers), dict(self.claims)

    def _sign(self, signing_input: bytes) -> bytes:
        if self.algorithm == "none":
            return b""
        key = jwk.OctKey.import_key(self.key) if isinstance(self.key, bytes) else self.key.as_joserfc_key()
        signature: bytes = _algorithm(self.algorithm).sign(signing_input, key)
        return bytes([signature[0] ^ 1]) + signature[1:] if self.spoil_signature else signature


def _algorithm(name: str) -> Any:
    with warnings.catch_warnings():  # "EdDSA" has a successor, but is what OPs send
        warnings.simplefilter("ignore", SecurityWarning)
        return JWSRegistry(algorithms=[name]).get_alg(name)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _base64url(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")
