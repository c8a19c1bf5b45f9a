"""What a mapping would do, told before it is saved: the same as the members' next logins then do."""

from typing import Any

import pytest
from django.utils import timezone

from orgs.models import Membership, ResourceGroupSeat
from orgs.roles import Role, RoleSource
from sso import provisioning
from sso.mapping import mapping_preview, mappings, seen_attributes
from sso.mapping.mapping_preview import Preview, Show, Standing, leaves_no_admin, preview_roles, preview_seats
from sso.mapping.mappings import RoleRow
from sso.mapping.role_mapping import GroupMapping, RoleMapping
from sso.settings_errors import NoAdminLeft, PreviewNeeded
from tests.builders import make_assertion, make_connection, make_group, make_member, make_sso_session
from tests.conftest import World

MAPPING = RoleMapping(True, "groups", (("boss", Role.ADMIN), ("eng", Role.WRITE)))


def said(world: World, membership: Membership, *groups: str, **more: Any) -> None:
    """The last login of a member."""
    seen_attributes.remember(
        connection=world.acme_idp,
        user=membership.user,
        assertion=make_assertion(world.acme_idp, attributes={"groups": list(groups)}, **more),
        now=timezone.now(),
    )


def preview(world: World, mapping: RoleMapping = MAPPING, **more: Any) -> Preview:
    arguments = {"show": Show.ALL, **more}
    return preview_roles(connection=world.acme_idp, mapping=mapping, now=timezone.now(), **arguments)


def numbers(found: Preview) -> dict[str, int]:
    """What is counted, without the zeros."""
    assert found.summary is not None
    return {name: number for name, number in mapping_preview.as_numbers(found.summary).items() if number}


def test_every_member_is_counted_once_by_what_the_mapping_does(world: World) -> None:
    more = [make_member(world.acme, role=role) for role in (Role.WRITE, Role.WRITE, Role.CONTRIBUTOR)]
    said(world, world.olivia, "boss")
    said(world, world.max, "eng")
    said(world, more[0], "eng")
    said(world, more[1], "other")
    said(world, world.nina, "boss")  # external collaborators are left alone
    assert numbers(preview(world)) == {
        "gain": 1,
        "lose": 1,
        "same": 2,
        "unknown": 1,
        "exempt": 1,
        "admins_left": 1,
    }


def test_a_row_says_which_value_gave_the_role(world: World) -> None:
    said(world, world.max, "all", "eng")
    (row,) = preview(world, show=Show.CHANGED).rows
    assert (row.member.email, row.member.role, row.after) == ("max@acme.example", Role.READ, Role.WRITE)
    assert (row.plan.source, row.plan.value) == (RoleSource.IDP, "eng")


@pytest.mark.parametrize(
    ("groups", "fields"),
    [
        (("boss", "eng"), {}),
        (("eng",), {}),
        (("other",), {"fallback_role": Role.CONTRIBUTOR}),
        ((), {}),
    ],
)
def test_the_next_login_does_what_the_preview_said(
    world: World, groups: tuple[str, ...], fields: dict[str, Any]
) -> None:
    member = make_member(world.acme, role=Role.CONTRIBUTOR, **fields)
    said(world, member, *groups)
    row = next(row for row in preview(world).rows if row.member.pk == member.pk)
    mappings.save_role_mapping(
        connection=world.acme_idp,
        is_enabled=True,
        attribute=MAPPING.attribute,
        rows=[RoleRow(value, role) for value, role in MAPPING.rules],
        actor=world.olivia.user,
        now=timezone.now(),
    )
    assertion = make_assertion(world.acme_idp, attributes={"groups": list(groups)})
    provisioning.apply(connection=world.acme_idp, membership=member, assertion=assertion, now=timezone.now())
    member.refresh_from_db()
    assert member.role == row.after
    assert (member.role_source, member.role_detail) == (row.plan.source, row.plan.detail)


def test_an_incomplete_list_of_groups_leaves_the_role(world: World) -> None:
    said(world, world.max, groups_incomplete=True)
    row = next(row for row in preview(world).rows if row.member.pk == world.max.pk)
    assert (row.member.standing, row.plan, row.is_changed) == (Standing.KNOWN, None, False)


def test_whoever_signs_in_by_another_connection_is_not_touched(world: World) -> None:
    other = make_connection(world.acme)
    make_sso_session(world.max, browser_session="b", connection=other)
    said(world, world.max, "boss")
    row = next(row for row in preview(world).rows if row.member.pk == world.max.pk)
    assert (row.member.standing, row.is_changed) == (Standing.ELSEWHERE, False)


def test_pages_follow_each_other_and_only_the_first_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping_preview, "ROWS_ON_A_PAGE", 2)
    monkeypatch.setattr(mapping_preview, "BATCH", 2)
    members = [make_member(world.acme) for _ in range(5)]
    for member in members:
        said(world, member, "eng")
    found: list[int] = []
    page = preview(world, show=Show.CHANGED)
    assert numbers(page)["gain"] == 5
    while True:
        found += [row.member.pk for row in page.rows]
        if page.next_key is None:
            break
        page = preview(world, show=Show.CHANGED, after=page.next_key)
        assert page.summary is None
    assert found == [member.pk for member in members]


