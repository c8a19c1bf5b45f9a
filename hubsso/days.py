"""The reader's days, made of hours: what is counted is stored per UTC hour, and added up to days when it is read.

A day is that of the current time zone, 23 or 25 hours long where the clock changes. An hour belongs whole to the day
in which it begins: where a zone differs by half an hour or a quarter from UTC, up to 45 minutes after midnight are
still in the day before.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Case, DateField, Value, When
from django.utils import timezone

DAY = timedelta(days=1)


def hour_of(at: datetime) -> datetime:
    """The beginning of its UTC hour."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def last_days(number: int, *, now: datetime) -> list[date]:
    """So many days up to today, the earliest first."""
    today = timezone.localtime(now).date()
    return [today - timedelta(days=back) for back in reversed(range(number))]


def start_of(day: date) -> datetime:
    """Its first moment; where midnight is skipped or comes twice, the change itself or the first of the two."""
    return datetime.combine(day, time.min, timezone.get_current_timezone()).astimezone(UTC)


def day_of(hour: str, days: Sequence[date]) -> Case:
    """In a query over hours from `start_of(days[0])` on: the day to which the field's hour belongs.

    The borders are computed here, so that the database needs to know no zone.
    """
    ends = [When(**{f"{hour}__lt": start_of(day + DAY)}, then=Value(day)) for day in days]
    return Case(*ends, default=None, output_field=DateField())
