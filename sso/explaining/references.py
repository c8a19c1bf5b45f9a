"""The reference of a refusal: eight letters that arrive when they are read out on the telephone."""

import secrets

from django.utils.crypto import salted_hmac

# Without 0, 1, I, L, O and U.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = 8


def new_reference() -> str:
    """One for what happens once."""
    return _grouped("".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS)))


def reference_for(*what: object) -> str:
    """One for what may happen again, the same each time. Nobody can tell from it what it is for."""
    digest = salted_hmac("sso.reference", "\n".join(map(str, what)), algorithm="sha256").digest()
    number, letters = int.from_bytes(digest), ""
    for _ in range(_LETTERS):
        number, index = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[index]
    return _grouped(letters)


def as_typed(text: str) -> str:
    """What somebody typed as a reference, as it is written; of any other text the capitals."""
    letters = text.upper().replace("-", "").replace(" ", "")
    is_reference = len(letters) == _LETTERS and not set(letters) - set(_ALPHABET)
    return _grouped(letters) if is_reference else text.upper()


def _grouped(letters: str) -> str:
    half = _LETTERS // 2
    return f"{letters[:half]}-{letters[half:]}"
