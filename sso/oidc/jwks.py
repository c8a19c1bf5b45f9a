"""The OP's signing keys: fetched, kept for a few minutes, and chosen for one token.

Kept by (issuer, jwks_uri), so that one OP's unknown `kid`s don't use up another's refetch, and apart for each `Asker`.
Fresh for 5 minutes; served for 5 more while the OP does not answer, so that a withdrawn key is dead after 10 minutes
at the latest. An unknown `kid` asks the OP again at once, but at most once a minute (OpenID Connect Core 1.0, 10.1.1).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt

from sso.oidc import transport
from sso.oidc.discovery import ProviderMetadata
from sso.oidc.errors import KeysInvalid, KeysUnreachable, shown
from sso.oidc.fetched import FetchedDocuments
from sso.oidc.jws import UnverifiedJWS

JWK = Mapping[str, Any]

FRESH_FOR = timedelta(minutes=5)
DEAD_AFTER = timedelta(minutes=10)
ASK_AGAIN_AFTER = timedelta(minutes=1)
MAX_KEYS_TRIED = 5

# What each algorithm needs a key to be (RFC 7518, 6; RFC 8037, 2).
_KEY_TYPES: dict[str, Mapping[str, str]] = {
    "RS256": {"kty": "RSA"},
    "PS256": {"kty": "RSA"},
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}

_REFUSALS = transport.Refusals("The JWKS", unreachable=KeysUnreachable, invalid=KeysInvalid)

_key_sets: FetchedDocuments[tuple[JWK, ...]] = FetchedDocuments()
_unknown_kids: FetchedDocuments[None] = FetchedDocuments()  # when a `kid` last made us ask


def forget_all() -> None:
    _key_sets.clear()
    _unknown_kids.clear()


class Asker(StrEnum):
    """On whose account the OP is asked. Each has keys and a minute of its own.

    What anybody can send must not use up the one question about an unknown `kid` that a login may need.
    """

    LOGIN = "login"
    STRANGER = "stranger"


def keys_for(
    token: UnverifiedJWS, *, metadata: ProviderMetadata, now: datetime, asker: Asker = Asker.LOGIN
) -> list[jwt.PyJWK]:
    """The keys that may have signed the token: those that fit its `kid`, or without a `kid` its algorithm.

    Raises the token's own refusal when none fits, also after asking the OP again; KeysUnreachable or KeysInvalid.
    """
    keys = _fitting(_known_keys(metadata, asker, now=now), token)
    if not keys:
        keys = _fitting(_ask_again(metadata, asker, now=now), token)
    if not keys:
        raise token.refusals.key_unknown(
            f"{token.refusals.what} names the kid {shown(token.kid)} and the algorithm {token.algorithm}, and no "
            f"key of {metadata.jwks_uri} fits.",
            algorithm=token.algorithm,
        )
    return keys


def _known_keys(metadata: ProviderMetadata, asker: Asker, *, now: datetime) -> tuple[JWK, ...]:
    """The keys held, fetched anew when they are old."""
    cache_key = _cache_key(metadata, asker)
    held = _key_sets.get(cache_key)
    if held is None or now - held.fetched_at >= DEAD_AFTER:
        return _fetch(metadata, asker, now=now)
    if now - held.fetched_at < FRESH_FOR or now - held.asked_at < ASK_AGAIN_AFTER:
        return held.document
    if not _key_sets.mark_asked(cache_key, seen=held, now=now):
        return held.document
    try:
        return _fetch(metadata, asker, now=now)
    except KeysUnreachable:
        return held.document


def _ask_again(metadata: ProviderMetadata, asker: Asker, *, now: datetime) -> tuple[JWK, ...]:
    """Fetch because a key was not among those held, unless that was done less than a minute ago.

    Keys that came a moment ago in the ordinary way may still be those of before a rotation.
    """
    cache_key = _cache_key(metadata, asker)
    held, last = _key_sets.get(cache_key), _unknown_kids.get(cache_key)
    if held is None or (last is not None and now - last.asked_at < ASK_AGAIN_AFTER):
        return held.document if held else ()
    _unknown_kids.put(cache_key, None, now=now)
    if not _key_sets.mark_asked(cache_key, seen=held, now=now):
        return ()
    return _fetch(metadata, asker, now=now)


def _cache_key(metadata: ProviderMetadata, asker: Asker) -> tuple[str, str, str]:
    return (metadata.issuer, metadata.jwks_uri, asker)


def _fetch(metadata: ProviderMetadata, asker: Asker, *, now: datetime) -> tuple[JWK, ...]:
    document = transport.get_object(metadata.jwks_uri, _REFUSALS, issuer=metadata.issuer)
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise KeysInvalid(f"{metadata.jwks_uri} holds no list of keys.")
    usable = tuple(key for key in keys if isinstance(key, dict))
    _key_sets.put(_cache_key(metadata, asker), usable, now=now)
    return usable


def _fitting(keys: tuple[JWK, ...], token: UnverifiedJWS) -> list[jwt.PyJWK]:
    """Keys whose `kid`, `use`, `key_ops`, `alg`, `kty` and `crv` let them verify this token; a few at most."""
    fitting = [key for key in keys if _fits(key, token)]
    parsed = [_parse(key, token.algorithm) for key in fitting[:MAX_KEYS_TRIED]]
    return [key for key in parsed if key is not None]


def _fits(key: JWK, token: UnverifiedJWS) -> bool:
    return (
        (token.kid is None or key.get("kid") == token.kid)
        and key.get("use", "sig") == "sig"
        and "verify" in _operations(key)
        and key.get("alg", token.algorithm) == token.algorithm
        and all(key.get(name) == value for name, value in _KEY_TYPES[token.algorithm].items())
    )


def _operations(key: JWK) -> list[str]:
    operations = key.get("key_ops", ["verify"])
    return operations if isinstance(operations, list) else []


def _parse(key: JWK, algorithm: str) -> jwt.PyJWK | None:
    """The key, or None for one that is not well-formed. Parameters of private keys are left out."""
    public = {name: value for name, value in key.items() if name in {"kty", "crv", "n", "e", "x", "y"}}
    try:
        return jwt.PyJWK(public, algorithm=algorithm)
    except jwt.PyJWTError:
        return None
