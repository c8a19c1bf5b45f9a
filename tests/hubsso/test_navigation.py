"""A navigation is one line a page; which line a page belongs to is found by its address."""

import pytest

from accounts.navigation import ACCOUNT
from hubsso.navigation import Entry, Group, Navigation
from orgs.settings_navigation import SETTINGS

BASE = "/orgs/acme/settings/"


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("", ("orgs:settings", "page")),
        ("audit/", ("orgs:audit", "page")),
        ("sso/", ("sso:settings", "page")),
        ("sso/connections/new/", ("sso:settings", "true")),
        ("sso/policy/reported/", ("sso:policy", "true")),
        ("sso/refusals/abc/", ("sso:refusals", "true")),
    ],
)
def test_the_longest_address_above_a_page_is_where_it_belongs(path: str, current: tuple[str, str]) -> None:
    shown = SETTINGS.shown(BASE + path, org_slug="acme")
    entries = [entry for group in SETTINGS.groups for entry in group.entries]
    links = [link for _, links in shown.groups for link in links]
    marked = [
        (entry.url_name, link.current) for entry, link in zip(entries, links, strict=True) if link.current
    ]
    assert marked == [current]
    assert shown.current is not None
    assert shown.current.current == current[1]


def test_every_entry_leads_to_a_page() -> None:
    for navigation, arguments in ((SETTINGS, {"org_slug": "acme"}), (ACCOUNT, {})):
        shown = navigation.shown("/", **arguments)
        assert sum(len(links) for _, links in shown.groups) == sum(len(g.entries) for g in navigation.groups)
        assert shown.current is None


def test_an_entry_without_a_page_is_left_out() -> None:
    navigation = Navigation("Here", [Group("Group", [Entry("Nowhere", "no:where", "link")])])
    assert navigation.shown("/").groups == [("Group", [])]
