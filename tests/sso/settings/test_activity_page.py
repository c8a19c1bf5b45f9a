"""The activity page: what it shows, how it is narrowed, and that it costs the same however many logins there were."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from sso import errors
from sso.models import Connection, LoginAttempt, LoginRecord
from sso.refusals import record_refusal
from sso.types import Purpose
from sso.watching import activity, activity_reading
from tests.builders import make_attempt, make_connection
from tests.conftest import World, log_in_with_sso

NOW = timezone.now()
URL = "/orgs/acme/settings/sso/activity/"


@pytest.fixture
def admin(client: Client, world: World) -> Client:
    log_in_with_sso(client, world.olivia)
    return client


def end(connection: Connection, user: Any, *, code: str = "", times: int = 1, **fields: Any) -> None:
    for _ in range(times):
        attempt = LoginAttempt(
            org_id=connection.org_id,
            connection=connection,
            user=user,
            **{"purpose": Purpose.LOGIN, **fields},
        )
        if code:
            activity.record_failed(attempt, code=code, reference="ABCD-2345", now=NOW)
        else:
            activity.record_ok(attempt, connection=connection, now=NOW)


def page_of(admin: Client, **query: str) -> str:
    response = admin.get(URL, query)
    assert response.status_code == 200
    return str(response.content.decode())


def shown(page: str) -> list[str]:
    """The people in the list, newest login first."""
    return re.findall(r'login-what">\s*<p class="mb-0"><strong>(.*?)</strong>', page)


def test_it_starts_empty_and_shows_no_filters(admin: Client) -> None:
    page = page_of(admin)
    assert "No logins yet" in page
    assert "<select" not in page.partition("<main")[2]


def test_the_list_is_narrowed(admin: Client, world: World) -> None:
    other = make_connection(world.acme, connection={"name": "Contractors"})
    end(world.acme_idp, world.max.user)
    end(other, world.nina.user, code="audience_mismatch")
    end(world.acme_idp, world.olivia.user, code="login_cancelled", purpose=Purpose.TEST)
    cases: list[tuple[dict[str, str], list[str]]] = [
        ({}, ["Olivia", "Nina", "Max"]),
        ({"outcome": "failed"}, ["Olivia", "Nina"]),
        ({"purpose": "test"}, ["Olivia"]),
        ({"connection": str(other.uid)}, ["Nina"]),
        ({"person": "max@acme"}, ["Max"]),
        ({"person": "nobody"}, []),
        ({"reason": "audience"}, ["Nina"]),
        ({"reason": "audience_mismatch", "outcome": "failed"}, ["Nina"]),
        ({"reason": "audience", "person": "olivia"}, []),
        ({"outcome": "made up", "connection": "nobody's", "reason": "'"}, ["Olivia", "Nina", "Max"]),
    ]
    assert [shown(page_of(admin, **query)) for query, _ in cases] == [people for _, people in cases]


def test_reasons_are_ranked_with_an_explanation_and_tests_are_none(admin: Client, world: World) -> None:
    end(world.acme_idp, world.max.user, code="signature_invalid", times=2)
    end(world.acme_idp, world.max.user, code="key_unknown")
    end(world.acme_idp, world.max.user, code="login_cancelled")
    end(world.acme_idp, world.max.user, code="audience_mismatch", purpose=Purpose.TEST, times=9)
    overview = activity_reading.overview(world.acme, connection=None, now=NOW)
    assert [(reason.cause.key, reason.count) for reason in overview.reasons] == [
        ("certificate", 3),
        ("unfinished", 1),
    ]
    assert [series.total for series in overview.chart.series] == [0, 4, 0, 9]
    assert "Compare the certificate at the identity provider" in page_of(admin)


def test_a_reference_leads_to_its_trace_while_that_is_kept(admin: Client, world: World) -> None:
    attempt = make_attempt(world.acme_idp, world.max.user)
    reference = record_refusal(
        errors.EmailMissing("none"), connection=world.acme_idp, attempt=attempt, now=NOW
    )
    link = f'href="/orgs/acme/settings/sso/refusals/{reference}/"'
    assert link in page_of(admin)
    world.acme.refusal_traces.update(expires_at=NOW - timedelta(seconds=1))
    page = page_of(admin)
    assert reference in page
    assert link not in page


def test_what_was_abandoned_is_there_as_soon_as_somebody_looks(admin: Client, world: World) -> None:
    make_attempt(world.acme_idp, world.max.user, expires_at=NOW - timedelta(minutes=1))
    assert "Abandoned" in page_of(admin).partition('id="logins"')[2]


def test_nothing_of_another_organisation_is_shown(admin: Client, world: World) -> None:
    elsewhere = make_connection(world.globex, connection={"name": "Globex IdP"})
    end(elsewhere, world.zoe.user, code="audience_mismatch")
    page = page_of(admin, connection=str(elsewhere.uid), person="zoe@globex.example")
    assert shown(page) == []
    assert activity_reading.overview(world.acme, connection=None, now=NOW).chart.is_empty


def test_a_page_costs_the_same_however_many_logins_there_were(admin: Client, world: World) -> None:
    def cost() -> int:
        with CaptureQueriesContext(database) as captured:
            page_of(admin, person="a")
        return len(captured)

    end(world.acme_idp, world.max.user)
    end(world.acme_idp, world.olivia.user, code="audience_mismatch", times=2)
    end(world.acme_idp, world.max.user, code="audience_mismatch")  # from the third on a notice says so
    cost()  # whatever a page remembers for the next ones
    first = cost()
    end(world.acme_idp, world.max.user, times=60)
    end(world.acme_idp, world.olivia.user, code="signature_invalid", times=10)
    LoginRecord.objects.update(at=NOW)
    assert cost() == first


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("UTC", "2026-06-30T23:59", "2026-06-30"),
        ("Pacific/Auckland", "2026-06-30T11:59", "2026-06-30"),
        ("Pacific/Auckland", "2026-06-30T12:00", "2026-07-01"),
        ("America/Montreal", "2026-07-01T03:59", "2026-06-30"),
        ("America/Montreal", "2026-07-01T04:00", "2026-07-01"),
        (
            "Asia/Kolkata",
            "2026-06-30T18:45",
            "2026-06-30",
        ),  # 0:15 there, in an hour that began before midnight
        ("Asia/Kolkata", "2026-06-30T19:00", "2026-07-01"),
        ("Europe/Paris", "2026-10-25T22:30", "2026-10-25"),  # 23:30 of a day of 25 hours
        ("Europe/Paris", "2026-10-25T23:00", "2026-10-26"),
    ],
)
def test_the_charts_days_are_the_readers(world: World, zone: str, at: str, day: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    attempt = make_attempt(world.acme_idp, world.max.user)
    activity.record_failed(attempt, code="audience_mismatch", now=moment)
    with timezone.override(ZoneInfo(zone)):
        overview = activity_reading.overview(world.acme, connection=None, now=moment + timedelta(days=2))
        late = activity_reading.overview(world.acme, connection=None, now=moment + timedelta(days=31))
    assert [str(bar.day) for bar in overview.chart.bars if bar.total] == [day]
    assert [reason.count for reason in overview.reasons] == [1]
    assert late.chart.is_empty


def test_the_chart_follows_the_zone_of_the_account(admin: Client, world: World) -> None:
    end(world.acme_idp, world.max.user)
    days = set()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # a day and an hour apart
        User.objects.filter(pk=world.olivia.user_id).update(time_zone=zone)
        chart = admin.get(URL).context["overview"].chart
        days.add(chart.bars[-1].day)
        assert chart.bars[-1].total
    assert len(days) == 2
