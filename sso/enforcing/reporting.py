"""Report-only mode: what enforcing would have stopped, counted per member, place and hour, and read by admins."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hubsso.charts import DayChart, day_chart
from hubsso.days import day_of, hour_of, last_days, start_of
from orgs.models import Membership, Organization
from sso.models import ReportedBlock

MAX_PATH_LENGTH = 300
SHOWN_DAYS = 30
CHANNEL_TEXTS: dict[str, Promise] = {"html": _("Pages"), "json": _("Requests for JSON")}
MAX_PLACES = 20  # a member's most frequent ones


@dataclass(frozen=True, slots=True)
class ReportedPlace:
    """A path that a member opened, as a page or as JSON."""

    path: str
    channel: str
    times: int
    last_day: date


@dataclass(frozen=True, slots=True)
class ReportedMember:
    """A member whom enforcing would have stopped, `times` in all; `places` are the most frequent ones."""

    membership: Membership
    times: int
    last_day: date
    places: tuple[ReportedPlace, ...]
    has_more_places: bool


def record(*, org: Organization, user_id: int, path: str, channel: str) -> None:
    """Count one request that report-only let through to something there is."""
    key: dict[str, Any] = {
        "org": org,
        "user_id": user_id,
        "hour": hour_of(timezone.now()),
        "channel": channel,
        "path": path[:MAX_PATH_LENGTH],
    }
    if ReportedBlock.objects.filter(**key).update(count=F("count") + 1):
        return
    _, created = ReportedBlock.objects.get_or_create(**key)
    if not created:  # another request of the same page was first
        ReportedBlock.objects.filter(**key).update(count=F("count") + 1)


def reported_memberships(*, org: Organization, now: datetime) -> QuerySet[Membership]:
    """The present members of whom anything was recorded in the last `SHOWN_DAYS` days, the reader's."""
    blocks = _recent(org, now).filter(user=OuterRef("user"))
    return Membership.objects.filter(Exists(blocks), org=org).select_related("user")


def reported_members(
    memberships: Sequence[Membership], *, org: Organization, now: datetime
) -> list[ReportedMember]:
    """What was recorded of these members, in their order. Two queries, however many they are."""
    blocks = _recent(org, now).filter(user__in=[membership.user_id for membership in memberships])
    totals = {
        row["user_id"]: row
        for row in blocks.values("user_id").annotate(times=Sum("count"), last_hour=Max("hour"))
    }
    places = _places(blocks)
    return [
        ReportedMember(
            membership=membership,
            times=totals[membership.user_id]["times"],
            last_day=timezone.localdate(totals[membership.user_id]["last_hour"]),
            places=tuple(places[membership.user_id][:MAX_PLACES]),
            has_more_places=len(places[membership.user_id]) > MAX_PLACES,
        )
        for membership in memberships
        if membership.user_id in totals
    ]


def per_day(*, org: Organization, now: datetime) -> DayChart:
    """What was recorded on each of the last `SHOWN_DAYS` days, former members included. One query."""
    days = last_days(SHOWN_DAYS, now=now)
    numbers: dict[date, Counter[str]] = defaultdict(Counter)
    by_day = _recent(org, now).values_list(day_of("hour", days), "channel").annotate(Sum("count"))
    for day, channel, count in by_day:
        numbers[day][channel] += count
    return day_chart(days, numbers, series=CHANNEL_TEXTS)


def _recent(org: Organization, now: datetime) -> QuerySet[ReportedBlock]:
    return ReportedBlock.objects.filter(org=org, hour__gte=start_of(last_days(SHOWN_DAYS, now=now)[0]))


def _places(blocks: QuerySet[ReportedBlock]) -> dict[int, list[ReportedPlace]]:
    """Each member's most frequent places, one more than is shown; the database leaves out the rest."""
    by_place = blocks.values("user_id", "path", "channel").annotate(times=Sum("count"), last_hour=Max("hour"))
    rank = Window(RowNumber(), partition_by=F("user_id"), order_by=[F("times").desc(), F("path").asc()])
    places: dict[int, list[ReportedPlace]] = defaultdict(list)
    for row in by_place.annotate(rank=rank).filter(rank__lte=MAX_PLACES + 1).order_by("user_id", "rank"):
        places[row["user_id"]].append(
            ReportedPlace(row["path"], row["channel"], row["times"], timezone.localdate(row["last_hour"]))
        )
    return places
