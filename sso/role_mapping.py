"""What an IdP's attributes say about roles and resource groups. Pure: no database, no request."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from orgs.roles import Role


@dataclass(frozen=True, slots=True)
class MappedRole:
    """The role that won, and the value that gave it."""

    role: Role
    value: str


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
