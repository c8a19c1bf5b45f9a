"""Our public keys as an OP fetches them (RFC 7517), to check what we sign with the private ones."""

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sso import key_pairs
from sso.models import Connection, KeyPair

SIGNING_ALGORITHM = "RS256"


def jwks(connection: Connection) -> dict[str, Any]:
    """The key that signs and the next one. Empty for a connection that has signed nothing yet."""
    return {"keys": [_public_jwk(pair) for pair in key_pairs.published_key_pairs(connection)]}


def kid_of(pair: KeyPair) -> str:
    """The key's thumbprint (RFC 7638): it follows from the key, so that no list of names must be kept."""
    members = {name: _members(pair)[name] for name in ("e", "kty", "n")}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _public_jwk(pair: KeyPair) -> dict[str, str]:
    return {**_members(pair), "kid": kid_of(pair), "use": "sig", "alg": SIGNING_ALGORITHM}


def _members(pair: KeyPair) -> dict[str, str]:
    """What the public key alone is made of. Taken from the certificate: the private key stays sealed."""
    public = pair.public_certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise TypeError("our key pairs are RSA")
    found: dict[str, str] = RSAAlgorithm.to_jwk(public, as_dict=True)
    return {name: found[name] for name in ("kty", "n", "e")}
