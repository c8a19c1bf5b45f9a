"""A past for the demo's enforcing organisations, so that charts and lists show what they are for.

The organisation's regulars lived it: they are linked, and everybody else has yet to come.

Invented, and the same at every seeding: a month of logins that grew as report-only became enforced, a day on which
the IdP was set up wrongly, a few cancelled trips. It ends yesterday; today is what whoever looks at the demo does.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from accounts.models import User
from hubsso.days import hour_of
from orgs.models import Membership, Organization
from sso.models import Connection, LinkedIdentity, LoginCount, LoginRecord, ReportedBlock, Revision
from sso.types import LoginOutcome, Purpose

DAYS = 29
ENFORCED_FOR_DAYS = 20
BAD_DAY = 9  # days ago
TRACES_FOR_DAYS = 7
PASSED = (LoginOutcome.OK, "")
CANCELLED = (LoginOutcome.FAILED, "login_cancelled")
WRONG_AUDIENCE = (LoginOutcome.FAILED, "audience_mismatch")
ABANDONED = (LoginOutcome.ABANDONED, "")


def invent_history(connection: Connection, regulars: list[Membership], *, now: datetime) -> None:
    """Write the organisation's invented month, and link its regulars to who they are at its IdP."""
    org = connection.org
    chance = Random(org.slug)  # noqa: S311 - invents a past, keeps no secret
    people = [membership.user for membership in regulars]
    records = [
        record
        for days_ago in range(DAYS, 0, -1)
        for record in _logins(
            org, connection, people, chance, now.date() - timedelta(days=days_ago), days_ago
        )
    ]
    LoginRecord.objects.bulk_create(records)
    counts = Counter((hour_of(record.at), record.outcome, record.code) for record in records)
    LoginCount.objects.bulk_create(
        LoginCount(
            org=org,
            connection=connection,
            hour=hour,
            purpose=Purpose.LOGIN,
            outcome=outcome,
            code=code,
            count=count,
        )
        for (hour, outcome, code), count in counts.items()
    )
    for membership in regulars:
        _link(connection, membership, records)
    ReportedBlock.objects.bulk_create(_reported(org, people, chance, now))


def _link(connection: Connection, membership: Membership, records: list[LoginRecord]) -> None:
    """As their logins would have left it. The demo's accounts are known at their IdP by their key."""
    passed = [
        record.at
        for record in records
        if record.user == membership.user and record.outcome == LoginOutcome.OK
    ]
    identity = LinkedIdentity.objects.create(
        org=connection.org,
        connection=connection,
        user=membership.user,
        issuer=connection.revisions.get(status=Revision.Status.LIVE).issuer,
        subject=membership.user.email.partition("@")[0],
        email=membership.user.email,
        last_login_at=max(passed),
    )
    LinkedIdentity.objects.filter(pk=identity.pk).update(linked_at=min(passed))
    Membership.objects.filter(pk=membership.pk).update(last_sso_at=max(passed), joined_at=min(passed))


def _logins(
    org: Organization,
    connection: Connection,
    people: list[User],
    chance: Random,
    day: date,
    days_ago: int,
) -> list[LoginRecord]:
    is_free = day.weekday() > 4
    how_many = (
        chance.randint(0, 1) if is_free else chance.randint(2, 5 if days_ago > ENFORCED_FOR_DAYS else 9)
    )
    minutes = sorted(chance.sample(range(7 * 60, 19 * 60), how_many))
    return [
        LoginRecord(
            org=org,
            connection=connection,
            user=chance.choice(people),
            at=datetime.combine(day, time(minute // 60, minute % 60), tzinfo=UTC),
            purpose=Purpose.LOGIN,
            outcome=outcome,
            code=code,
        )
        for minute in minutes
        for outcome, code in [_end(chance, days_ago)]
    ]


def _end(chance: Random, days_ago: int) -> tuple[LoginOutcome, str]:
    if days_ago == BAD_DAY:
        return chance.choice((PASSED, WRONG_AUDIENCE, WRONG_AUDIENCE))
    if days_ago <= TRACES_FOR_DAYS:  # a refusal that young would have a trace
        return chance.choices((PASSED, ABANDONED), weights=(17, 1))[0]
    return chance.choices((PASSED, CANCELLED, ABANDONED), weights=(17, 1, 1))[0]


def _reported(org: Organization, people: list[User], chance: Random, now: datetime) -> list[ReportedBlock]:
    """Before it was enforced, what members opened without having authenticated: less from day to day."""
    paths = [f"/orgs/{org.slug}/", f"/orgs/{org.slug}/members/"]
    return [
        ReportedBlock(
            org=org,
            user=person,
            hour=hour_of(now - timedelta(days=days_ago)),
            channel="html",
            path=path,
            count=chance.randint(1, days_ago - ENFORCED_FOR_DAYS),
        )
        for days_ago in range(DAYS, ENFORCED_FOR_DAYS, -1)
        for person in people
        for path in paths
        if chance.random() * (DAYS - ENFORCED_FOR_DAYS) < days_ago - ENFORCED_FOR_DAYS
    ]
