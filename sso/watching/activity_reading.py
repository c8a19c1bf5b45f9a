"""An organisation's logins as its admins read them: the list with its filters, the chart, and the ranked reasons.

Chart and reasons read the counts per hour alone, and the list goes by key, so that a page costs the same however many
logins there were.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from hubsso.charts import DayChart, day_chart
from hubsso.days import day_of, last_days, start_of
from orgs.models import Organization
from sso.explaining.causes import Cause, cause_named, cause_of, codes_of
from sso.explaining.references import as_typed
from sso.models import Connection, LoginCount, LoginRecord, RefusalTrace
from sso.types import LoginOutcome, Purpose

CHART_DAYS = 30
MAX_REASONS = 8
MAX_PEOPLE = 50  # that one search stands for

OUTCOME_TEXTS: dict[str, Promise] = {
    LoginOutcome.OK: pgettext_lazy("login", "Passed"),
    LoginOutcome.FAILED: pgettext_lazy("login", "Refused"),
    LoginOutcome.ABANDONED: pgettext_lazy("login", "Abandoned"),
}
PURPOSE_TEXTS: dict[str, Promise] = {
    Purpose.LOGIN: _("Login"),
    Purpose.JOIN: _("Joining"),
    Purpose.TEST: _("Test"),
}
TESTS = "test"  # a series of its own, whatever came of them
SERIES: dict[str, Promise] = {**OUTCOME_TEXTS, TESTS: _("Tests")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFilter:
    """What the list is narrowed to; empty for everything. `reason` is a cause's key or a code, `person` a search."""

    outcome: str = ""
    purpose: str = ""
    reason: str = ""
    person: str = ""
    connection: Connection | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.outcome or self.purpose or self.reason or self.person or self.connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A cause of refusals, how often in the chart's days, and by which codes, the most frequent first."""

    cause: Cause
    count: int
    share: int  # of the most frequent cause's count, in percent
    codes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The last `CHART_DAYS` days of the reader. Tests are in the chart only: they stop nobody."""

    chart: DayChart
    reasons: tuple[Reason, ...]


def overview(org: Organization, *, connection: Connection | None, now: datetime) -> Overview:
    """Of the organisation, or of one of its connections. One query."""
    days = last_days(CHART_DAYS, now=now)
    counts = LoginCount.objects.filter(org=org, hour__gte=start_of(days[0]))
    if connection is not None:
        counts = counts.filter(connection=connection)
    rows = counts.values_list(day_of("hour", days), "purpose", "outcome", "code").annotate(Sum("count"))
    numbers: dict[date, Counter[str]] = defaultdict(Counter)
    codes: Counter[str] = Counter()
    for day, purpose, outcome, code, count in rows:
        numbers[day][TESTS if purpose == Purpose.TEST else outcome] += count
        if outcome == LoginOutcome.FAILED and purpose != Purpose.TEST:
            codes[code] += count
    return Overview(day_chart(days, numbers, series=SERIES), _ranked(codes))


def _ranked(codes: Counter[str]) -> tuple[Reason, ...]:
    by_cause: dict[str, Counter[str]] = defaultdict(Counter)
    for code, count in codes.items():
        by_cause[cause_of(code).key][code] += count
    ranked = sorted(by_cause.values(), key=lambda counts: (-counts.total(), min(counts)))[:MAX_REASONS]
    return tuple(
        Reason(
            cause=cause_of(min(counts)),
            count=counts.total(),
            share=100 * counts.total() // ranked[0].total(),
            codes=tuple(counts.most_common()),
        )
        for counts in ranked
    )


def records(org: Organization, chosen: ActivityFilter) -> QuerySet[LoginRecord]:
    """The ends of logins, for pages by key. One query more where a person is searched for."""
    found = LoginRecord.objects.filter(org=org).select_related("user", "connection")
    if chosen.outcome:
        found = found.filter(outcome=chosen.outcome)
    if chosen.purpose:
        found = found.filter(purpose=chosen.purpose)
    if chosen.connection is not None:
        found = found.filter(connection=chosen.connection)
    if chosen.reason:
        found = found.filter(code__in=codes_asked_for(chosen.reason))
    if chosen.person:
        found = found.filter(user__in=people(org, chosen.person))
    return found


def codes_asked_for(reason: str) -> list[str]:
    """The codes that a cause's key stands for; any other word is a code."""
    cause = cause_named(reason)
    return codes_of(cause) if cause else [reason]


def people(org: Organization, search: str) -> list[int]:
    """Accounts by a part of their name or address: members, and others by their whole address."""
    is_member = Q(memberships__org=org) & (Q(name__icontains=search) | Q(email__icontains=search))
    found = User.objects.filter(is_member).order_by("pk").values_list("pk", flat=True)[:MAX_PEOPLE]
    return [*found, *User.objects.filter(email__iexact=search).values_list("pk", flat=True)]


def with_traces(org: Organization, rows: Iterable[LoginRecord], *, now: datetime) -> set[str]:
    """The references among these that still lead to a trace."""
    references = [row.reference for row in rows if row.reference]
    if not references:
        return set()
    kept = RefusalTrace.objects.filter(org=org, reference__in=references, expires_at__gt=now)
    return set(kept.values_list("reference", flat=True))


def matching_traces(
    org: Organization, *, search: str, reason: str, now: datetime, by_person: bool = True
) -> QuerySet[RefusalTrace]:
    """Refusals and blocks by the beginning of a reference, a code, or a part of a person's name or address."""
    found = RefusalTrace.objects.filter(org=org, expires_at__gt=now)
    if reason:
        found = found.filter(code__in=codes_asked_for(reason))
    if search:
        is_named = Q(reference__startswith=as_typed(search)) | Q(code=search.lower())
        found = found.filter(is_named | Q(user__in=people(org, search)) if by_person else is_named)
    return found
