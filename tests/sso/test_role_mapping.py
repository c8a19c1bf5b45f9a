"""Attribute paths and rules, by table."""

from collections.abc import Mapping

import pytest

from orgs.roles import Role
from sso.mapping.role_mapping import MappedRole, mapped_role, mapped_seats, values_at

CLAIMS: Mapping[str, object] = {
    "groups": ["eng", "eng-admins"],
    "role": "admin",
    "user": {"role": "writer", "teams": ["a", "b"]},
    "realm_access": {"roles": ["uma", "hub-admin"]},
    "user.role": "exact key wins",
    "http://schemas.example.org/claims/role": ["saml-admin"],
    "https://acme.example/app": {"roles": ["namespaced"], "v1.2": {"level": "deep"}},
    "is_admin": True,
    "level": 3,
    "nothing": None,
    "objects": [{"name": "x"}, "plain", ["nested"]],
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("groups", ("eng", "eng-admins")),
        ("role", ("admin",)),
        ("user.role", ("exact key wins",)),
        ("user.teams", ("a", "b")),
        ("realm_access.roles", ("uma", "hub-admin")),
        ("http://schemas.example.org/claims/role", ("saml-admin",)),
        ("https://acme.example/app.roles", ("namespaced",)),
        ("https://acme.example/app.v1.2.level", ("deep",)),
        ("is_admin", ("true",)),
        ("level", ("3",)),
        ("objects", ("plain",)),
        ("nothing", ()),
        ("user", ()),
        ("absent", ()),
        ("groups.eng", ()),
        ("user.", ()),
        (".user", ()),
        ("", ()),
    ],
)
def test_values_under_a_path(path: str, values: tuple[str, ...]) -> None:
    assert values_at(CLAIMS, path) == values


RULES = [("eng", Role.WRITE), ("eng-admins", Role.ADMIN), ("guests", Role.NO_ACCESS)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("eng",), MappedRole(Role.WRITE, "eng")),
        (("eng", "eng-admins"), MappedRole(Role.ADMIN, "eng-admins")),
        (("eng-admins", "eng"), MappedRole(Role.ADMIN, "eng-admins")),
        (("guests",), MappedRole(Role.NO_ACCESS, "guests")),
        (("guests", "eng"), MappedRole(Role.WRITE, "eng")),
        (("ENG",), None),
        ((" eng",), None),
        (("engineering",), None),
        ((), None),
    ],
)
def test_the_most_privileged_match_wins_and_values_compare_exactly(
    values: tuple[str, ...], expected: MappedRole | None
) -> None:
    assert mapped_role(values, RULES) == expected


def test_every_matching_group_rule_applies_and_the_higher_role_wins_in_a_group() -> None:
    rules = [
        ("eng", 1, Role.READ),
        ("eng-admins", 1, Role.WRITE),
        ("eng", 2, Role.READ),
        ("hr", 3, Role.READ),
    ]
    assert mapped_seats(["eng", "eng-admins"], rules) == {1: Role.WRITE, 2: Role.READ}
    assert mapped_seats([], rules) == {}
