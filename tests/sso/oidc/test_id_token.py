"""Every check of an ID token by itself: real keys, one fault a row, one second either side of each time."""

import base64
import dataclasses
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from sso.oidc.errors import IDTokenMalformed, IDTokenRejected
from sso.oidc.id_token import (
    ALLOWED_ALGORITHMS,
    MAX_TOKEN_AGE,
    ExpectedIDToken,
    UnverifiedIDToken,
    VerifiedClaims,
    check_id_token,
)
from tests.demo_idp import OMIT, IDTokenBuilder
from tests.demo_idp.keys import KeyStore, OIDCKey

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SKEW = 60
KEYS = {algorithm: KeyStore().oidc_key(f"unit-{algorithm}", algorithm) for algorithm in ALLOWED_ALGORITHMS}
KEY = KEYS["RS256"]
OTHER_KEY = KeyStore().oidc_key("unit-other", "RS256")
EXPECTED = ExpectedIDToken(
    issuer="https://idp.example", client_id="hubsso", nonce="nonce-1", access_token="access-token-1"
)


def honest(key: OIDCKey = KEY, **claims: Any) -> IDTokenBuilder:
    return IDTokenBuilder.honest(
        issuer=EXPECTED.issuer,
        subject="max",
        client_id=EXPECTED.client_id,
        key=key,
        now=NOW,
        nonce=EXPECTED.nonce,
        **claims,
    )


def check(
    builder: IDTokenBuilder,
    *,
    key: OIDCKey = KEY,
    expected: ExpectedIDToken = EXPECTED,
    now: datetime = NOW,
) -> VerifiedClaims:
    token = UnverifiedIDToken.parse(builder.encode())
    return check_id_token(token, keys=[public(key)], expected=expected, now=now)


def public(key: OIDCKey) -> jwt.PyJWK:
    return jwt.PyJWK(key.as_public_jwk())


def seconds(offset: int) -> int:
    return int(NOW.timestamp()) + offset


def at_hash(access_token: str, hash_name: str) -> str:
    digest = hashlib.new(hash_name, access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def test_honest_token_gives_its_claims() -> None:
    verified = check(honest(sid="sid-1", groups=["eng"]))
    assert (verified.issuer, verified.subject, verified.session_id) == (EXPECTED.issuer, "max", "sid-1")
    assert verified.issued_at == verified.authenticated_at == NOW
    assert verified.expires_at == NOW + timedelta(seconds=300)
    assert verified.claims["groups"] == ["eng"]


@pytest.mark.parametrize("algorithm", ALLOWED_ALGORITHMS)
def test_every_allowed_algorithm_verifies(algorithm: str) -> None:
    assert check(honest(KEYS[algorithm]), key=KEYS[algorithm]).subject == "max"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["hubsso"]},
        {"aud": ["hubsso", "another-client"], "azp": "hubsso"},
        {"azp": "hubsso"},
        {"auth_time": OMIT},
        {"nbf": seconds(0)},
        {"exp": seconds(300) + 0.5},
        {"at_hash": at_hash("access-token-1", "sha256")},
        {"sub": "x" * 255},
    ],
    ids=str,
)
def test_honest_variations_are_accepted(claims: dict[str, Any]) -> None:
    check(honest().but(**claims))


