"""What an IdP's attributes say about roles and resource groups. Pure: no database, no request.

`plan_role` and `plan_seats` decide, for a login (`provisioning`) as for the preview of a mapping that is not saved yet
(`mapping_preview`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from orgs.roles import Role, RoleSource

# Stored with the membership; pages put it in their reader's language.
_DETAIL = "IdP mapping: {attribute} has {value}"
_READ_DETAIL = re.compile(r"IdP mapping: (?P<attribute>.*?) has (?P<value>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MappedRole:
    """The role that won, and the value that gave it."""

    role: Role
    value: str


@dataclass(frozen=True, slots=True)
class RoleMapping:
    """Where the values are, and (value, role) for each rule."""

    is_enabled: bool
    attribute: str
    rules: tuple[tuple[str, Role], ...]

    @property
    def lacks_admin(self) -> bool:
        """Is it on without a rule that gives Admin? Then it may be previewed, and not be saved."""
        return self.is_enabled and not any(role is Role.ADMIN for _, role in self.rules)


@dataclass(frozen=True, slots=True)
class GroupMapping:
    """Where the values are, and (value, resource group id, role) for each rule."""

    is_enabled: bool
    attribute: str
    rules: tuple[tuple[str, int, Role], ...]


@dataclass(frozen=True, slots=True)
class RolePlan:
    """The role a login gives, where it comes from, and why in words. `value` won; empty where none matched."""

    role: Role
    source: RoleSource
    detail: str
    value: str = ""


def plan_role(
    mapping: RoleMapping,
    *,
    attributes: Mapping[str, object],
    groups_incomplete: bool,
    fallback_role: Role | None,
    default_role: Role,
) -> RolePlan | None:
    """The role that a login with these attributes gives. None leaves the role alone.

    That is where the mapping is off, or where the IdP left groups out and nothing else is there to go by.
    """
    if not mapping.is_enabled:
        return None
    values = values_at(attributes, mapping.attribute)
    if not values and groups_incomplete:
        return None
    match = mapped_role(values, mapping.rules)
    if match is not None:
        detail = _DETAIL.format(attribute=mapping.attribute, value=match.value)
        return RolePlan(match.role, RoleSource.IDP, detail, match.value)
    if fallback_role:
        return RolePlan(fallback_role, RoleSource.INVITATION, "No mapping matched")
    return RolePlan(default_role, RoleSource.DEFAULT, "No mapping matched")


def read_detail(detail: str) -> tuple[str, str] | None:
    """(attribute, value) of the detail that `plan_role` gave a role; None for any other text."""
    found = _READ_DETAIL.fullmatch(detail)
    return (found["attribute"], found["value"]) if found else None


def plan_seats(
    mapping: GroupMapping, *, attributes: Mapping[str, object], groups_incomplete: bool
) -> dict[int, Role] | None:
    """Resource group id -> role. None leaves the mapped seats alone, as `plan_role` does the role."""
    if not mapping.is_enabled:
        return None
    values = values_at(attributes, mapping.attribute)
    if not values and groups_incomplete:
        return None
    return mapped_seats(values, mapping.rules)


def values_at(attributes: Mapping[str, object], path: str) -> tuple[str, ...]:
    """The values under an attribute path, as strings; none if the path leads nowhere.

    An exact key wins over a dotted path, at every level, because SAML names and namespaced claims contain dots:
    `https://acme.example/app.roles` finds the key of that name, else `roles` inside `https://acme.example/app`.
    """
    if not path:
        return ()
    return tuple(strings_of(_find(attributes, path)))


def mapped_role(values: Iterable[str], rules: Iterable[tuple[str, Role]]) -> MappedRole | None:
    """The most privileged role of all matching rules. Values are compared exactly."""
    present = frozenset(values)
    matches = [MappedRole(role, value) for value, role in rules if value in present]
    return max(matches, key=lambda match: match.role.rank, default=None)


def mapped_seats(values: Iterable[str], rules: Iterable[tuple[str, int, Role]]) -> dict[int, Role]:
    """Resource group id -> role. All matching rules apply; within a group the most privileged wins."""
    present = frozenset(values)
    seats: dict[int, Role] = {}
    for value, group_id, role in rules:
        if value in present:
            seats[group_id] = max(role, seats.get(group_id, role), key=lambda candidate: candidate.rank)
    return seats


def _find(node: object, path: str) -> object:
    if not isinstance(node, Mapping):
        return None
    if path in node:
        return node[path]
    for head, rest in _splits(path):
        if head in node:
            return _find(node[head], rest)
    return None


def _splits(path: str) -> Iterator[tuple[str, str]]:
    """Every way to cut a dotted path in two, the longest head first."""
    position = path.rfind(".")
    while position > 0:
        yield path[:position], path[position + 1 :]
        position = path.rfind(".", 0, position)


def strings_of(value: object) -> Iterator[str]:
    """A claim's value or values as the strings that a rule is compared with; none for nested objects."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int | float):
        yield str(value)
    elif isinstance(value, list | tuple):
        for item in value:
            if not isinstance(item, list | tuple | Mapping):
                yield from strings_of(item)
