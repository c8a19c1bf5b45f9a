"""What an OP signed, whatever it says: the header's form, the algorithm, the signature (RFC 7515, RFC 8725).

Order is kept by types: a token is an `UnverifiedJWS` until `verified_claims` has made claims of it, and nothing else
takes them. Keys are chosen elsewhere (`jwks`); nothing here touches the network.
"""

import base64
import binascii
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import jwt

from sso.oidc.errors import OIDCError, shown
from sso.oidc.json_objects import NotAJSONObject, parse_object

# Asymmetric ones only: with HMAC, whoever knows the client secret could make tokens (RFC 8725, 3.1 and 3.2).
ALLOWED_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
MAX_TOKEN_LENGTH = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JWSRefusals:
    """What is being read, as the errors' texts name it, and the errors to raise."""

    what: str
    malformed: type[OIDCError]
    algorithm: type[OIDCError]
    key_unknown: type[OIDCError]
    signature: type[OIDCError]


@dataclass(frozen=True, slots=True)
class UnverifiedJWS:
    """A token of which only the header's form was looked at. Its claims are not for reading."""

    compact: str = field(repr=False)
    algorithm: str
    kid: str | None
    media_type: str  # `typ` in lower case, without `application/` (RFC 7515, 4.1.9); "" without
    refusals: JWSRefusals

    @classmethod
    def read(
        cls, compact: str, refusals: JWSRefusals, *, allowed: Collection[str] = ALLOWED_ALGORITHMS
    ) -> Self:
        """Read the header. Raises the refusals' `malformed` or `algorithm`.

        Key headers (`jwk`, `jku`, `x5u`, `x5c`) are never looked at: keys come from the issuer's JWKS only.
        """
        what = refusals.what
        if len(compact) > MAX_TOKEN_LENGTH or compact.count(".") != 2:
            raise refusals.malformed(
                f"{what} is not a signed JWT in compact form; encrypted ones are not read."
            )
        header = _decode_header(compact.split(".", 1)[0], refusals)
        if "crit" in header:  # RFC 7515, 4.1.11: we understand no extension
            raise refusals.malformed(f"{what}'s header has critical extensions: {shown(header['crit'])}.")
        algorithm, kid, media_type = header.get("alg"), header.get("kid"), header.get("typ")
        if algorithm not in ALLOWED_ALGORITHMS or algorithm not in allowed:
            expected = ", ".join(name for name in ALLOWED_ALGORITHMS if name in allowed)
            raise refusals.algorithm(f"{what}'s algorithm is {shown(algorithm)}, expected one of {expected}.")
        if kid is not None and not isinstance(kid, str):
            raise refusals.malformed(f"{what}'s kid is not a string.")
        if media_type is not None and not isinstance(media_type, str):
            raise refusals.malformed(f"{what}'s typ is not a string.")
        return cls(compact, algorithm, kid, _short_media_type(media_type or ""), refusals)


def verified_claims(token: UnverifiedJWS, keys: Iterable[jwt.PyJWK]) -> dict[str, Any]:
    """The claims of a token that one of the keys signed, with the one algorithm of its header.

    Raises the refusals' `signature` or `malformed`.
    """
    what, problem = token.refusals.what, "no key fits"
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
            raise token.refusals.malformed(f"{what} is not a well-formed JWT.") from None
        else:
            return _object(payload, "payload", token.refusals)
    raise token.refusals.signature(f"{what} was refused: {problem}.", algorithm=token.algorithm)


_jws = jwt.PyJWS()


def _short_media_type(name: str) -> str:
    return name.lower().removeprefix("application/")


def _decode_header(part: str, refusals: JWSRefusals) -> dict[str, Any]:
    try:
        text = base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise refusals.malformed(f"{refusals.what}'s header is not base64url.") from None
    return _object(text, "header", refusals)


def _object(text: bytes, part: str, refusals: JWSRefusals) -> dict[str, Any]:
    try:
        return parse_object(text)
    except NotAJSONObject as error:
        raise refusals.malformed(f"{refusals.what}'s {part}: {error}.") from None
