"""Which key verifies a token, and how long keys are trusted."""

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from hubsso import net
from hubsso.net.patience import MAX_WAITING
from sso.errors import SSOError
from sso.oidc.discovery import ProviderMetadata
from sso.oidc.id_token import UnverifiedIDToken
from sso.oidc.jwks import Asker, keys_for
from tests.demo_idp import IDTokenBuilder
from tests.demo_idp.keys import KeyStore, OIDCKey
from tests.parallel import in_parallel
from tests.sso.oidc.fake_op import FakeOP

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
OLD = KeyStore().oidc_key("jwks-old", "RS256")
NEW = KeyStore().oidc_key("jwks-new", "RS256")
ES256 = KeyStore().oidc_key("jwks-es256", "ES256")
EDDSA = KeyStore().oidc_key("jwks-eddsa", "EdDSA")


@pytest.fixture
def op() -> Iterator[FakeOP]:
    with FakeOP() as fake:
        publish(fake, OLD.as_public_jwk())
        yield fake


def publish(op: FakeOP, *keys: Any) -> None:
    op.documents["/jwks"] = {"keys": list(keys)}


def metadata_of(op: FakeOP, issuer: str = "") -> ProviderMetadata:
    return ProviderMetadata(
        issuer=issuer or op.issuer,
        authorization_endpoint=f"{op.issuer}/authorize",
        token_endpoint=f"{op.issuer}/token",
        jwks_uri=f"{op.issuer}/jwks",
    )


def token_of(key: OIDCKey, *, kid: str | None = "its own") -> UnverifiedIDToken:
    builder = IDTokenBuilder.honest(
        issuer="https://idp.example", subject="max", client_id="hubsso", key=key, now=NOW
    )
    if kid != "its own":
        builder = dataclasses.replace(builder, kid=kid)
    return UnverifiedIDToken.parse(builder.encode())


def keys(op: FakeOP, key: OIDCKey, *, after_seconds: int = 0, kid: str | None = "its own") -> list[jwt.PyJWK]:
    now = NOW + timedelta(seconds=after_seconds)
    return keys_for(token_of(key, kid=kid), metadata=metadata_of(op), now=now)


def code(op: FakeOP, key: OIDCKey, **how: Any) -> str:
    with pytest.raises(SSOError) as refused:
        keys(op, key, **how)
    return refused.value.code


def asked(op: FakeOP) -> int:
    return op.requests.count("/jwks")


# --- Which key -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [OLD, ES256, EDDSA], ids=lambda key: key.algorithm)
def test_key_is_found_by_kid_among_others(op: FakeOP, key: OIDCKey) -> None:
    publish(op, NEW.as_public_jwk(), *(each.as_public_jwk() for each in (OLD, ES256, EDDSA)))
    (found,) = keys(op, key)
    assert found.algorithm_name == key.algorithm


@pytest.mark.catalogue("WEB-ALG")
@pytest.mark.parametrize(
    "changes",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"alg": "RS512"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "EC"},
        {"kid": "another"},
        {"kid": None},
        {"n": "!"},
        {"n": 7},
        {"n": {}},
        {"e": ""},
    ],
    ids=str,
)
def test_key_that_may_not_verify_is_not_used(op: FakeOP, changes: dict[str, Any]) -> None:
    publish(op, {**OLD.as_public_jwk(), **changes})
    assert code(op, OLD) == "key_unknown"


def test_key_without_use_and_alg_is_used(op: FakeOP) -> None:
    publish(op, {name: value for name, value in OLD.as_public_jwk().items() if name not in ("use", "alg")})
    assert len(keys(op, OLD)) == 1


def test_private_parameters_of_a_careless_op_are_left_out(op: FakeOP) -> None:
    private = dict(OLD.as_joserfc_key().as_dict(private=True))
    publish(op, {**private, **OLD.as_public_jwk()})
    (found,) = keys(op, OLD)
    assert "PublicKey" in type(found.key).__name__


