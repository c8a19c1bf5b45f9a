"""What report-only recorded, as admins read it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from hubsso.days import hour_of
from orgs.models import Organization
from sso.enforcing import reporting
from sso.models import ReportedBlock
from sso.types import Enforcement
from sso.views import settings_reported
from tests.builders import make_connection, make_member, make_org, make_sso_session, make_user, set_policy
from tests.conftest import log_in
from tests.sso.settings.conftest import AcmeSettings


def report(
    org: Organization, user: User, path: str, *, count: int = 1, days_ago: int = 0, channel: str = "html"
) -> None:
    hour = hour_of(timezone.now() - timedelta(days=days_ago))
    ReportedBlock.objects.create(org=org, user=user, hour=hour, channel=channel, path=path, count=count)


def reported_of(acme: AcmeSettings, **query: Any) -> Any:
    return acme.get("reported", **query).context["reported"]


def test_days_are_added_up_by_member_and_by_place(acme: AcmeSettings) -> None:
    report(acme.org, acme.max.user, "/orgs/acme/", count=2, days_ago=3)
    report(acme.org, acme.max.user, "/orgs/acme/", count=5, days_ago=1)
    report(acme.org, acme.max.user, "/orgs/acme/", count=1, days_ago=1, channel="json")
    report(acme.org, acme.max.user, "/orgs/acme/members/", count=40, days_ago=9)
    (item,) = reported_of(acme)
    yesterday = timezone.now().date() - timedelta(days=1)
    assert (item.membership, item.times, item.last_day) == (acme.max, 48, yesterday)
    assert [(place.path, place.channel, place.times) for place in item.places] == [
        ("/orgs/acme/members/", "html", 40),
        ("/orgs/acme/", "html", 7),
        ("/orgs/acme/", "json", 1),
    ]
    page = acme.page("reported")
    assert "max@acme.example" in page
    assert "48 times" in page


def test_only_the_last_thirty_days_count(acme: AcmeSettings) -> None:
    report(acme.org, acme.max.user, "/orgs/acme/", days_ago=29)
    report(acme.org, acme.max.user, "/orgs/acme/members/", days_ago=30)
    report(acme.org, acme.oscar.user, "/orgs/acme/", days_ago=31)
    (item,) = reported_of(acme)
    assert (item.membership, item.times) == (acme.max, 1)


@pytest.fixture
def report_only(acme: AcmeSettings) -> None:
    """Olivia has authenticated, so that her own visits are not recorded."""
    set_policy(acme.org, Enforcement.REPORT_ONLY)
    make_sso_session(acme.olivia, browser_session=acme.browser_session, connection=make_connection(acme.org))


def test_what_the_gate_recorded_is_shown(acme: AcmeSettings, report_only: None) -> None:
    other = Client()
    log_in(other, acme.max.user)
    for _ in range(2):
        other.get("/orgs/acme/members/")
    (item,) = reported_of(acme)
    assert [(place.path, place.times) for place in item.places] == [("/orgs/acme/members/", 2)]


def test_nothing_of_another_organisation_and_nobody_who_left(acme: AcmeSettings) -> None:
    globex = make_org("globex")
    make_member(globex, acme.max.user)
    report(globex, acme.max.user, "/orgs/globex/")
    report(acme.org, make_user("gone@acme.example"), "/orgs/acme/")
    assert reported_of(acme) == []


def test_empty_page_leads_to_the_rules(acme: AcmeSettings) -> None:
    assert "Nothing was recorded" in acme.page("reported")


def test_empty_record_of_report_only_says_so(acme: AcmeSettings, report_only: None) -> None:
    assert "Nobody would have been blocked" in acme.page("reported")
    assert acme.url("reported") in acme.page("policy")
    assert acme.url("reported") in acme.page("settings")


def test_a_member_made_collaborator_since_is_marked(acme: AcmeSettings) -> None:
    report(acme.org, acme.max.user, "/orgs/acme/")
    assert "External collaborator now" not in acme.page("reported")
    acme.max.is_external_collaborator = True
    acme.max.save()
    assert "External collaborator now" in acme.page("reported")


def test_a_member_with_many_places_shows_the_most_frequent(acme: AcmeSettings) -> None:
    for number in range(reporting.MAX_PLACES + 5):
        report(acme.org, acme.max.user, f"/orgs/acme/r/{number}/", count=number + 1)
    (item,) = reported_of(acme)
    assert len(item.places) == reporting.MAX_PLACES
    assert item.has_more_places
    assert item.places[0].times == reporting.MAX_PLACES + 5
    assert item.times == sum(range(1, reporting.MAX_PLACES + 6))


def test_list_goes_by_key(acme: AcmeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_reported, "PAGE_SIZE", 2)
    people = [make_member(acme.org) for _ in range(3)]
    for membership in people:
        report(acme.org, membership.user, "/orgs/acme/")
    first = acme.get("reported")
    assert [item.membership for item in first.context["reported"]] == people[:2]
    rest = acme.client.get(first.context["next_url"])
    assert [item.membership for item in rest.context["reported"]] == people[2:]
    assert rest.context["next_url"] == ""


def test_more_members_and_places_cost_no_more_queries(acme: AcmeSettings) -> None:
    report(acme.org, acme.max.user, "/orgs/acme/")
    acme.page("reported")  # whatever a page remembers for the next ones
    with CaptureQueriesContext(database) as few:
        acme.page("reported")
    for membership in (make_member(acme.org) for _ in range(8)):
        for number in range(3):
            report(acme.org, membership.user, f"/orgs/acme/r/{number}/")
    with CaptureQueriesContext(database) as many:
        acme.page("reported")
    assert len(many) == len(few)


def test_a_path_is_shown_as_text(acme: AcmeSettings) -> None:
    report(acme.org, acme.max.user, "/orgs/acme/<script>")
    page = acme.page("reported")
    assert "/orgs/acme/&lt;script&gt;" in page


def test_chart_adds_up_each_of_thirty_days_in_words_too(acme: AcmeSettings) -> None:
    report(acme.org, acme.max.user, "/orgs/acme/", count=4, days_ago=2)
    report(acme.org, acme.oscar.user, "/orgs/acme/members/", count=1, days_ago=2)
    report(acme.org, acme.max.user, "/orgs/acme/", count=2, days_ago=29, channel="json")
    report(acme.org, acme.max.user, "/orgs/acme/", count=9, days_ago=30)
    chart = acme.get("reported").context["chart"]
    assert [series.total for series in chart.series] == [5, 2]
    assert [bar.total for bar in chart.bars] == [2, *[0] * 26, 5, 0, 0]
    page = acme.page("reported")
    assert 'aria-label="What would have been blocked, per day"' in page
    assert "The numbers as a table" in page


def test_days_are_the_readers(acme: AcmeSettings) -> None:
    """Noon in UTC is midnight in Auckland."""
    now = datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    who = {"org": acme.org, "user": acme.max.user, "channel": "html", "path": "/orgs/acme/"}
    for hour in (11, 12):
        ReportedBlock.objects.create(**who, hour=now.replace(hour=hour))
    with timezone.override(ZoneInfo("Pacific/Auckland")):
        chart = reporting.per_day(org=acme.org, now=now)
        found = reporting.reported_members([acme.max], org=acme.org, now=now)
    assert [(str(bar.day), bar.total) for bar in chart.bars[-2:]] == [("2026-07-01", 1), ("2026-07-02", 1)]
    assert [(item.times, str(item.last_day)) for item in found] == [(2, "2026-07-02")]


def test_page_says_what_enforcing_now_would_do(acme: AcmeSettings) -> None:
    make_connection(acme.org)
    page = acme.page("reported")
    assert "If you enforced now" in page
    assert "<strong>3 members</strong> would be asked" in page
    set_policy(acme.org, Enforcement.ENFORCED)
    make_sso_session(acme.olivia, browser_session=acme.browser_session)
    assert "If you enforced now" not in acme.page("reported")
