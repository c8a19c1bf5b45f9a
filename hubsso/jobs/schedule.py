"""Enqueues what is due again. Any number of workers may do it: of those that see a job due, one moves it on."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from hubsso.jobs.models import PeriodicJob
from hubsso.jobs.registry import JOBS, periodic_jobs

logger = logging.getLogger(__name__)
FORGET_AFTER = timedelta(days=30)


def know_all(*, now: datetime) -> None:
    """Give every periodic job its row; a new one is due at once. Forget those that no version has had for long."""
    names = periodic_jobs()
    PeriodicJob.objects.bulk_create(
        [PeriodicJob(name=name, next_run_at=now) for name in sorted(names)], ignore_conflicts=True
    )
    PeriodicJob.objects.filter(next_run_at__lt=now - FORGET_AFTER).exclude(name__in=names).delete()


def enqueue_due(*, now: datetime) -> list[str]:
    """Enqueue the periodic jobs whose time has come, and say which."""
    due = PeriodicJob.objects.filter(next_run_at__lte=now, name__in=periodic_jobs())
    return [row.name for row in list(due) if _enqueue(row, now)]


def run_soon(name: str, *, now: datetime) -> None:
    """Have a periodic job enqueued by the next worker that looks."""
    PeriodicJob.objects.filter(name=name).update(next_run_at=now)


@transaction.atomic
def _enqueue(row: PeriodicJob, now: datetime) -> bool:
    """One that is still waiting or running from last time is left alone, and comes again when it is due again."""
    known = JOBS[row.name]
    if known.every is None:
        return False
    as_seen = PeriodicJob.objects.filter(name=row.name, next_run_at=row.next_run_at)
    if not as_seen.update(next_run_at=now + known.every, last_run_at=now):
        return False  # another worker was faster
    if _is_under_way(row.name):
        logger.warning("job.still_under_way", extra={"job": row.name})
        return False
    known.task.enqueue()
    return True


def _is_under_way(name: str) -> bool:
    open_states = (TaskResultStatus.READY, TaskResultStatus.RUNNING)
    return DBTaskResult.objects.filter(task_path=name, status__in=open_states).exists()
