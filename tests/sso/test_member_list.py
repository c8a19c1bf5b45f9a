"""The admins' table of members: what it finds, in which order, and that its cost does not grow."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from orgs import member_page
from orgs.models import Membership, Organization
from orgs.models.membership import listed_as
from orgs.roles import Role, RoleSource
from sso.members import member_list
from sso.members.member_list import Kind, LastSSO, Link, MemberFilter, Sort, matching_members, page_of_members
from tests.builders import make_member, make_org, make_sso_session, make_user
from tests.conftest import World, log_in_with_sso

PATH = "/orgs/acme/members/"


@pytest.fixture
def people(world: World) -> World:
    """Max signed in yesterday and holds a session, Olivia long ago; Nina is a collaborator; Otto never came."""
    now = timezone.now()
    make_sso_session(world.max, browser_session="max")
    make_sso_session(world.olivia, browser_session="o", expires_at=now - timedelta(days=1))
    otto = make_member(world.acme, make_user("otto@acme.example", name="Otto Änderung"), role=Role.WRITE)
    for membership, days in ((world.max, 1), (world.olivia, 40)):
        Membership.objects.filter(pk=membership.pk).update(last_sso_at=now - timedelta(days=days))
    Membership.objects.filter(pk=otto.pk).update(role_source=RoleSource.IDP)
    return world


def names(org: Organization, **wanted: Any) -> list[str]:
    page = page_of_members(org=org, wanted=MemberFilter(**wanted), after=None, now=timezone.now())
    return [membership.user.name.split()[0] for membership in page.rows]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["Max", "Nina", "Olivia", "Otto"]),
        ({"text": "OTTO änd"}, ["Otto"]),
        ({"text": "partner.example"}, ["Nina"]),
        ({"text": "max nina"}, []),
        ({"text": "100%"}, []),
        ({"role": Role.READ}, ["Max", "Nina"]),
        ({"source": RoleSource.IDP}, ["Otto"]),
        ({"link": Link.LINKED}, ["Max", "Olivia"]),
        ({"link": Link.NOT_LINKED}, ["Nina", "Otto"]),
        ({"last_sso": LastSSO.LONG_AGO}, ["Nina", "Olivia", "Otto"]),
        ({"last_sso": LastSSO.NEVER}, ["Nina", "Otto"]),
        ({"kind": Kind.COLLABORATOR}, ["Nina"]),
        ({"kind": Kind.MEMBER, "role": Role.READ}, ["Max"]),
        ({"has_live_session": True}, ["Max"]),
        ({"sort": Sort.NAME_DOWN}, ["Otto", "Olivia", "Nina", "Max"]),
        ({"sort": Sort.JOINED}, ["Olivia", "Max", "Nina", "Otto"]),
        ({"sort": Sort.LAST_SSO}, ["Nina", "Otto", "Olivia", "Max"]),
        ({"sort": Sort.LAST_SSO_DOWN}, ["Max", "Olivia", "Otto", "Nina"]),
    ],
)
def test_members_are_found_and_sorted(people: World, wanted: dict[str, Any], found: list[str]) -> None:
    assert names(people.acme, **wanted) == found


def test_a_member_is_found_by_the_whole_subject(people: World) -> None:
    assert names(people.acme, text=f"subject-{people.max.user_id}") == ["Max"]


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_follow_each_other_in_every_order(
    people: World, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    monkeypatch.setattr(member_list, "PAGE_SIZE", 1)
    found: list[int] = []
    after = None
    while True:
        page = page_of_members(
            org=people.acme, wanted=MemberFilter(sort=sort), after=after, now=timezone.now()
        )
        found += [membership.pk for membership in page.rows]
        if page.next_key is None:
            break
        after = page.next_key
    monkeypatch.setattr(member_list, "PAGE_SIZE", 50)
    whole = page_of_members(org=people.acme, wanted=MemberFilter(sort=sort), after=None, now=timezone.now())
    assert found == [membership.pk for membership in whole.rows]
    assert len(found) == 4


def add_many(org: Organization, number: int, *, prefix: str = "many") -> None:
    users = User.objects.bulk_create(
        User(email=f"{prefix}-{index}@acme.example", name=f"{prefix.title()} {index:05}", password="!")
        for index in range(number)
    )
    Membership.objects.bulk_create(
        Membership(org=org, user=user, role=Role.READ, listed_as=listed_as(user)) for user in users
    )


@pytest.mark.parametrize("query", ["", "?sort=-sso&link=linked", "?q=many&role=read&last_sso=long_ago"])
def test_the_page_costs_the_same_queries_however_many_there_are(
    client: Client, people: World, query: str
) -> None:
    log_in_with_sso(client, people.olivia)
    add_many(people.acme, member_list.PAGE_SIZE + 1, prefix="not-so-many")
    client.get(PATH + query)
    with CaptureQueriesContext(database) as few:
        assert client.get(PATH + query).status_code == 200
    add_many(people.acme, 120)
    with CaptureQueriesContext(database) as many:
        assert client.get(PATH + query).status_code == 200
    assert len(many) == len(few)
    assert len(many) <= 11, "\n".join(query["sql"] for query in many.captured_queries)


def test_a_search_that_finds_one_looks_through_the_members_once(client: Client, people: World) -> None:
    log_in_with_sso(client, people.olivia)
    with CaptureQueriesContext(database) as captured:
        assert "1 member" in client.get(PATH, {"q": "otto"}).text
    assert len([query for query in captured.captured_queries if "%otto%" in query["sql"]]) == 1


@pytest.mark.parametrize(
    ("sort", "index"),
    [
        (Sort.NAME, "membership_by_name"),
        (Sort.NAME_DOWN, "membership_by_name"),
        (Sort.JOINED_DOWN, "orgs_membership_org_id"),
        (Sort.LAST_SSO, "membership_by_last_sso"),
        (Sort.LAST_SSO_DOWN, "membership_by_last_sso"),
    ],
)
def test_every_order_goes_by_an_index(people: World, sort: Sort, index: str) -> None:
    """Of many organisations' members, none but a page's worth is sorted."""
    for number in range(3):
        add_many_to_other(number)
    add_many(people.acme, 2000)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    wanted = MemberFilter(sort=sort)
    with CaptureQueriesContext(database) as captured:
        page = page_of_members(org=people.acme, wanted=wanted, after=None, now=timezone.now())
        page_of_members(org=people.acme, wanted=wanted, after=page.next_key, now=timezone.now())
    lists = [query["sql"] for query in captured.captured_queries if "ORDER BY" in query["sql"]]
    for sql in [sql for sql in lists if "LIMIT 51" in sql]:
        plan = explain(sql)
        assert index in plan or "membership_by_org" in plan or "orgs_membership_pkey" in plan, plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan, plan


def add_many_to_other(number: int) -> None:
    org = make_org(f"other-{number}")
    users = [make_user(f"other-{number}-{index}@example.org", verified=False) for index in range(5)]
    for user in users:
        make_member(org, user)


def explain(sql: str) -> str:
    prefix = "EXPLAIN QUERY PLAN " if database.vendor == "sqlite" else "EXPLAIN "
    with database.cursor() as cursor:
        cursor.execute(prefix + sql.replace("%", "%%"))
        return "\n".join(str(row) for row in cursor.fetchall())


# --- The page ------------------------------------------------------------------------------------------


def test_admins_see_one_table_and_others_a_plain_list(client: Client, people: World) -> None:
    log_in_with_sso(client, people.olivia)
    page = client.get(PATH).text
    assert "Acme Login" in page
    assert f"subject-{people.max.user_id}" in page
    reader = Client()
    log_in_with_sso(reader, people.max)
    page = reader.get(PATH).text
    assert "Olivia" in page
    assert "olivia@acme.example" not in page
    assert "subject-" not in page
    assert member_page.admins_page() is not None


def test_what_a_filter_can_not_mean_is_left_out(client: Client, people: World) -> None:
    log_in_with_sso(client, people.olivia)
    response = client.get(PATH, {"role": "owner", "sort": "x", "link": "y", "after": "z", "live": "on"})
    assert [line.membership.user.name for line in response.context["lines"]] == ["Max", "Olivia"]


def test_beyond_a_bound_members_are_not_counted(
    client: Client, people: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_list, "COUNTED", 3)
    monkeypatch.setattr("sso.views.members.COUNTED", 3)
    log_in_with_sso(client, people.olivia)
    assert "More than 3 members" in client.get(PATH).text
    assert "1 member" in client.get(PATH, {"q": "otto"}).text


def test_the_mapping_that_gave_a_role_is_named(client: Client, people: World) -> None:
    Membership.objects.filter(pk=people.max.pk).update(
        role_source=RoleSource.IDP, role_detail="IdP mapping: groups has eng"
    )
    log_in_with_sso(client, people.olivia)
    assert "IdP mapping: <code>groups</code> has <code>eng</code>" in client.get(PATH).text


def test_matching_members_are_of_one_organisation_only(people: World) -> None:
    found = matching_members(org=people.globex, wanted=MemberFilter(), now=timezone.now())
    assert [membership.user.name for membership in found] == ["Zoe"]
