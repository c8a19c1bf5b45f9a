"""What a job is, and which there are: how often it is tried, how long it may take, and how often it is due again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

from django_tasks import task
from django_tasks.base import Task

P = ParamSpec("P")
T = TypeVar("T")

# What nobody waits for goes after what somebody does; what failed before, and may fail again, goes last. AWAITED is
# what keeps somebody out until it comes: no number of letters that members cause comes before it.
PERIODIC, AWAITED, NORMAL, BULK, FAILED_BEFORE = 10, 5, 0, -10, -20


class GiveUp(Exception):
    """Raised by a job that would fail again however often it is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """At most `attempts` tries. The second comes after `first_after`, each further one after twice as long."""

    attempts: int
    first_after: timedelta
    longest: timedelta

    def delay_after(self, attempt: int) -> timedelta | None:
        """How long to wait after that many tries; None when they are used up."""
        if attempt >= self.attempts:
            return None
        doubled: timedelta = self.first_after * 2 ** min(attempt - 1, 30)
        return min(doubled, self.longest)


A_FEW_TIMES = Retry(attempts=5, first_after=timedelta(minutes=1), longest=timedelta(minutes=15))
FOR_A_DAY = Retry(attempts=30, first_after=timedelta(seconds=30), longest=timedelta(hours=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job's rules. `every` is None for one that only runs when it is asked for.

    One that has run for `lost_after` counts as lost with its worker, and runs again: no job may take that long.
    """

    task: Task[..., Any]
    retry: Retry
    every: timedelta | None
    lost_after: timedelta


JOBS: dict[str, Job] = {}  # by the path of the function, such as `sso.jobs.prune`


def job(
    *,
    retry: Retry = A_FEW_TIMES,
    every: timedelta | None = None,
    lost_after: timedelta = timedelta(minutes=15),
    priority: int = NORMAL,
) -> Callable[[Callable[P, T]], Task[P, T]]:
    """Make a function of a module a job. Its arguments and result must be plain JSON values, and no secrets."""

    def register(function: Callable[P, T]) -> Task[P, T]:
        made: Task[P, T] = task(priority=priority)(function)
        JOBS[made.module_path] = Job(task=made, retry=retry, every=every, lost_after=lost_after)
        return made

    return register


def periodic_jobs() -> dict[str, timedelta]:
    """The jobs that are due again and again, by name, and how often."""
    return {name: known.every for name, known in JOBS.items() if known.every is not None}
