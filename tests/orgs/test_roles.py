"""What each role may do, row by row."""

import pytest

from orgs.roles import Ability, Role, at_least, can, resource_role

R = Role


@pytest.mark.parametrize(
    ("role", "abilities"),
    [
        (R.NO_ACCESS, set()),
        (R.READ, {Ability.READ}),
        (R.CONTRIBUTOR, {Ability.READ, Ability.CREATE}),
        (R.WRITE, {Ability.READ, Ability.CREATE, Ability.EDIT, Ability.DELETE}),
        (R.ADMIN, set(Ability)),
    ],
)
def test_abilities_of_each_role(role: Role, abilities: set[Ability]) -> None:
    assert {ability for ability in Ability if can(role, ability)} == abilities


@pytest.mark.parametrize(
    ("role", "may"),
    [(R.NO_ACCESS, False), (R.READ, False), (R.CONTRIBUTOR, True), (R.WRITE, True), (R.ADMIN, True)],
)
def test_who_may_edit_and_delete_what_they_created(role: Role, may: bool) -> None:
    assert can(role, Ability.EDIT, is_creator=True) is may
    assert can(role, Ability.DELETE, is_creator=True) is may


def test_having_created_something_gives_no_other_ability() -> None:
    assert not can(R.CONTRIBUTOR, Ability.MANAGE, is_creator=True)
    assert not can(R.NO_ACCESS, Ability.READ, is_creator=True)


@pytest.mark.parametrize(
    ("org_role", "in_group", "group_role", "counts"),
    [
        (R.READ, False, None, R.READ),
        (R.WRITE, False, R.READ, R.WRITE),
        (R.WRITE, True, None, R.NO_ACCESS),
        (R.WRITE, True, R.READ, R.READ),
        (R.NO_ACCESS, True, R.WRITE, R.WRITE),
        (R.NO_ACCESS, False, R.WRITE, R.NO_ACCESS),
        (R.ADMIN, True, None, R.ADMIN),
        (R.ADMIN, True, R.READ, R.ADMIN),
    ],
)
def test_role_that_counts_for_a_resource(
    org_role: Role, in_group: bool, group_role: Role | None, counts: Role
) -> None:
    assert resource_role(org_role, in_group=in_group, group_role=group_role) is counts


def test_roles_are_ordered() -> None:
    ranked = sorted(Role, key=lambda role: role.rank)
    assert ranked == [R.NO_ACCESS, R.READ, R.CONTRIBUTOR, R.WRITE, R.ADMIN]
    assert at_least(R.WRITE, R.WRITE)
    assert not at_least(R.CONTRIBUTOR, R.WRITE)
