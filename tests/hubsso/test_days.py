"""Days of the reader out of UTC hours."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from hubsso.days import DAY, hour_of, last_days, start_of


@contextmanager
def reader_in(zone: str) -> Iterator[None]:
    with timezone.override(ZoneInfo(zone)):
        yield


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("UTC", "2026-03-29", "2026-03-29T00:00", 24),
        ("Pacific/Auckland", "2026-07-01", "2026-06-30T12:00", 24),
        ("America/Montreal", "2026-07-01", "2026-07-01T04:00", 24),
        ("Europe/Paris", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Paris", "2026-10-25", "2026-10-24T22:00", 25),
        ("Pacific/Auckland", "2026-09-27", "2026-09-26T12:00", 23),
        ("Asia/Kolkata", "2026-07-01", "2026-06-30T18:30", 24),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00", 23),  # has no midnight
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", 25),  # has two
    ],
)
def test_a_day_begins_at_the_readers_midnight(zone: str, day: str, start: str, hours: int) -> None:
    with reader_in(zone):
        begun = start_of(date.fromisoformat(day))
        ended = start_of(date.fromisoformat(day) + DAY)
    assert begun == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert (ended - begun).total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("zone", "today"),
    [("Pacific/Auckland", 2), ("UTC", 1), ("America/Los_Angeles", 1), ("Pacific/Kiritimati", 2)],
)
def test_the_last_days_end_with_the_readers_today(zone: str, today: int) -> None:
    now = datetime(2026, 7, 1, 20, 59, tzinfo=UTC)
    with reader_in(zone):
        assert last_days(3, now=now) == [date(2026, 7, today) - back * DAY for back in (2, 1, 0)]


def test_an_hour_is_that_of_utc() -> None:
    at = datetime(2026, 7, 1, 0, 10, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert hour_of(at) == datetime(2026, 6, 30, 18, tzinfo=UTC)
