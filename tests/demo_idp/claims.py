"""What an IdP says of a person, as OIDC claims and as SAML attributes."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from tests.demo_idp.config import Person

Attributes = dict[str, tuple[str, ...]]


def oidc_claims(person: Person, scopes: Collection[str]) -> dict[str, Any]:
    """Claims by scope (OpenID Connect Core 1.0, 5.4). Groups and extra claims need no scope."""
    claims: dict[str, Any] = dict(person.extra)
    if person.groups:
        claims["groups"] = list(person.groups)
    if "profile" in scopes:
        claims["name"] = person.name
    if "email" in scopes and person.email is not None:
        claims.update(email=person.email, email_verified=person.email_verified)
    return claims


def saml_attributes(person: Person, names: Mapping[str, str]) -> Attributes:
    """Attributes by name. `names` renames `email`, `name` and `groups`; nested extras get dotted names."""
    attributes: Attributes = {names.get("name", "name"): (person.name,)}
    if person.email is not None:
        attributes[names.get("email", "email")] = (person.email,)
    if person.groups:
        attributes[names.get("groups", "groups")] = person.groups
    return {**attributes, **dict(_flatten(person.extra, prefix=""))}


def _flatten(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, prefix=f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{name}", tuple(str(item) for item in value)
        else:
            yield f"{prefix}{name}", (str(value),)
