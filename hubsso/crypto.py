"""Secrets at rest: authenticated encryption with a list of keys, bound to the place they belong to.

The first key of `ENCRYPTION_KEYS` encrypts, all of them decrypt (Fernet: AES-128-CBC with HMAC-SHA256). The
context (table, row, field) travels inside the sealed text, so that a ciphertext copied to another row does
not open there. A wrong key or context raises `CannotUnseal`; nothing is ever returned in its place.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


class CannotUnseal(Exception):
    """The text was sealed with a key we do not hold, for another place, or was changed since."""


if TYPE_CHECKING:
    TextColumn = models.TextField[str, str]
else:  # Django's fields take no type arguments at run time
    TextColumn = models.TextField


class SealedField(TextColumn):
    """A column that holds only what `seal` returned. Models open it by a property that states the context.

    `hubsso.key_rotation` finds every column of this type.
    """


def seal(plaintext: str, *, context: str) -> str:
    """Encrypt `plaintext` for one place, such as `revision:<uid>:client_secret`."""
    payload = json.dumps([context, plaintext]).encode()
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(payload).decode()


def unseal(sealed: str, *, context: str) -> str:
    """Decrypt what `seal` made for the same context. Raises CannotUnseal."""
    try:
        payload = _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode())
    except InvalidToken:
        raise CannotUnseal(f"no encryption key opens {context.rsplit(':', 1)[-1]}") from None
    sealed_context, plaintext = json.loads(payload)
    if sealed_context != context:
        raise CannotUnseal("sealed for another place")
    return str(plaintext)


def reseal(sealed: str) -> str:
    """The same secret under the first key. Raises CannotUnseal."""
    try:
        return _fernet(tuple(settings.ENCRYPTION_KEYS)).rotate(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal("no encryption key opens this row") from None


def is_under_first_key(sealed: str) -> bool:
    """Whether rotation has nothing to do here."""
    try:
        _fernet(tuple(settings.ENCRYPTION_KEYS[:1])).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def opens(sealed: str) -> bool:
    """Whether one of our keys made it, whatever place it belongs to."""
    try:
        _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def sealed_with_each_key(plaintext: str) -> list[str]:
    """The same text once under every key: whoever `opens` them all holds all of our keys."""
    return [Fernet(key).encrypt(plaintext.encode()).decode() for key in settings.ENCRYPTION_KEYS]


def check_keys(keys: Sequence[str], *, variable: str) -> None:
    """Raise ImproperlyConfigured, naming `variable`, unless there is a key and every key is a Fernet key."""
    if not keys:
        raise ImproperlyConfigured(f"{variable} must hold at least one key.")
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                f"{variable}: each key must be 32 random bytes in URL-safe base64 "
                "(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')."
            ) from None


def random_token() -> str:
    """256 random bits, safe in URLs, cookies and XML IDs once a letter stands before it."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token that is shown once. Tokens are random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def sealed_columns() -> list[tuple[type[models.Model], str]]:
    """Every (model, field name) that holds sealed text."""
    from django.apps import apps  # noqa: PLC0415 - the app registry is not ready when settings import us

    found: list[tuple[type[models.Model], str]] = []
    for model in apps.get_models():
        fields: list[Any] = list(model._meta.get_fields())
        found += [(model, field.name) for field in fields if isinstance(field, SealedField)]
    return found
