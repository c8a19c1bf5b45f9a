"""What a mapping would do before it is saved: the same plan as at a login, against each member's last attributes.

Members are read in batches, so that memory does not grow with them. Who has not been seen is told apart: what a
mapping makes of them shows at their next login. Nothing is written here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from orgs.models import Membership, Organization, ResourceGroupSeat
from orgs.roles import Role, RoleSource
from sso.mapping import seen_attributes
from sso.mapping.role_mapping import GroupMapping, RoleMapping, RolePlan, plan_role, plan_seats
from sso.mapping.seen_attributes import Seen
from sso.models import Connection, LinkedIdentity, SeenAttributes

BATCH = 1000
ROWS_ON_A_PAGE = 50


class Standing(StrEnum):
    """What is known of a member, as far as this connection's mapping goes."""

    KNOWN = "known"
    UNKNOWN = "unknown"  # no attributes are kept: nothing changes until the next login
    ELSEWHERE = "elsewhere"  # signs in by another connection, whose mapping decides
    EXEMPT = "exempt"  # an external collaborator


class Show(StrEnum):
    """Which rows a page of the preview lists."""

    CHANGED = "changed"
    ALL = "all"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Member:
    """A membership as the preview reads it."""

    pk: int
    user_id: int
    name: str
    email: str
    is_active: bool
    role: Role
    fallback_role: Role | None
    is_external_collaborator: bool
    standing: Standing
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One member's role, now and after their next login. `plan` is None where the role is left alone."""

    member: Member
    after: Role
    plan: RolePlan | None

    @property
    def is_changed(self) -> bool:
        return self.after is not self.member.role


@dataclass(slots=True)
class _Summary:
    """What both mappings count alike: members without a change, and those whom the mapping does not reach."""

    same: int = 0
    unknown: int = 0
    elsewhere: int = 0
    exempt: int = 0

    def leaves_out(self, member: Member) -> bool:
        """Count a member whom the mapping does not reach; False for one whom it does."""
        self.unknown += member.standing is Standing.UNKNOWN
        self.elsewhere += member.standing is Standing.ELSEWHERE
        self.exempt += member.standing is Standing.EXEMPT
        return member.standing is not Standing.KNOWN


@dataclass(slots=True)
class RoleSummary(_Summary):
    """How many members a role mapping changes. `admins_unknown` are those of `admins_left` not yet seen."""

    gain: int = 0
    lose: int = 0
    admins_left: int = 0
    admins_unknown: int = 0

    def add(self, row: RoleRow) -> None:
        if row.after is Role.ADMIN and row.member.is_active:
            self.admins_left += 1
            self.admins_unknown += row.member.standing is Standing.UNKNOWN
        if self.leaves_out(row.member):
            return
        if row.after.rank > row.member.role.rank:
            self.gain += 1
        elif row.after.rank < row.member.role.rank:
            self.lose += 1
        else:
            self.same += 1


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat that comes, goes or changes; `before` and `after` are None where there is none."""

    group_id: int
    before: Role | None
    after: Role | None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """What changes of one member's mapped seats."""

    member: Member
    seats: tuple[Seat, ...]

    @property
    def is_changed(self) -> bool:
        return bool(self.seats)


@dataclass(slots=True)
class GroupSummary(_Summary):
    """How many seats come, go and change, and how many members that is."""

    given: int = 0
    taken: int = 0
    changed: int = 0
    members: int = 0

    def add(self, row: GroupRow) -> None:
        for seat in row.seats:
            self.given += seat.before is None
            self.taken += seat.after is None
            self.changed += seat.before is not None and seat.after is not None
        self.members += row.is_changed
        if not self.leaves_out(row.member):
            self.same += not row.is_changed


class Row(Protocol):
    """A line of either preview."""

    @property
    def member(self) -> Member: ...

    @property
    def is_changed(self) -> bool: ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Preview:
    """One page of a preview. `summary` counts all members; it is None on later pages, which do not read them all."""

    rows: list[Any]
    next_key: int | None
    summary: RoleSummary | GroupSummary | None = field(default=None)


def preview_roles(
    *, connection: Connection, mapping: RoleMapping, now: datetime, show: Show, after: int | None = None
) -> Preview:
    """The members as `mapping` would have them. `after` is a membership's key: the page that starts behind it."""
    rows = _role_rows(connection, mapping, now, after or 0)
    return _page(rows, RoleSummary() if after is None else None, show)


def preview_seats(
    *, connection: Connection, mapping: GroupMapping, now: datetime, show: Show, after: int | None = None
) -> Preview:
    """The mapped seats as `mapping` would have them."""
    rows = _group_rows(connection, mapping, now, after or 0)
    return _page(rows, GroupSummary() if after is None else None, show)


def leaves_no_admin(*, connection: Connection, mapping: RoleMapping, now: datetime) -> bool:
    """Would nobody be an admin once all who are known have signed in? Stops at the first admin it finds.

    A login never takes the last admin's role away (`provisioning`); a mapping that needs that guard is a mistake.
    """
    if not mapping.is_enabled or _has_untouched_admin(connection, now):
        return False
    rows = _role_rows(connection, mapping, now, 0)
    return not any(row.after is Role.ADMIN and row.member.is_active for row in rows)


def _has_untouched_admin(connection: Connection, now: datetime) -> bool:
    known = SeenAttributes.objects.filter(connection=connection, expires_at__gt=now).values("user")
    admins = Membership.objects.filter(org=connection.org_id, role=Role.ADMIN, user__is_active=True)
    return admins.exclude(user__in=known).exists()