@pytest.mark.catalogue("WEB-AUD-TIMES")
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": OMIT}, "claim_missing"),
        ({"iss": ""}, "claim_missing"),
        ({"iss": "https://idp.example/"}, "issuer_mismatch"),
        ({"iss": "https://IDP.example"}, "issuer_mismatch"),
        ({"iss": ["https://idp.example"]}, "issuer_mismatch"),
        ({"sub": OMIT}, "claim_missing"),
        ({"sub": ""}, "claim_missing"),
        ({"sub": 7}, "claim_malformed"),
        ({"sub": "x" * 256}, "claim_malformed"),
        ({"sub": "max\r\nX-Header: 1"}, "claim_malformed"),
        ({"aud": OMIT}, "claim_missing"),
        ({"aud": []}, "audience_mismatch"),
        ({"aud": "another-client"}, "audience_mismatch"),
        ({"aud": "hubsso-evil"}, "audience_mismatch"),
        ({"aud": ["another-client"]}, "audience_mismatch"),
        ({"aud": {"hubsso": 1}}, "claim_malformed"),
        ({"aud": ["hubsso", 7]}, "claim_malformed"),
        ({"aud": ["hubsso", "another-client"]}, "azp_mismatch"),
        ({"aud": ["hubsso", "another-client"], "azp": "another-client"}, "azp_mismatch"),
        ({"azp": "another-client"}, "azp_mismatch"),
        ({"azp": ["hubsso"]}, "azp_mismatch"),
        ({"exp": OMIT}, "claim_missing"),
        ({"exp": "soon"}, "claim_malformed"),
        ({"exp": True}, "claim_malformed"),
        ({"exp": 10**400}, "claim_malformed"),
        ({"exp": -(10**15)}, "claim_malformed"),
        ({"iat": OMIT}, "claim_missing"),
        ({"iat": None}, "claim_missing"),
        ({"iat": "now"}, "claim_malformed"),
        ({"nbf": "now"}, "claim_malformed"),
        ({"nonce": OMIT}, "claim_missing"),
        ({"nonce": "nonce-2"}, "nonce_mismatch"),
        ({"nonce": "nonce-1 "}, "nonce_mismatch"),
        ({"nonce": ["nonce-1"]}, "nonce_mismatch"),
        ({"auth_time": "now"}, "claim_malformed"),
        ({"at_hash": at_hash("another-token", "sha256")}, "access_token_mismatch"),
        ({"at_hash": ""}, "access_token_mismatch"),
        ({"at_hash": 7}, "access_token_mismatch"),
        ({"sid": 7}, "claim_malformed"),
        ({"sid": "x" * 301}, "claim_malformed"),
    ],
    ids=str,
)
def test_wrong_claims_are_refused(claims: dict[str, Any], code: str) -> None:
    assert refusal(lambda: check(honest().but(**claims))) == code


@pytest.mark.catalogue("WEB-AUD-TIMES")
@pytest.mark.parametrize(
    ("claims", "passes_at", "fails_at", "code"),
    [
        # exp: the last second is the one before exp + skew
        ({"exp": seconds(0)}, SKEW - 1, SKEW, "id_token_expired"),
        ({"iat": seconds(SKEW)}, 0, -1, "id_token_not_yet_valid"),
        ({"nbf": seconds(SKEW)}, 0, -1, "id_token_not_yet_valid"),
        ({"auth_time": seconds(SKEW)}, 0, -1, "id_token_not_yet_valid"),
        (
            {"exp": seconds(7200)},
            MAX_TOKEN_AGE.seconds + SKEW,
            MAX_TOKEN_AGE.seconds + SKEW + 1,
            "id_token_too_old",
        ),
    ],
    ids=["exp", "iat", "nbf", "auth_time", "age"],
)
def test_times_count_to_the_second(claims: dict[str, Any], passes_at: int, fails_at: int, code: str) -> None:
    token = honest().but(**claims)
    check(token, now=NOW + timedelta(seconds=passes_at))
    assert refusal(lambda: check(token, now=NOW + timedelta(seconds=fails_at))) == code


@pytest.mark.parametrize(
    ("hours", "code"), [(1, "id_token_not_yet_valid"), (-1, "id_token_expired")], ids=["ahead", "behind"]
)
def test_clock_an_hour_off_is_refused_and_named(hours: int, code: str) -> None:
    offset = hours * 3600
    token = honest().but(iat=seconds(offset), exp=seconds(offset + 300), auth_time=seconds(offset))
    with pytest.raises(IDTokenRejected) as refused:
        check(token)
    assert refused.value.code == code
    assert "clocks" in refused.value.admin_detail


