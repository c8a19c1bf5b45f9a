"""What becomes of a job that failed: another try later, or its last failure. And a log line for each try.

The same row is tried again, so that its number of tries, its last error and its id stay together.
"""

import logging
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks.base import TaskResult
from django_tasks.signals import task_finished, task_started
from django_tasks_db.models import DBTaskResult, get_date_max

from hubsso.jobs.registry import FAILED_BEFORE, JOBS, GiveUp

logger = logging.getLogger(__name__)

OTHER_VERSIONS_LAST = timedelta(days=1)


def connect() -> None:
    task_started.connect(_log_start, dispatch_uid="hubsso.jobs.started")
    task_finished.connect(_settle, dispatch_uid="hubsso.jobs.finished")


def run_again(row: DBTaskResult[Any, Any]) -> bool:
    """Put a job that has failed for good back into the queue, as if it were new. Whether it had."""
    failed = DBTaskResult.objects.filter(pk=row.pk, status=TaskResultStatus.FAILED)
    return bool(
        failed.update(
            status=TaskResultStatus.READY, run_after=get_date_max(), finished_at=None, worker_ids=[]
        )
    )


def try_later(row: DBTaskResult[Any, Any], *, attempt: int, now: datetime) -> datetime | None:
    """Let a failed or lost job run again after its delay. When that is; None where its tries are used up."""
    known = JOBS.get(row.task_path)
    delay = known.retry.delay_after(attempt) if known else None
    if delay is None:
        return None
    run_after = now + delay + _spread(delay)
    DBTaskResult.objects.filter(pk=row.pk, status=row.status, started_at=row.started_at).update(
        status=TaskResultStatus.READY,
        run_after=run_after,
        finished_at=None,
        priority=min(row.priority, FAILED_BEFORE),
    )
    return run_after


def is_known(row: DBTaskResult[Any, Any]) -> bool:
    """Is the job one of this version's?"""
    try:
        return row.task is not None
    except (ImportError, SuspiciousOperation):
        return False


def leave_to_another_version(row: DBTaskResult[Any, Any], *, now: datetime) -> None:
    """While one version replaces another, either has jobs that the other does not know: put it back, for a day."""
    fields = {"job": row.task_path, "job_id": str(row.pk)}
    rows = DBTaskResult.objects.filter(pk=row.pk)
    if now - row.enqueued_at < OTHER_VERSIONS_LAST:
        logger.warning("job.unknown", extra=fields)
        put_back = now + timedelta(minutes=1)
        rows.update(status=TaskResultStatus.READY, run_after=put_back, worker_ids=row.worker_ids[:-1])
        return
    logger.error("job.failed", extra=fields | {"error": "no such job"})
    rows.update(
        status=TaskResultStatus.FAILED, finished_at=now, exception_class_path="ImportError", traceback=""
    )


def _spread(delay: timedelta) -> timedelta:
    """Up to a tenth more, so that what failed together does not come back together."""
    return timedelta(milliseconds=secrets.randbelow(int(delay.total_seconds() * 100) + 1))


def _log_start(task_result: TaskResult[Any], **_: Any) -> None:
    logger.debug("job.started", extra=_fields(task_result))


def _settle(task_result: TaskResult[Any], **_: Any) -> None:
    """Log how a try went, and have a failed one tried again."""
    fields = _fields(task_result) | {"duration_ms": _duration_ms(task_result)}
    if task_result.status != TaskResultStatus.FAILED:
        logger.info("job.done", extra=fields)
        return
    error = task_result.errors[0]
    fields |= {"error": error.exception_class_path}
    row: DBTaskResult[Any, Any] | None = getattr(task_result, "db_result", None)  # none where jobs run inline
    run_after = None
    if row is not None and not _is_given_up(error):
        run_after = try_later(row, attempt=task_result.attempts, now=timezone.now())
    if run_after is None:
        logger.exception("job.failed", extra=fields)
    else:
        logger.warning("job.tried_again_later", extra=fields | {"run_after": run_after}, exc_info=True)


def _is_given_up(error: Any) -> bool:
    try:
        return issubclass(error.exception_class, GiveUp)
    except (ImportError, ValueError):
        return False


def _fields(task_result: TaskResult[Any]) -> dict[str, object]:
    return {"job": task_result.task.module_path, "job_id": task_result.id, "attempt": task_result.attempts}


def _duration_ms(task_result: TaskResult[Any]) -> int | None:
    if task_result.started_at is None or task_result.finished_at is None:
        return None
    return round((task_result.finished_at - task_result.started_at).total_seconds() * 1000)