def _page(rows: Iterator[R], summary: Any, show: Show) -> Preview:
    """The first rows to show; and with a summary all the others, to count them."""
    found: list[R] = []
    for row in rows:
        if summary is not None:
            summary.add(row)
        if len(found) <= ROWS_ON_A_PAGE and _is_shown(row, show):
            found.append(row)
        if summary is None and len(found) > ROWS_ON_A_PAGE:
            break
    shown = found[:ROWS_ON_A_PAGE]
    next_key = shown[-1].member.pk if len(found) > ROWS_ON_A_PAGE else None
    return Preview(rows=shown, next_key=next_key, summary=summary)


def _is_shown(row: Row, show: Show) -> bool:
    if show is Show.CHANGED:
        return row.is_changed
    return show is Show.ALL or row.member.standing is Standing.UNKNOWN


def _role_rows(connection: Connection, mapping: RoleMapping, now: datetime, after: int) -> Iterator[RoleRow]:
    default_role = Role(Organization.objects.values_list("default_role", flat=True).get(pk=connection.org_id))
    for batch in _members(connection, now, after):
        for member in batch:
            plan = None
            if member.seen is not None:
                plan = plan_role(
                    mapping,
                    attributes=member.seen.attributes,
                    groups_incomplete=member.seen.groups_incomplete,
                    fallback_role=member.fallback_role,
                    default_role=default_role,
                )
            yield RoleRow(member, plan.role if plan else member.role, plan)


def _group_rows(
    connection: Connection, mapping: GroupMapping, now: datetime, after: int
) -> Iterator[GroupRow]:
    others = Connection.objects.filter(org=connection.org_id, group_mapping_enabled=True)
    takes_all_back = not mapping.is_enabled and not others.exclude(pk=connection.pk).exists()
    for batch in _members(connection, now, after):
        mapped = _mapped_seats([member.pk for member in batch])
        for member in batch:
            before = mapped.get(member.pk, {})
            planned = {} if takes_all_back else _planned_seats(member, mapping)
            yield GroupRow(member, () if planned is None else tuple(_differences(before, planned)))


def _planned_seats(member: Member, mapping: GroupMapping) -> dict[int, Role] | None:
    if member.seen is None:
        return None
    return plan_seats(
        mapping, attributes=member.seen.attributes, groups_incomplete=member.seen.groups_incomplete
    )


def _mapped_seats(membership_ids: list[int]) -> dict[int, dict[int, Role]]:
    seats: dict[int, dict[int, Role]] = {}
    rows = ResourceGroupSeat.objects.filter(membership__in=membership_ids, source=RoleSource.IDP)
    for membership_id, group_id, role in rows.values_list("membership_id", "group_id", "role"):
        seats.setdefault(membership_id, {})[group_id] = Role(role)
    return seats


def _differences(before: dict[int, Role], after: dict[int, Role]) -> Iterator[Seat]:
    for group_id in sorted(before.keys() | after.keys()):
        seat = Seat(group_id, before.get(group_id), after.get(group_id))
        if seat.before is not seat.after:
            yield seat


def _members(connection: Connection, now: datetime, after: int) -> Iterator[list[Member]]:
    """The organisation's members in batches, by key, with what is known of each. Two or three queries a batch."""
    has_others = Connection.objects.filter(org=connection.org_id).exclude(pk=connection.pk).exists()
    rows = Membership.objects.filter(org=connection.org_id).order_by("pk")
    columns = (
        "pk",
        "user_id",
        "user__name",
        "user__email",
        "user__is_active",
        "role",
        "fallback_role",
        "is_external_collaborator",
    )
    while batch := list(rows.filter(pk__gt=after).values_list(*columns)[:BATCH]):
        user_ids = [row[1] for row in batch if not row[-1]]
        seen = seen_attributes.seen_of(connection=connection, user_ids=user_ids, now=now)
        elsewhere = _signing_in_elsewhere(connection, user_ids) if has_others else frozenset()
        yield [_member(row, seen.get(row[1]), elsewhere) for row in batch]
        after = batch[-1][0]


def _signing_in_elsewhere(connection: Connection, user_ids: list[int]) -> frozenset[int]:
    identities = LinkedIdentity.objects.filter(org=connection.org_id, user__in=user_ids)
    elsewhere = identities.exclude(connection=None).exclude(connection=connection)
    return frozenset(elsewhere.values_list("user_id", flat=True))


def _member(row: Any, seen: Seen | None, elsewhere: frozenset[int]) -> Member:
    pk, user_id, name, email, is_active, role, fallback_role, is_external = row
    if is_external:
        standing = Standing.EXEMPT
    elif user_id in elsewhere:
        standing = Standing.ELSEWHERE
    else:
        standing = Standing.KNOWN if seen is not None else Standing.UNKNOWN
    return Member(
        pk=pk,
        user_id=user_id,
        name=name or email,
        email=email,
        is_active=is_active,
        role=Role(role),
        fallback_role=Role(fallback_role) if fallback_role else None,
        is_external_collaborator=is_external,
        standing=standing,
        seen=seen if standing is Standing.KNOWN else None,
    )


def as_numbers(summary: RoleSummary | GroupSummary) -> dict[str, int]:
    """For the page to carry along."""
    return {each.name: getattr(summary, each.name) for each in fields(summary)}
