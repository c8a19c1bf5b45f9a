"""How requests are counted, whatever the limit."""

from datetime import timedelta

from django.core.cache import caches
from django.utils import timezone
from pytest_django import Settings

from hubsso import throttle
from hubsso.throttle import Limit

NOW = timezone.now().replace(second=15, microsecond=0)
THREE = Limit("test.three", 3, seconds=60)


def test_count_begins_anew_with_the_window() -> None:
    assert [bool(throttle.count(THREE, "a", now=NOW)) for _ in range(5)] == [False] * 3 + [True] * 2
    exceeded = throttle.count(THREE, "a", now=NOW)
    assert exceeded is not None
    assert exceeded.retry_after_seconds == 45  # the window is the minute, and NOW is 15 s into it
    assert throttle.count(THREE, "a", now=NOW + timedelta(seconds=44)) is not None
    assert throttle.count(THREE, "a", now=NOW + timedelta(seconds=45)) is None


def test_only_the_first_one_over_the_limit_is_called_so() -> None:
    firsts = [
        exceeded.is_first
        for exceeded in (throttle.count(THREE, "a", now=NOW) for _ in range(6))
        if exceeded is not None
    ]
    assert firsts == [True, False, False]


def test_asking_whether_a_limit_is_used_up_counts_nothing() -> None:
    for _ in range(9):
        assert throttle.is_used_up(THREE, "a", now=NOW) is None
    for _ in range(3):
        throttle.count(THREE, "a", now=NOW)
    assert throttle.is_used_up(THREE, "a", now=NOW) is not None


def test_memory_of_the_counts_is_bounded(settings: Settings) -> None:
    bound = settings.CACHES["throttle"]["OPTIONS"]["MAX_ENTRIES"]
    for number in range(bound + 1000):
        throttle.count(THREE, number, now=NOW)
    assert len(caches["throttle"]._cache) <= bound  # type: ignore[attr-defined]
