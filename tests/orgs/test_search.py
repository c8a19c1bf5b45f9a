"""Search over what the viewer may see."""

import pytest
from pytest_django import DjangoAssertNumQueries

from orgs.access import Viewer
from orgs.roles import Role
from orgs.search import EXCERPT_LENGTH, MAX_RESULTS, search
from tests.builders import make_member, make_org, make_page
from tests.orgs.helpers import viewer_of, withheld

pytestmark = pytest.mark.django_db


def titles(query: str, viewer: Viewer) -> list[str]:
    return [result.resource.title for result in search(viewer=viewer, query=query)]


def test_every_word_must_be_held_somewhere() -> None:
    membership = make_member(make_org())
    make_page(membership.org, "Rota", description="who is on call", body="Escalation by phone")
    make_page(membership.org, "Calls", body="nothing else")
    viewer = viewer_of(membership)
    assert titles("CALL escalation", viewer) == ["Rota"]
    assert titles("rota nothing", viewer) == []
    assert titles("   ", viewer) == []


def test_titles_come_first() -> None:
    membership = make_member(make_org())
    make_page(membership.org, "Backup plan")
    make_page(membership.org, "Newer", body="how to restore a backup")
    assert titles("backup", viewer_of(membership)) == ["Backup plan", "Newer"]


def test_nothing_is_found_that_the_viewer_may_not_read() -> None:
    acme, globex = make_org("acme"), make_org("globex")
    make_page(acme, "Merger private")
    make_page(acme, "Merger public", visibility="public")
    make_page(globex, "Merger of Globex")
    member = make_member(acme)
    blocked = Viewer(user_id=member.user_id, withheld=(withheld(acme),))
    assert titles("merger", Viewer()) == ["Merger public"]
    assert titles("merger", blocked) == []
    assert set(titles("merger", viewer_of(member))) == {"Merger private", "Merger public"}


@pytest.mark.parametrize("query", ["100%", "a_b", "it's", '"quoted"', "\\", "x" * 500])
def test_special_characters_are_just_characters(query: str) -> None:
    membership = make_member(make_org())
    make_page(membership.org, "Plain page")
    assert titles(query, viewer_of(membership)) == []


def test_excerpt_shows_the_words_in_their_place() -> None:
    membership = make_member(make_org(), role=Role.READ)
    make_page(membership.org, "Long", body="filler " * 100 + "the **needle** here" + " filler" * 100)
    (result,) = search(viewer=viewer_of(membership), query="needle")
    assert "the needle here" in result.excerpt
    assert len(result.excerpt) <= EXCERPT_LENGTH + 2


def test_results_are_limited_and_cost_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    membership = make_member(make_org())
    for number in range(MAX_RESULTS + 1):
        make_page(membership.org, f"Page {number}")
    with django_assert_num_queries(1):
        results = search(viewer=viewer_of(membership), query="page")
        assert [result.resource.org.slug for result in results]
    assert len(results) == MAX_RESULTS
