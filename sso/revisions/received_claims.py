"""What an IdP said of a person, made ready to be shown to the organisation's admins: cut, and without secrets.

Both protocols hand on claims by a name that an attribute path would find them by (`role_mapping.values_at`).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

MAX_CLAIMS = 200
MAX_VALUES = 100
MAX_VALUE_LENGTH = 300

REDACTED = "•••"
# By its name or its look, whatever could open something. A hash or a nonce opens nothing, but says nothing either.
_SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|credential|cookie|api_?key|private_?key|nonce|_hash$", re.IGNORECASE
)
_COMPACT_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_.-]*)?")


class ClaimUse(StrEnum):
    """What became of a claim."""

    SUBJECT = "subject"
    EMAIL = "email"
    EMAIL_CHECK = "email_check"  # whether the e-mail address may be used
    EMAIL_UNUSABLE = "email_unusable"  # unverified by the IdP's own word, or no address
    ROLE = "role"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class ReceivedClaim:
    """One claim or attribute; `use` is None for what nothing here reads."""

    name: str
    values: tuple[str, ...]
    use: ClaimUse | None = None


def flattened(attributes: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names and values, objects in objects under dotted names."""
    for name, value in attributes.items():
        yield from _flattened(name, value)


def for_admins(claims: Iterable[ReceivedClaim]) -> list[ReceivedClaim]:
    """The claims as they may be kept and shown: long ones cut, secrets and tokens struck out."""
    kept = [claim for number, claim in enumerate(claims) if number < MAX_CLAIMS]
    return [ReceivedClaim(cut(claim.name), _shown_values(claim), claim.use) for claim in kept]


def cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE_LENGTH else text[:MAX_VALUE_LENGTH] + "…"


def _flattened(name: str, value: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(value, Mapping) and value:
        for inner, item in value.items():
            yield from _flattened(f"{name}.{inner}", item)
    else:
        yield name, tuple(_text(item) for item in (value if isinstance(value, list | tuple) else [value]))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _shown_values(claim: ReceivedClaim) -> tuple[str, ...]:
    if claim.use is None and _SECRET_NAME.search(claim.name):
        return (REDACTED,)
    values = [
        REDACTED if _COMPACT_JWT.fullmatch(value) else cut(value) for value in claim.values[:MAX_VALUES]
    ]
    return tuple(values) if len(claim.values) <= MAX_VALUES else (*values, "…")
