"""Failing loudly: a connection whose logins begin to fail is told to its organisation's admins.

Counted are refusals that lie with the identity provider or with the configuration (`causes`), of real logins; a
person who cancels or comes with another browser says nothing about the connection. It fails when three in a row are
such, or when their share of the last 24 hours' logins is at least twice the usual one; in both cases only if they are
of two accounts or more, or this server met the cause itself, so that no member can fake it alone. The notice says of
how many accounts they are. Then a notice stands in the SSO settings until a login passes, and a mail goes to the
admins, once for each time it begins and at most once a day.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BooleanField, Case, ExpressionWrapper, F, Q, QuerySet, Sum, When

from hubsso.days import DAY, hour_of
from orgs.models import Organization
from sso import announcements
from sso.explaining.causes import Cause, cause_of
from sso.models import Connection, ConnectionHealth, LoginCount, LoginRecord
from sso.types import LoginOutcome, Purpose

IN_A_ROW = 3
USUAL_DAYS = 28
TIMES_USUAL = 2
# Below these the last 24 hours say nothing: so many failures, and this share of the logins.
LEAST_FAILURES = 10
LEAST_SHARE = 0.05
# The last failures of these, among which there must be two accounts.
LATEST = 50
# So few can be the doing of those accounts, and not of the connection.
FEW_ACCOUNTS = 2
# A notice for a share is taken back by a login that passes when nothing has failed for so long.
CALM = timedelta(hours=1)
MAIL_EVERY = timedelta(days=1)
# How exact `last_ok_at` is while nothing fails.
OK_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Failing:
    """A connection with a notice. `accounts` are behind its last failures of 24 hours.

    Two accounts that agree can raise a notice by failing on purpose. It costs the admins a look and a mail a day:
    the number says how little is behind it, and nothing is changed by itself.
    """

    connection: Connection
    cause: Cause
    since: datetime
    accounts: int

    @property
    def are_few(self) -> bool:
        return self.accounts <= FEW_ACCOUNTS


def note_failure(
    connection: Connection, *, code: str, user_id: int, is_seen_by_us: bool, now: datetime
) -> None:
    """A login of `user_id` was refused by `code`. In the caller's transaction; the last row that it writes."""
    if not cause_of(code).is_connections:
        return
    rows = ConnectionHealth.objects.filter(connection=connection)
    is_another = Q(last_failed_user__isnull=False) & ~Q(last_failed_user=user_id)
    counted: dict[str, Any] = {
        "failures_in_a_row": F("failures_in_a_row") + 1,
        "last_failed_at": now,
        "last_code": code,
        "last_failed_user": user_id,
        "is_corroborated": True
        if is_seen_by_us
        else Case(When(is_another, then=True), default=F("is_corroborated")),
    }
    if not rows.update(**counted):
        ConnectionHealth.objects.get_or_create(connection=connection, defaults={"org_id": connection.org_id})
        rows.update(**counted)
    health = rows.get()  # ours until the transaction ends: nobody else counts in between
    if health.notice_since is None:
        if not _is_failing(health, now):
            return
        rows.update(notice_since=now, notice_code=code)
    _mail_if_due(rows, connection, now)


def note_ok(connection: Connection, *, now: datetime) -> None:
    """A login passed. Writes where there is something to take back; `connection.health` may be loaded already."""
    health: ConnectionHealth | None = getattr(connection, "health", None)
    if health is None:
        return
    is_old = health.last_ok_at is None or health.last_ok_at <= now - OK_EVERY
    if not (is_old or health.failures_in_a_row or health.notice_since):
        return
    changes: dict[str, object] = {
        "failures_in_a_row": 0,
        "last_failed_user": None,
        "is_corroborated": False,
        "last_ok_at": now,
    }
    if health.failures_in_a_row >= IN_A_ROW or _is_calm(health, now):
        changes |= {"notice_since": None, "notice_code": ""}
    ConnectionHealth.objects.filter(pk=health.pk).update(**changes)


def failing(org: Organization, *, now: datetime) -> list[Failing]:
    """The organisation's connections with a notice, the longest failing first. One query, and one for each of them."""
    rows = ConnectionHealth.objects.filter(org=org, connection__is_enabled=True, notice_since__isnull=False)
    return [
        Failing(health.connection, health.cause, health.notice_since, _accounts_behind(health, now))
        for health in rows.select_related("connection").order_by("notice_since")
        if health.notice_since is not None
    ]


def _is_calm(health: ConnectionHealth, now: datetime) -> bool:
    return health.last_failed_at is None or health.last_failed_at <= now - CALM


def _is_failing(health: ConnectionHealth, now: datetime) -> bool:
    if health.failures_in_a_row >= IN_A_ROW and health.is_corroborated:
        return True
    return _is_above_usual(health.connection_id, now) and _is_of_several(health, now)


def _is_of_several(health: ConnectionHealth, now: datetime) -> bool:
    """Is no one account alone behind the last failures? Asked only while their share is high."""
    return health.is_corroborated or _accounts_behind(health, now) > 1


def _accounts_behind(health: ConnectionHealth, now: datetime) -> int:
    """How many accounts the last failures of 24 hours are of, of which it looks at `LATEST`."""
    records = LoginRecord.objects.filter(connection=health.connection_id, outcome=LoginOutcome.FAILED)
    real = records.filter(at__gt=now - DAY).exclude(purpose=Purpose.TEST).order_by("-pk")[:LATEST]
    return len(
        {user_id for user_id, code in real.values_list("user", "code") if cause_of(code).is_connections}
    )


def _is_above_usual(connection_id: int, now: datetime) -> bool:
    """The share of failures in the last 24 hours against that of the days before. One query, a row for each code."""
    counts = LoginCount.objects.filter(connection=connection_id, hour__gt=now - USUAL_DAYS * DAY)
    logins = counts.exclude(purpose=Purpose.TEST).exclude(outcome=LoginOutcome.ABANDONED)
    is_late = ExpressionWrapper(Q(hour__gt=hour_of(now - DAY)), output_field=BooleanField())
    failed, total = Counter[bool](), Counter[bool]()
    for late, code, count in logins.values_list(is_late, "code").annotate(Sum("count")):
        total[late] += count
        if code and cause_of(code).is_connections:
            failed[late] += count
    share = {late: failed[late] / max(total[late], 1) for late in (True, False)}
    if failed[True] < LEAST_FAILURES or share[True] < LEAST_SHARE:
        return False
    return share[True] >= TIMES_USUAL * share[False]


def _mail_if_due(rows: QuerySet[ConnectionHealth], connection: Connection, now: datetime) -> None:
    """Once for each notice, and not within a day of the mail before; of several at once one sends it."""
    is_due = Q(notified_at=None) | Q(notified_at__lt=F("notice_since"), notified_at__lte=now - MAIL_EVERY)
    if rows.filter(is_due, notice_since__isnull=False).update(notified_at=now):
        health = rows.get()
        announcements.connection_failing(
            connection=connection,
            cause=health.cause,
            since=health.notice_since or now,
            accounts=_accounts_behind(health, now),
        )
