"""How the queue does, in numbers: for checks, metrics and whoever operates the portal."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min
from django_tasks_db.models import DBTaskResult, get_date_max

from hubsso.jobs.backends import runs_inline

COUNT_UP_TO = 10_000


@dataclass(frozen=True, slots=True)
class QueueState:
    """Counts stop at `COUNT_UP_TO`. `waiting` could run now; `oldest_seconds` is how long one of them has at most."""

    waiting: int
    running: int
    failed: int
    oldest_seconds: float


def queue_state(*, now: datetime) -> QueueState:
    """Nothing waits where jobs run inline."""
    if runs_inline():
        return QueueState(0, 0, 0, 0.0)
    rows = DBTaskResult.objects.order_by()
    return QueueState(
        waiting=rows.ready()[:COUNT_UP_TO].count(),
        running=rows.running()[:COUNT_UP_TO].count(),
        failed=rows.failed()[:COUNT_UP_TO].count(),
        oldest_seconds=_oldest_seconds(now),
    )


def _oldest_seconds(now: datetime) -> float:
    """One that was put off waits since its time has come, not since it was enqueued."""
    ready = DBTaskResult.objects.order_by().ready()
    fresh = ready.filter(run_after=get_date_max()).aggregate(since=Min("enqueued_at"))["since"]
    put_off = ready.exclude(run_after=get_date_max()).aggregate(since=Min("run_after"))["since"]
    since = min((moment for moment in (fresh, put_off) if moment is not None), default=now)
    return max(0.0, (now - since).total_seconds())
