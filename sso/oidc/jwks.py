"""The OP's signing keys: fetched, kept for a few minutes, and chosen for one token.

Kept by (issuer, jwks_uri), so that one OP's unknown `kid`s don't use up another's refetch, and apart for each `Asker`.
Fresh for 5 minutes; served for 5 more while the OP does not answer, so that a withdrawn key is dead after 10 minutes
at the latest. An unknown `kid` asks the OP again at once, but at most once a minute (OpenID Connect Core 1.0, 10.1.1).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt

from hubsso import net
from sso.oidc import transport
from sso.oidc.discovery import ProviderMetadata
from sso.oidc.errors import KeysInvalid, KeysUnreachable, shown
from sso.oidc.fetched import FetchedDocuments, Flights
from sso.oidc.jws import UnverifiedJWS

JWK = Mapping[str, Any]
CacheKey = tuple[str, str, str]  # issuer, jwks_uri, asker

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

_key_sets: FetchedDocuments[tuple[JWK, ...]] = FetchedDocuments("jwks")
_unknown_kids: FetchedDocuments[None] = FetchedDocuments()  # when a `kid` last made us ask
_flights = Flights()


def forget_all() -> None:
    _key_sets.clear()
    _unknown_kids.clear()


class Asker(StrEnum):
    """On whose account the OP is asked. Each has keys and a minute of its own.

    What anybody can send must not use up the one question about an unknown `kid` that a login may need. So an OP is
    asked about unknown `kid`s at most twice a minute by each process: once for all logins of its issuer, and once
    for all strangers. Within that minute a token of a stranger finds a new key only if a login has fetched it.
    """

    LOGIN = "login"
    STRANGER = "stranger"


def keys_for(
    token: UnverifiedJWS, *, metadata: ProviderMetadata, now: datetime, asker: Asker = Asker.LOGIN
) -> list[jwt.PyJWK]:
    """The keys that may have signed the token: those that fit its `kid`, or without a `kid` its algorithm.

    Raises the token's own refusal when none fits, also after asking the OP again; KeysUnreachable or KeysInvalid.
    """
    keys = _fitting(_keys_of_logins(metadata, now=now) if asker == Asker.STRANGER else (), token)
    if not keys:
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


def count_usable(metadata: ProviderMetadata, *, algorithms: Iterable[str], now: datetime) -> int:
    """Ask the OP now, and count the keys that could verify a token by one of the algorithms.

    Raises KeysUnreachable or KeysInvalid.
    """
    keys = _fetch(metadata, Asker.LOGIN, now=now)
    usable = {
        index
        for algorithm in algorithms
        for index, key in enumerate(keys)
        if _is_for(key, algorithm) and _parse(key, algorithm) is not None
    }
    return len(usable)


def _keys_of_logins(metadata: ProviderMetadata, *, now: datetime) -> tuple[JWK, ...]:
    """Those held and fresh; nobody is asked. Older ones would be fetched anew."""
    held = _key_sets.get(_cache_key(metadata, Asker.LOGIN))
    return held.document if held and now - held.fetched_at < FRESH_FOR else ()


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

    Keys that came a moment ago in the ordinary way may still be those of before a rotation. After one, many logins
    come at once: one thread asks, and the others wait for the keys that it gets.
    """
    cache_key = _cache_key(metadata, asker)
    with _flights.join(cache_key) as flight:
        if flight is not None:
            transport.wait_for(flight, _REFUSALS, issuer=metadata.issuer)
        elif not _has_asked_for_unknown(cache_key, now=now):
            return _fetch_for_unknown(metadata, asker, now=now)
    held = _key_sets.get(cache_key)
    return held.document if held else ()


def _has_asked_for_unknown(cache_key: CacheKey, *, now: datetime) -> bool:
    last = _unknown_kids.get(cache_key)
    return last is not None and now - last.asked_at < ASK_AGAIN_AFTER


def _fetch_for_unknown(metadata: ProviderMetadata, asker: Asker, *, now: datetime) -> tuple[JWK, ...]:
    """Uses the minute up, also if the OP does not answer, but not if there was no place to ask it."""
    was_asked = True
    try:
        return _fetch(metadata, asker, now=now)
    except KeysUnreachable as error:
        was_asked = error.log_fields.get("reason") != net.NotAsked.code
        raise
    finally:
        if was_asked:
            _unknown_kids.put(_cache_key(metadata, asker), None, now=now)


def _cache_key(metadata: ProviderMetadata, asker: Asker) -> CacheKey:
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
    return (token.kid is None or key.get("kid") == token.kid) and _is_for(key, token.algorithm)


def _is_for(key: JWK, algorithm: str) -> bool:
    return (
        key.get("use", "sig") == "sig"
        and "verify" in _operations(key)
        and key.get("alg", algorithm) == algorithm
        and all(key.get(name) == value for name, value in _KEY_TYPES[algorithm].items())
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