def test_two_keys_of_one_kid_are_both_tried(op: FakeOP) -> None:
    publish(op, {**NEW.as_public_jwk(), "kid": OLD.kid}, OLD.as_public_jwk())
    assert len(keys(op, OLD)) == 2


def test_token_without_kid_tries_the_few_that_fit(op: FakeOP) -> None:
    publish(op, OLD.as_public_jwk(), ES256.as_public_jwk(), NEW.as_public_jwk())
    assert [key.algorithm_name for key in keys(op, OLD, kid=None)] == ["RS256", "RS256"]
    old = OLD.as_public_jwk()
    publish(op, *[{**old, "kid": str(number)} for number in range(50)])
    assert len(keys(op, OLD, kid=None, after_seconds=600)) == 5


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, "keys_invalid"),
        ({"keys": {}}, "keys_invalid"),
        ({"keys": []}, "key_unknown"),
        ({"keys": ["x", 7, None]}, "key_unknown"),
    ],
)
def test_odd_documents_are_refused(op: FakeOP, document: dict[str, Any], expected: str) -> None:
    op.documents["/jwks"] = document
    assert code(op, OLD) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((200, "<html>"), "keys_invalid"),
        ((404, ""), "keys_invalid"),
        ((500, ""), "keys_unreachable"),
        ((200, "x" * (1024 * 1024 + 1)), "keys_invalid"),
    ],
    ids=["html", "404", "500", "large"],
)
def test_answers_that_are_no_key_set_are_refused(op: FakeOP, answer: tuple[int, str], expected: str) -> None:
    op.answers["/jwks"] = answer
    assert code(op, OLD) == expected


# --- How long ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "times"), [(299, 1), (300, 2)])
def test_keys_are_fresh_for_five_minutes(op: FakeOP, seconds: int, times: int) -> None:
    keys(op, OLD)
    keys(op, OLD, after_seconds=seconds)
    assert asked(op) == times


@pytest.mark.parametrize("seconds", [1, 60])
def test_rotated_key_is_found_at_once(op: FakeOP, seconds: int) -> None:
    keys(op, OLD)
    publish(op, OLD.as_public_jwk(), NEW.as_public_jwk())
    assert len(keys(op, NEW, after_seconds=seconds)) == 1
    assert asked(op) == 2


def test_unknown_kid_asks_again_at_most_once_a_minute(op: FakeOP) -> None:
    keys(op, OLD)
    for seconds in (60, 61, 119, 120, 121):
        assert code(op, NEW, after_seconds=seconds) == "key_unknown"
    assert asked(op) == 3


def test_logins_that_come_at_once_after_a_rotation_all_get_the_new_key(op: FakeOP) -> None:
    keys(op, OLD)
    publish(op, NEW.as_public_jwk())
    op.delays_seconds["/jwks"] = 0.3
    found = in_parallel(lambda: len(keys(op, NEW, after_seconds=1)), times=4)
    assert found == [1, 1, 1, 1]
    assert asked(op) == 2


@pytest.mark.parametrize("held_seconds", [300, 600])
def test_logins_at_once_all_get_the_new_key_also_where_the_old_ones_have_aged(
    op: FakeOP, held_seconds: int
) -> None:
    keys(op, OLD)
    publish(op, NEW.as_public_jwk())
    op.delays_seconds["/jwks"] = 0.3
    assert in_parallel(lambda: len(keys(op, NEW, after_seconds=held_seconds)), times=4) == [1, 1, 1, 1]


def test_made_up_kids_that_come_at_once_ask_once_and_are_all_refused(op: FakeOP) -> None:
    keys(op, OLD)
    op.delays_seconds["/jwks"] = 0.3
    assert in_parallel(lambda: code(op, NEW, after_seconds=1), times=4) == ["key_unknown"] * 4
    assert asked(op) == 2