@pytest.mark.catalogue("WEB-AUD-TIMES")
def test_max_age_needs_a_recent_auth_time() -> None:
    expected = dataclasses.replace(EXPECTED, max_age_seconds=900)
    check(honest(auth_time=seconds(-900 - SKEW)), expected=expected)
    check(honest(auth_time=seconds(-5000)))  # not asked for, not checked
    too_old = honest(auth_time=seconds(-900 - SKEW - 1))
    assert refusal(lambda: check(too_old, expected=expected)) == "authentication_too_old"
    silent = honest().but(auth_time=OMIT)
    assert refusal(lambda: check(silent, expected=expected)) == "claim_missing"


@pytest.mark.parametrize(
    ("algorithm", "hash_name"),
    [("RS256", "sha256"), ("PS256", "sha256"), ("ES256", "sha256"), ("EdDSA", "sha512")],
)
def test_at_hash_follows_the_algorithm(algorithm: str, hash_name: str) -> None:
    key = KEYS[algorithm]
    check(honest(key, at_hash=at_hash("access-token-1", hash_name)), key=key)
    wrong = honest(key, at_hash=at_hash("access-token-1", "sha384"))
    assert refusal(lambda: check(wrong, key=key)) == "access_token_mismatch"


def with_(**changes: Any) -> IDTokenBuilder:
    return dataclasses.replace(honest(), **changes)


@pytest.mark.catalogue("WEB-ALG")
@pytest.mark.parametrize(
    ("builder", "code"),
    [
        (with_(algorithm="none"), "algorithm_not_allowed"),
        (with_(headers={"alg": "None"}), "algorithm_not_allowed"),
        (with_(headers={"alg": OMIT}), "algorithm_not_allowed"),
        (with_(headers={"alg": ["RS256"]}), "algorithm_not_allowed"),
        (with_(algorithm="HS256", key=b"s" * 32), "algorithm_not_allowed"),
        (with_(algorithm="RS384"), "algorithm_not_allowed"),
        (with_(algorithm="RS512"), "algorithm_not_allowed"),
        (with_(headers={"crit": ["exp"]}), "id_token_malformed"),
        (with_(headers={"crit": ["b64"], "b64": True}), "id_token_malformed"),
        (with_(headers={"b64": False}), "id_token_malformed"),
        (with_(headers={"kid": 7}), "id_token_malformed"),
        (with_(spoil_signature=True), "signature_invalid"),
        (with_(key=OTHER_KEY), "signature_invalid"),
        # Keys in the header are not looked at, whatever they are.
        (with_(key=OTHER_KEY, headers={"jwk": OTHER_KEY.as_public_jwk()}), "signature_invalid"),
        (with_(key=OTHER_KEY, headers={"jku": "https://evil.example/jwks"}), "signature_invalid"),
    ],
)
def test_wrong_signatures_are_refused(builder: IDTokenBuilder, code: str) -> None:
    assert refusal(lambda: check(builder)) == code


@pytest.mark.catalogue("WEB-ALG")
def test_public_key_as_hmac_secret_is_refused() -> None:
    pem = KEY.private_key.public_key()
    secret = jwt.algorithms.RSAAlgorithm.to_jwk(pem).encode()  # type: ignore[arg-type]
    assert refusal(lambda: check(with_(algorithm="HS256", key=secret))) == "algorithm_not_allowed"


def test_any_of_several_keys_may_have_signed() -> None:
    token = UnverifiedIDToken.parse(honest().encode())
    keys = [public(OTHER_KEY), public(KEY)]
    assert check_id_token(token, keys=keys, expected=EXPECTED, now=NOW).subject == "max"


@pytest.mark.catalogue("WEB-ALG")
@pytest.mark.filterwarnings("ignore:Key size should be")
def test_short_rsa_key_is_refused() -> None:
    short = OIDCKey("RS256", _short_rsa_key())
    assert refusal(lambda: check(honest(short), key=short)) == "signature_invalid"


@pytest.mark.catalogue("WEB-ALG")
def test_token_signed_over_other_claims_is_refused() -> None:
    header, _, signature = honest().encode().split(".")
    _, other_claims, _ = honest().but(sub="olivia").encode().split(".")
    token = UnverifiedIDToken.parse(f"{header}.{other_claims}.{signature}")
    assert (
        refusal(lambda: check_id_token(token, keys=[public(KEY)], expected=EXPECTED, now=NOW))
        == "signature_invalid"
    )


