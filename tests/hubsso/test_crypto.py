"""Secrets at rest."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from hubsso.crypto import (
    CannotUnseal,
    check_keys,
    is_under_first_key,
    random_token,
    reseal,
    seal,
    sealed_columns,
    token_hash,
    unseal,
)
from sso.models import Revision

GOOD_KEY = "dGVzdHMtb25seS1rZXktb2YtMzItYnl0ZXMtLTAwMDE="
CONTEXT = "revision:1:client_secret"


def new_key() -> str:
    return Fernet.generate_key().decode()


def test_sealed_text_opens_in_its_place_only() -> None:
    sealed = seal("s3cret", context=CONTEXT)
    assert "s3cret" not in sealed
    assert unseal(sealed, context=CONTEXT) == "s3cret"
    with pytest.raises(CannotUnseal):
        unseal(sealed, context="revision:2:client_secret")


def test_sealing_twice_gives_two_texts() -> None:
    assert seal("s3cret", context=CONTEXT) != seal("s3cret", context=CONTEXT)


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-4] + "AAAA", lambda text: text[1:], lambda text: "", str.swapcase]
)
def test_damaged_text_does_not_open(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(CannotUnseal) as failure:
        unseal(damage(seal("s3cret", context=CONTEXT)), context=CONTEXT)
    assert "s3cret" not in str(failure.value)


def test_text_of_an_unknown_key_does_not_open(settings: Settings) -> None:
    sealed = seal("s3cret", context=CONTEXT)
    settings.ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(CannotUnseal):
        unseal(sealed, context=CONTEXT)
    with pytest.raises(CannotUnseal):
        reseal(sealed)


def test_old_keys_open_and_the_first_key_seals(settings: Settings) -> None:
    old, new = new_key(), new_key()
    settings.ENCRYPTION_KEYS = [old]
    sealed = seal("s3cret", context=CONTEXT)
    settings.ENCRYPTION_KEYS = [new, old]
    assert unseal(sealed, context=CONTEXT) == "s3cret"
    assert not is_under_first_key(sealed)

    resealed = reseal(sealed)
    assert is_under_first_key(resealed)
    settings.ENCRYPTION_KEYS = [new]
    assert unseal(resealed, context=CONTEXT) == "s3cret"


@pytest.mark.parametrize("keys", [[], ["short"], [GOOD_KEY, "not base64 at all!"], [GOOD_KEY[:-4]]])
def test_unusable_keys_are_refused_by_the_variable_s_name(keys: list[str]) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^THE_KEYS") as refusal:
        check_keys(keys, variable="THE_KEYS")
    assert not any(key in str(refusal.value) for key in keys)


def test_every_sealed_column_is_found() -> None:
    assert (Revision, "client_secret_sealed") in sealed_columns()


def test_columns_named_sealed_are_sealed_columns() -> None:
    """A secret in a plain text column would escape rotation."""
    from django.apps import apps  # noqa: PLC0415

    named = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.name.endswith("_sealed")
    }
    assert named == set(sealed_columns())


def test_tokens_are_random_and_stored_as_hashes() -> None:
    tokens = {random_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)
    token = tokens.pop()
    assert token_hash(token) == token_hash(token) != token