def test_more_than_may_wait_for_one_op_are_told_to_come_back(op: FakeOP) -> None:
    """Whoever waits for another's fetch keeps a thread, too; there is always one place for the fetch itself."""
    keys(op, OLD)
    publish(op, NEW.as_public_jwk())
    op.delays_seconds["/jwks"] = 0.5
    outcomes = in_parallel(lambda: outcome(op, NEW), times=12)
    assert set(outcomes) <= {"found", "keys_unreachable"}
    assert outcomes.count("found") >= MAX_WAITING - 1
    assert asked(op) == 2
    assert outcome(op, NEW) == "found"


def test_minute_is_not_used_up_where_there_was_no_place_to_ask(op: FakeOP) -> None:
    keys(op, OLD)
    publish(op, NEW.as_public_jwk())
    with ExitStack() as others:
        for number in range(MAX_WAITING):
            others.enter_context(net.logins.asking(op.issuer, f"{op.issuer}/{number}"))
        assert code(op, NEW, after_seconds=1) == "keys_unreachable"
    assert asked(op) == 1
    assert len(keys(op, NEW, after_seconds=2)) == 1


def outcome(op: FakeOP, key: OIDCKey) -> str:
    try:
        return "found" if keys(op, key, after_seconds=1) else "none"
    except SSOError as error:
        return error.code


# --- On whose account ----------------------------------------------------------------------------------


def test_stranger_whose_minute_is_used_up_finds_what_a_login_has_fetched(op: FakeOP) -> None:
    keys(op, OLD)
    publish(op, NEW.as_public_jwk())
    for _ in range(2):
        with pytest.raises(SSOError):
            strangers_keys(op, ES256)
    publish(op, EDDSA.as_public_jwk())
    with pytest.raises(SSOError):
        strangers_keys(op, EDDSA)
    asked_before = asked(op)
    keys(op, EDDSA, after_seconds=1)
    assert len(strangers_keys(op, EDDSA, after_seconds=1)) == 1
    assert asked(op) == asked_before + 1, "the login's own"


def test_stranger_is_not_served_what_a_login_would_fetch_anew(op: FakeOP) -> None:
    keys(op, OLD)
    publish(op, NEW.as_public_jwk())
    assert len(strangers_keys(op, OLD, after_seconds=299)) == 1
    with pytest.raises(SSOError):
        strangers_keys(op, OLD, after_seconds=300)


def strangers_keys(op: FakeOP, key: OIDCKey, *, after_seconds: int = 0) -> list[jwt.PyJWK]:
    now = NOW + timedelta(seconds=after_seconds)
    return keys_for(token_of(key), metadata=metadata_of(op), now=now, asker=Asker.STRANGER)


def test_one_issuers_unknown_kids_do_not_hold_up_anothers_rotation(op: FakeOP) -> None:
    keys(op, OLD)
    another = metadata_of(op, issuer="https://another.example")
    for _ in range(3):
        with pytest.raises(SSOError):
            keys_for(token_of(NEW), metadata=another, now=NOW + timedelta(seconds=60))
    publish(op, NEW.as_public_jwk())
    assert len(keys(op, NEW, after_seconds=60)) == 1


def test_keys_serve_while_the_op_is_away_and_are_dead_after_ten_minutes(op: FakeOP) -> None:
    keys(op, OLD)
    op.answers["/jwks"] = (503, "")
    for seconds in (300, 330, 599):
        assert len(keys(op, OLD, after_seconds=seconds)) == 1
    assert asked(op) == 3  # at 300 and at 599, not at 330
    assert code(op, OLD, after_seconds=600) == "keys_unreachable"


def test_withdrawn_key_is_dead_after_ten_minutes_whatever_the_op_does(op: FakeOP) -> None:
    keys(op, OLD)
    publish(op, NEW.as_public_jwk())
    assert len(keys(op, OLD, after_seconds=299)) == 1
    assert code(op, OLD, after_seconds=300) == "key_unknown"
