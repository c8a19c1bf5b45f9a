"""What a viewer may see: every viewer, visibility and place, withheld or not."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pytest_django import DjangoAssertNumQueries

from orgs.access import Viewer
from orgs.models import Membership, Organization, Resource
from orgs.roles import Role
from tests.builders import make_group, make_member, make_org, make_page, make_user
from tests.orgs.helpers import viewer_of, withheld

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Shelf:
    """An organisation with one resource of every kind of place, by title, and Globex with one public page."""

    acme: Organization
    globex: Organization
    seated: Membership
    seated_without_role: Membership
    seated_for_nothing: Membership


@pytest.fixture
def shelf() -> Shelf:
    acme, globex = make_org("acme"), make_org("globex")
    research, sales = make_group(acme, "Research"), make_group(acme, "Sales")
    make_page(acme, "Public", visibility="public")
    make_page(acme, "Private")
    make_page(acme, "Research private", group=research)
    make_page(acme, "Research public", group=research, visibility="public")
    make_page(acme, "Sales private", group=sales)
    make_page(globex, "Globex public", visibility="public")
    make_page(globex, "Globex private")
    seated = make_member(acme, role=Role.READ)
    seated_without_role = make_member(acme, role=Role.NO_ACCESS)
    seated_for_nothing = make_member(acme, role=Role.READ)
    for membership, role, source in (
        (seated, Role.READ, "manual"),
        (seated, Role.WRITE, "idp"),  # two seats in one group show its resources once
        (seated_without_role, Role.READ, "idp"),
        (seated_for_nothing, Role.NO_ACCESS, "manual"),
    ):
        research.seats.create(org=acme, membership=membership, role=role, source=source)
    return Shelf(acme, globex, seated, seated_without_role, seated_for_nothing)


def role_in_acme(role: Role) -> Callable[[Shelf], Viewer]:
    return lambda shelf: viewer_of(make_member(shelf.acme, role=role))


def withheld_from_member(shelf: Shelf) -> Viewer:
    return Viewer(user_id=shelf.seated.user_id, withheld=(withheld(shelf.acme),))


def admin_of_globex_withheld_from_acme(shelf: Shelf) -> Viewer:
    user = make_user()
    make_member(shelf.acme, user, role=Role.ADMIN)
    there = viewer_of(make_member(shelf.globex, user, role=Role.ADMIN))
    return Viewer(user_id=user.pk, memberships=there.memberships, withheld=(withheld(shelf.acme),))


PUBLIC = {"Public", "Research public", "Globex public"}

ROWS: list[tuple[str, Callable[[Shelf], Viewer], set[str]]] = [
    ("anonymous", lambda shelf: Viewer(), PUBLIC),
    ("outsider", lambda shelf: Viewer(user_id=make_user().pk), PUBLIC),
    ("no_access", role_in_acme(Role.NO_ACCESS), PUBLIC),
    ("read", role_in_acme(Role.READ), PUBLIC | {"Private"}),
    ("contributor", role_in_acme(Role.CONTRIBUTOR), PUBLIC | {"Private"}),
    ("write", role_in_acme(Role.WRITE), PUBLIC | {"Private"}),
    ("admin", role_in_acme(Role.ADMIN), PUBLIC | {"Private", "Research private", "Sales private"}),
    ("seat", lambda shelf: viewer_of(shelf.seated), PUBLIC | {"Private", "Research private"}),
    ("seat, no role", lambda shelf: viewer_of(shelf.seated_without_role), PUBLIC | {"Research private"}),
    ("seat with no access", lambda shelf: viewer_of(shelf.seated_for_nothing), PUBLIC | {"Private"}),
    ("withheld", withheld_from_member, {"Globex public"}),
    ("one of two withheld", admin_of_globex_withheld_from_acme, {"Globex public", "Globex private"}),
]


@pytest.mark.parametrize(("viewer", "titles"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_visible_to(
    shelf: Shelf,
    viewer: Callable[[Shelf], Viewer],
    titles: set[str],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    looking = viewer(shelf)
    with django_assert_num_queries(1):
        visible = [resource.title for resource in Resource.objects.visible_to(looking)]
    assert sorted(visible) == sorted(titles)


def test_seat_of_another_organisation_opens_nothing(shelf: Shelf) -> None:
    elsewhere = make_member(shelf.globex, role=Role.NO_ACCESS)
    group = shelf.acme.resource_groups.get(slug="sales")
    group.seats.create(org=shelf.globex, membership=elsewhere, role=Role.WRITE)  # only by a bug
    titles = Resource.objects.visible_to(viewer_of(elsewhere)).values_list("title", flat=True)
    assert set(titles) == PUBLIC


def test_hidden_count_is_what_the_member_would_see(
    shelf: Shelf, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    viewer = withheld_from_member(shelf)
    with django_assert_num_queries(2):
        (hidden,) = Resource.objects.hidden_from(viewer)
    assert (hidden.org.slug, hidden.count) == ("acme", 4)


def test_nothing_withheld_costs_no_query(
    shelf: Shelf, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    viewer = viewer_of(shelf.seated)
    with django_assert_num_queries(0):
        assert Resource.objects.hidden_from(viewer) == []


def test_withheld_organisation_without_resources_is_named_with_none() -> None:
    membership = make_member(make_org("empty"))
    viewer = Viewer(user_id=membership.user_id, withheld=(withheld(membership.org),))
    (hidden,) = Resource.objects.hidden_from(viewer)
    assert (hidden.org.slug, hidden.count) == ("empty", 0)
