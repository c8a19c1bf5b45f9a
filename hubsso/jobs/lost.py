"""Jobs whose worker died in the middle: they would count as running for ever."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from hubsso.jobs.registry import JOBS
from hubsso.jobs.retries import try_later

logger = logging.getLogger(__name__)
_UNKNOWN_LOST_AFTER = timedelta(days=1)  # a job of another version, whose workers look after it


class WorkerLost(Exception):
    """The worker did not come back from the job's last try."""


def take_up_again(*, now: datetime) -> int:
    """Have those tried again that have run for longer than they may, or let them fail. Returns how many there were."""
    lost = [row for row in DBTaskResult.objects.running() if _is_lost(row, now)]
    for row in lost:
        attempt = len(row.worker_ids)
        run_after = try_later(row, attempt=attempt, now=now)
        if run_after is None:
            _fail(row, now)
        fields = {"job": row.task_path, "job_id": str(row.pk), "attempt": attempt, "run_after": run_after}
        logger.error("job.lost", extra=fields)
    return len(lost)


def _is_lost(row: DBTaskResult[Any, Any], now: datetime) -> bool:
    known = JOBS.get(row.task_path)
    lost_after = known.lost_after if known else _UNKNOWN_LOST_AFTER
    return row.started_at is not None and now - row.started_at > lost_after


def _fail(row: DBTaskResult[Any, Any], now: datetime) -> None:
    still = DBTaskResult.objects.filter(pk=row.pk, status=row.status, started_at=row.started_at)
    still.update(
        status=TaskResultStatus.FAILED,
        finished_at=now,
        exception_class_path=f"{WorkerLost.__module__}.{WorkerLost.__qualname__}",
        traceback="",
    )
