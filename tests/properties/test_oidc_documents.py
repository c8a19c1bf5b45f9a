"""What an OP publishes and signs: discovery documents, JWKS, ID tokens. Refused by the catalogue, or what it seems."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sso.oidc import discovery, jwks
from sso.oidc.discovery import ProviderMetadata, check_issuer
from sso.oidc.errors import OIDCError
from sso.oidc.id_token import ALLOWED_ALGORITHMS, REFUSALS, UnverifiedIDToken, VerifiedClaims, check_id_token
from tests.demo_idp.keys import KeyStore
from tests.properties.strategies import json_values, objects_with, words
from tests.sso.oidc.fake_op import FakeOP
from tests.sso.oidc.test_id_token import EXPECTED, NOW, honest, public

TIME = datetime(2031, 5, 6, tzinfo=UTC)
KEY = KeyStore().oidc_key("properties", "EdDSA")
OTHER_KEY = KeyStore().oidc_key("properties-other", "EdDSA")
DOCUMENT = "/.well-known/openid-configuration"
DISCOVERY_NAMES = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "response_types_supported",
    "token_endpoint_auth_methods_supported",
    "authorization_response_iss_parameter_supported",
)
ENDPOINTS = [
    "https://op.example/x",
    "http://op.example/x",
    "http://127.0.0.1:9/x",
    "https://op.example@evil.example/x",
    "https://op.example/x#fragment",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "//op.example/x",
    "https://",
    "https://[::1",
    "https://op.example:99999/x",
]
CLAIM_NAMES = (
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "nonce",
    "auth_time",
    "at_hash",
    "sid",
    "email",
)


@pytest.fixture
def op() -> Iterator[FakeOP]:
    with FakeOP() as op:
        yield op


# --- Discovery -----------------------------------------------------------------------------------------


def check_metadata(metadata: ProviderMetadata, op: FakeOP) -> None:
    assert metadata.issuer == op.issuer
    assert set(metadata.token_auth_methods) <= {
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    }
    for url in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
        parts = urlsplit(url)
        assert parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "127.0.0.1")
        assert parts.hostname
        assert "@" not in parts.netloc


@given(
    changes=objects_with(*DISCOVERY_NAMES, values=st.one_of(json_values, st.sampled_from(ENDPOINTS))),
    left_out=st.sets(st.sampled_from(DISCOVERY_NAMES), max_size=2),
)
def test_discovery_document_is_refused_or_names_usable_endpoints(
    op: FakeOP, changes: dict[str, Any], left_out: set[str]
) -> None:
    changed = {**op.documents[DOCUMENT], **changes}
    document = {name: value for name, value in changed.items() if name not in left_out}
    op.answers[DOCUMENT] = (200, json.dumps(document))
    try:
        metadata = check_issuer(op.issuer, now=TIME)
    except OIDCError:
        assert changes or left_out
        return
    check_metadata(metadata, op)


@given(issuer=st.one_of(words, st.sampled_from(ENDPOINTS), st.text(max_size=20).map("https://{}".format)))
@example(issuer="https://op.example/%0d%0aHost:%20evil")
def test_issuer_that_an_admin_types_is_refused_or_leads_to_its_own_host(issuer: str) -> None:
    try:
        url = discovery.discovery_url(issuer)
    except OIDCError:
        return
    assert url.startswith(issuer.rstrip("/"))
    assert urlsplit(url).netloc == urlsplit(issuer).netloc
    assert not any(character.isspace() for character in url)


# --- Keys ----------------------------------------------------------------------------------------------

jwk_changes = objects_with("kty", "use", "key_ops", "alg", "kid", "n", "e", "crv", "x", "y", "k", "d")
tokens = st.builds(
    UnverifiedIDToken,
    compact=st.just(""),
    algorithm=st.sampled_from(ALLOWED_ALGORITHMS),
    kid=st.one_of(st.none(), st.just(KEY.kid), words),
    media_type=st.just("jwt"),
    refusals=st.just(REFUSALS),
)
NAMES_KEY = UnverifiedIDToken("", KEY.algorithm, KEY.kid, "jwt", REFUSALS)


@settings(max_examples=100)
@example(keys=[], token=NAMES_KEY, is_honest_among_them=True)
@given(
    keys=st.one_of(st.lists(jwk_changes, max_size=4), json_values),
    token=tokens,
    is_honest_among_them=st.booleans(),
)
def test_key_set_is_refused_or_gives_public_keys_that_fit(
    op: FakeOP, keys: Any, token: UnverifiedIDToken, is_honest_among_them: bool
) -> None:
    honest_key = KEY.as_public_jwk()
    if isinstance(keys, list):
        keys = [{**honest_key, **key} if isinstance(key, dict) else key for key in keys]
        keys += [honest_key] if is_honest_among_them else []
    op.answers["/jwks"] = (200, json.dumps({"keys": keys}))
    jwks.forget_all()
    metadata = ProviderMetadata(
        issuer=op.issuer,
        authorization_endpoint="https://op.example/authorize",
        token_endpoint="https://op.example/token",
        jwks_uri=f"{op.issuer}/jwks",
    )
    try:
        found = jwks.keys_for(token, metadata=metadata, now=TIME)
    except OIDCError:
        assert not (
            keys == [honest_key] and token.kid in (None, KEY.kid) and token.algorithm == KEY.algorithm
        )
        return
    assert 0 < len(found) <= jwks.MAX_KEYS_TRIED
    for key in found:
        assert key.algorithm_name == token.algorithm
        assert "PublicKey" in type(key.key).__name__


# --- ID tokens -----------------------------------------------------------------------------------------


def base64url(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@pytest.mark.catalogue("WEB-ALG")
@settings(max_examples=200)
@given(
    st.one_of(
        json_values,
        words,
        st.binary(max_size=40).map(base64url),
        st.builds("{}.{}.{}".format, words, words, words),
        objects_with("alg", "kid", "crit", "jwk", "jku", "x5u", "typ", "b64").map(
            lambda header: f"{base64url(json.dumps(header).encode())}.e30.x"
        ),
    )
)
def test_header_is_refused_or_names_an_allowed_algorithm(compact: Any) -> None:
    try:
        token = UnverifiedIDToken.parse(compact)
    except OIDCError:
        return
    assert token.algorithm in ALLOWED_ALGORITHMS
    assert token.kid is None or isinstance(token.kid, str)


@pytest.mark.catalogue("WEB-ALG")
@given(
    headers=objects_with(
        "kid", "crit", "jwk", "jku", "x5u", "x5c", "b64", "typ", "cty", "zip", "enc", "p2c", "url"
    )
)
def test_signed_token_with_any_header_is_refused_or_verified_by_the_issuers_key(
    headers: dict[str, Any],
) -> None:
    """Keys that the header brings along verify nothing: a token of another key is refused with the same header."""
    builder = honest(KEY, sid="sid-1")
    for key, is_ours in ((KEY, True), (OTHER_KEY, False)):
        changed = type(builder)(claims=builder.claims, key=key, algorithm="EdDSA", headers=headers)
        verified = verified_or_none(changed.encode())
        assert verified is None or is_ours
        assert verified is not None or not is_ours or headers


@pytest.mark.catalogue("WEB-AUD-TIMES")
@settings(max_examples=150)
@given(
    changes=objects_with(*CLAIM_NAMES),
    left_out=st.sets(st.sampled_from(CLAIM_NAMES), max_size=1),
)
@example(changes={}, left_out=set())
@example(changes={"exp": 1e308}, left_out=set())
@example(changes={"auth_time": -62135596800}, left_out=set())
def test_claims_are_refused_or_are_what_was_expected(changes: dict[str, Any], left_out: set[str]) -> None:
    builder = honest(KEY)
    claims = {name: value for name, value in {**builder.claims, **changes}.items() if name not in left_out}
    verified = verified_or_none(
        type(builder)(claims=claims, key=KEY, algorithm="EdDSA", kid=KEY.kid).encode()
    )
    if verified is None:
        assert changes or left_out
        return
    assert verified.issuer == EXPECTED.issuer == claims["iss"]
    assert verified.subject == claims["sub"]
    assert verified.subject.isprintable()
    assert claims["nonce"] == EXPECTED.nonce
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    assert EXPECTED.client_id in audiences
    assert claims.get("azp") in (None, EXPECTED.client_id)
    assert (verified.expires_at - NOW).total_seconds() > -60
    assert abs((verified.issued_at - NOW).total_seconds()) <= 660


def verified_or_none(compact: str) -> VerifiedClaims | None:
    try:
        token = UnverifiedIDToken.parse(compact)
        return check_id_token(token, keys=[public(KEY)], expected=EXPECTED, now=NOW)
    except OIDCError:
        return None