def test_the_queries_grow_with_batches_not_with_members(world: World, django_assert_num_queries: Any) -> None:
    for _ in range(30):
        said(world, make_member(world.acme), "eng")
    with django_assert_num_queries(
        5
    ):  # the default role, other connections; members, what they said; no more
        preview(world)


# --- No admin left -------------------------------------------------------------------------------------


def test_a_mapping_that_leaves_no_admin_is_refused(world: World) -> None:
    said(world, world.olivia, "eng")
    assert numbers(preview(world)).get("admins_left") is None
    with pytest.raises(NoAdminLeft) as refusal:
        mappings.save_role_mapping(
            connection=world.acme_idp,
            is_enabled=True,
            attribute="groups",
            rows=[RoleRow("boss", Role.ADMIN)],
            actor=world.olivia.user,
            now=timezone.now(),
        )
    assert refusal.value.code == "mapping_leaves_no_admin"
    assert not world.acme_idp.role_rules.exists()


@pytest.mark.parametrize(
    ("olivia", "max_", "is_refused"),
    [
        (("boss",), ("eng",), False),
        (("eng",), ("boss",), False),  # somebody else becomes admin
        (("eng",), None, True),
        (None, ("eng",), False),  # the only admin is not known: nothing changes until they sign in
    ],
)
def test_who_counts_as_an_admin_that_is_left(
    world: World, olivia: tuple[str, ...] | None, max_: tuple[str, ...] | None, is_refused: bool
) -> None:
    for member, groups in ((world.olivia, olivia), (world.max, max_)):
        if groups is not None:
            said(world, member, *groups)
    now = timezone.now()
    assert leaves_no_admin(connection=world.acme_idp, mapping=MAPPING, now=now) is is_refused
    assert bool(numbers(preview(world)).get("admins_left")) is not is_refused


def test_a_switched_off_account_is_no_admin_that_is_left(world: World) -> None:
    said(world, world.olivia, "eng")
    other = make_member(world.acme, role=Role.ADMIN)
    other.user.is_active = False
    other.user.save()
    assert leaves_no_admin(connection=world.acme_idp, mapping=MAPPING, now=timezone.now())
    assert "admins_left" not in numbers(preview(world))


def test_what_is_saved_is_what_the_preview_showed(world: World) -> None:
    with pytest.raises(PreviewNeeded):
        mappings.save_role_mapping(
            connection=world.acme_idp,
            is_enabled=True,
            attribute="groups",
            rows=[RoleRow("boss", Role.ADMIN), RoleRow("eng", Role.READ)],
            actor=world.olivia.user,
            now=timezone.now(),
            previewed=mappings.preview_stamp(MAPPING),
        )


# --- Seats ---------------------------------------------------------------------------------------------


def test_seats_that_come_go_and_change(world: World) -> None:
    research, sales, ops = (make_group(world.acme, name) for name in ("Research", "Sales", "Ops"))
    for group, role, source in [
        (sales, Role.READ, RoleSource.IDP),
        (ops, Role.READ, RoleSource.IDP),
        (research, Role.ADMIN, RoleSource.MANUAL),
    ]:
        ResourceGroupSeat.objects.create(
            org=world.acme, membership=world.max, group=group, role=role, source=source
        )
    said(world, world.max, "eng", "ops")
    said(world, world.olivia, "none")
    mapping = GroupMapping(True, "groups", (("eng", research.pk, Role.READ), ("ops", ops.pk, Role.WRITE)))
    found = preview_seats(connection=world.acme_idp, mapping=mapping, now=timezone.now(), show=Show.CHANGED)
    assert numbers(found) == {
        "given": 1,
        "taken": 1,
        "changed": 1,
        "members": 1,
        "same": 1,
        "exempt": 1,
    }
    assert [(seat.group_id, seat.before, seat.after) for seat in found.rows[0].seats] == [
        (research.pk, None, Role.READ),
        (sales.pk, Role.READ, None),
        (ops.pk, Role.READ, Role.WRITE),
    ]


@pytest.mark.parametrize("another_maps_groups", [False, True])
def test_switched_off_the_seats_go_at_once_unless_another_connection_maps_groups(
    world: World, another_maps_groups: bool
) -> None:
    ResourceGroupSeat.objects.create(
        org=world.acme,
        membership=world.max,
        group=make_group(world.acme),
        role=Role.READ,
        source=RoleSource.IDP,
    )
    make_connection(world.acme, connection={"group_mapping_enabled": another_maps_groups})
    off = GroupMapping(False, "groups", ())
    found = preview_seats(connection=world.acme_idp, mapping=off, now=timezone.now(), show=Show.CHANGED)
    assert numbers(found).get("taken", 0) == (0 if another_maps_groups else 1)
