"""Who may make, change, move and delete resources."""

import pytest

from accounts.models import User
from orgs import resources
from orgs.access import OrgAccess
from orgs.errors import Forbidden
from orgs.models import Organization, Resource, ResourceGroup
from orgs.resources import ResourceContent
from orgs.roles import Role
from tests.builders import make_group, make_member, make_org, make_page, make_user
from tests.orgs.helpers import access_of, audit_events

pytestmark = pytest.mark.django_db

PAGE, APP = Resource.Kind.PAGE, Resource.Kind.APP


@pytest.fixture
def acme() -> Organization:
    return make_org("acme")


def content(
    title: str = "On call", *, group: ResourceGroup | None = None, body: str = "text", url: str = ""
) -> ResourceContent:
    return ResourceContent(
        title=title, visibility=Resource.Visibility.PRIVATE, body=body, url=url, group=group
    )


def create(access: OrgAccess, group: ResourceGroup | None = None) -> Resource:
    assert access.user_id is not None
    actor = User.objects.get(pk=access.user_id)
    return resources.create_resource(access=access, actor=actor, kind=PAGE, content=content(group=group))


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.NO_ACCESS, False),
        (Role.READ, False),
        (Role.CONTRIBUTOR, True),
        (Role.WRITE, True),
        (Role.ADMIN, True),
    ],
)
def test_who_creates_outside_groups(acme: Organization, role: Role, may: bool) -> None:
    access = access_of(make_member(acme, role=role))
    if may:
        assert create(access).created_by_id == access.user_id
        assert audit_events(acme) == ["org.resource.create"]
    else:
        with pytest.raises(Forbidden):
            create(access)
        assert not acme.resources.exists()


@pytest.mark.parametrize(
    ("org_role", "seat", "may"),
    [
        (Role.WRITE, None, False),
        (Role.WRITE, Role.READ, False),
        (Role.READ, Role.CONTRIBUTOR, True),
        (Role.NO_ACCESS, Role.WRITE, True),
        (Role.ADMIN, None, True),
    ],
)
def test_who_creates_in_a_group(acme: Organization, org_role: Role, seat: Role | None, may: bool) -> None:
    membership, group = make_member(acme, role=org_role), make_group(acme)
    if seat:
        group.seats.create(org=acme, membership=membership, role=seat)
    if may:
        assert create(access_of(membership), group=group).group == group
    else:
        with pytest.raises(Forbidden):
            create(access_of(membership), group=group)


def test_group_of_another_organisation_is_refused(acme: Organization) -> None:
    with pytest.raises(Forbidden):
        create(access_of(make_member(acme, role=Role.ADMIN)), group=make_group(make_org("globex")))


def test_contributor_edits_only_what_they_created(acme: Organization) -> None:
    access = access_of(make_member(acme, role=Role.CONTRIBUTOR))
    mine, others = create(access), make_page(acme, "Others", created_by=make_user())
    assert resources.rights_on(access=access, resource=mine) == resources.ResourceRights(True, True)
    assert resources.rights_on(access=access, resource=others) == resources.ResourceRights(False, False)


def test_resource_whose_creator_is_gone_belongs_to_no_contributor(acme: Organization) -> None:
    orphan = make_page(acme)
    outsider = OrgAccess(org=acme, user_id=None, member=None)
    assert resources.rights_on(access=outsider, resource=orphan) == resources.ResourceRights(False, False)


def test_creator_without_a_seat_any_more_may_not_edit(acme: Organization) -> None:
    membership = make_member(acme, role=Role.WRITE)
    page = make_page(acme, group=make_group(acme), created_by=membership.user)
    rights = resources.rights_on(access=access_of(membership), resource=page)
    assert rights == resources.ResourceRights(False, False)


def test_highest_of_two_seats_counts(acme: Organization) -> None:
    membership, group = make_member(acme), make_group(acme)
    for role, source in ((Role.READ, "manual"), (Role.WRITE, "idp")):
        group.seats.create(org=acme, membership=membership, role=role, source=source)
    page = make_page(acme, group=group)
    assert resources.role_for(access=access_of(membership), resource=page) is Role.WRITE


def test_moving_out_of_a_group_needs_the_right_to_create_outside(acme: Organization) -> None:
    membership, group = make_member(acme, role=Role.READ), make_group(acme)
    group.seats.create(org=acme, membership=membership, role=Role.WRITE)
    page = make_page(acme, group=group)
    access = access_of(membership)
    with pytest.raises(Forbidden):
        resources.update_resource(access=access, actor=membership.user, resource=page, content=content())
    page.refresh_from_db()
    assert page.group == group
    resources.update_resource(
        access=access, actor=membership.user, resource=page, content=content("New title", group=group)
    )
    page.refresh_from_db()
    assert (page.title, page.slug) == ("New title", "handbook")


def test_delete_is_for_those_with_the_right(acme: Organization) -> None:
    reader, writer = make_member(acme), make_member(acme, role=Role.WRITE)
    page = make_page(acme)
    with pytest.raises(Forbidden):
        resources.delete_resource(access=access_of(reader), actor=reader.user, resource=page)
    resources.delete_resource(access=access_of(writer), actor=writer.user, resource=page)
    assert not acme.resources.exists()
    assert audit_events(acme) == ["org.resource.delete"]


def test_app_keeps_no_text_and_page_keeps_no_url(acme: Organization) -> None:
    membership = make_member(acme, role=Role.WRITE)
    both = content(url="https://ci.example")
    made = {
        kind: resources.create_resource(
            access=access_of(membership), actor=membership.user, kind=kind, content=both
        )
        for kind in (PAGE, APP)
    }
    assert (made[PAGE].url, made[APP].body) == ("", "")


@pytest.mark.parametrize(
    ("titles", "slugs"),
    [
        (["On call"], ["on-call"]),
        (["On call", "On Call!", "on-call"], ["on-call", "on-call-2", "on-call-3"]),
        (["当番"], ["page"]),
        (["__init__"], ["init"]),
        (["x" * 150], ["x" * 35]),
    ],
)
def test_slug_comes_from_the_title(acme: Organization, titles: list[str], slugs: list[str]) -> None:
    membership = make_member(acme, role=Role.WRITE)
    for title in titles:
        resources.create_resource(
            access=access_of(membership), actor=membership.user, kind=PAGE, content=content(title)
        )
    created = list(acme.resources.order_by("pk"))
    assert [resource.slug for resource in created] == slugs
    for resource in created:
        resource.full_clean()


def test_places_are_where_the_role_reaches(acme: Organization) -> None:
    membership, mine, other = make_member(acme), make_group(acme, "Mine"), make_group(acme, "Other")
    mine.seats.create(org=acme, membership=membership, role=Role.CONTRIBUTOR)
    places = resources.places_for(access_of(membership))
    assert (places.outside_groups, places.groups) == (False, (mine,))
    assert not places.allow(other)
    assert not resources.places_for(access_of(make_member(acme)))
