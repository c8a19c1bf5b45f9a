"""Forgets jobs that are done, those that failed long ago, and letters that nobody can send any more."""

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from hubsso.jobs.models import OutgoingLetter
from hubsso.jobs.registry import PERIODIC, job

KEEP_DONE = timedelta(days=1)
KEEP_FAILED = timedelta(days=14)  # as long as an operator may want to look, and to let it run again
BATCH = 1000


@job(every=timedelta(hours=1), priority=PERIODIC)
def prune_jobs() -> dict[str, int]:
    return prune(now=timezone.now())


def prune(*, now: datetime, is_dry_run: bool = False) -> dict[str, int]:
    """Delete in batches, or only count, and say how many of each kind."""
    rows = DBTaskResult.objects.order_by()
    work = _count if is_dry_run else _delete
    return {
        "done": work(rows.successful().filter(finished_at__lt=now - KEEP_DONE)),
        "failed": work(rows.failed().filter(finished_at__lt=now - KEEP_FAILED)),
        "letters": work(OutgoingLetter.objects.filter(created_at__lt=now - KEEP_FAILED)),
    }


def _count(rows: "models.QuerySet[models.Model]") -> int:
    return rows.count()


def _delete(rows: "models.QuerySet[models.Model]") -> int:
    deleted = 0
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        deleted += rows.model._default_manager.filter(pk__in=keys).delete()[0]
    return deleted