@pytest.mark.parametrize(
    "compact",
    [
        None,
        "",
        7,
        "garbage",
        "a.b",
        "a.b.c.d.e",
        "é.b.c",
        "!!!!.b.c",
        "bnVsbA.b.c",  # null
        "W10.b.c",  # []
        "eyJhbGciOiJSUzI1NiJ9.b",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6Ilx1ZDgwMCJ9.e30.c2ln",  # kid is a lone surrogate
        "x" * 100_001,
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_token_is_refused(compact: object) -> None:
    with pytest.raises(IDTokenMalformed):
        UnverifiedIDToken.parse(compact)


@pytest.mark.parametrize("media_type", ["JWT", "jwt", "application/jwt", OMIT])
def test_token_that_says_it_is_a_jwt_or_says_nothing_is_read(media_type: object) -> None:
    check(with_(headers={"typ": media_type}))


@pytest.mark.parametrize(
    "media_type", ["at+jwt", "application/at+jwt", "logout+jwt", "secevent+jwt", "jose", "x"]
)
def test_token_that_says_it_is_another_kind_is_refused(media_type: str) -> None:
    """The same keys sign access tokens and logout tokens (RFC 8725, 3.11)."""
    assert refusal(lambda: check(with_(headers={"typ": media_type}))) == "id_token_type_wrong"


def test_token_in_a_token_is_refused() -> None:
    """Nested (RFC 7519, 5.2): the payload is a JWT and no claims."""
    signed = jwt.api_jws.encode(
        honest().encode().encode(),
        KEYS["RS256"].private_key,
        algorithm="RS256",
        headers={"typ": "JWT", "cty": "JWT", "kid": KEYS["RS256"].kid},
    )
    token = UnverifiedIDToken.parse(signed)
    keys = [public(KEYS["RS256"])]
    assert (
        refusal(lambda: check_id_token(token, keys=keys, expected=EXPECTED, now=NOW)) == "id_token_malformed"
    )


@pytest.mark.catalogue("WEB-ALG")
@pytest.mark.parametrize("algorithm", ALLOWED_ALGORITHMS)
def test_connection_may_accept_fewer_algorithms(algorithm: str) -> None:
    compact = honest(KEYS[algorithm]).encode()
    UnverifiedIDToken.parse(compact, allowed=[algorithm])
    others = [name for name in ALLOWED_ALGORITHMS if name != algorithm]
    assert refusal(lambda: UnverifiedIDToken.parse(compact, allowed=others)) == "algorithm_not_allowed"
    assert refusal(lambda: UnverifiedIDToken.parse(compact, allowed=[])) == "algorithm_not_allowed"


@pytest.mark.parametrize(
    "claims", [{"exp": float("nan")}, {"exp": float("inf")}, {"name": "\x00"}, {"name": "\ud800"}], ids=ascii
)
def test_claims_that_cannot_be_stored_are_refused(claims: dict[str, Any]) -> None:
    assert refusal(lambda: check(honest(**claims))) == "id_token_malformed"


def test_refusals_show_no_nonce_and_no_token() -> None:
    secrets = (EXPECTED.nonce, "nonce-2", EXPECTED.access_token, honest().encode())
    for builder in (honest().but(nonce="nonce-2"), honest().but(at_hash="x"), with_(spoil_signature=True)):
        with pytest.raises(IDTokenRejected) as refused:
            check(builder)
        said = f"{refused.value.admin_detail} {refused.value.log_fields} {refused.value!r}"
        assert not [secret for secret in secrets if secret in said]
    assert honest().encode() not in repr(UnverifiedIDToken.parse(honest().encode()))
    assert EXPECTED.nonce not in repr(EXPECTED)


def refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises(IDTokenRejected) as refused:
        attempt()
    return refused.value.code


def _short_rsa_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
