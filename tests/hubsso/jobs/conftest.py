"""A queue instead of jobs that run at once, and a worker for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from hubsso.jobs.worker import JobWorker


@pytest.fixture(autouse=True)
def _connection_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker would close the one whose transaction is rolled back after the test."""
    for module in ("hubsso.jobs.worker", "django_tasks_db.management.commands.db_worker"):
        monkeypatch.setattr(f"{module}.close_old_connections", lambda: None)


@pytest.fixture
def queue(settings: Settings, db: None) -> None:
    """Jobs wait in the database."""
    settings.TASKS = {"default": {"BACKEND": settings.TASK_BACKENDS["queue"]}}


Work = Callable[[], list[Any]]


@pytest.fixture
def work(queue: None, monkeypatch: pytest.MonkeyPatch) -> Work:
    """Run what waits now, without the periodic jobs, and give the rows of the queue, oldest first."""
    monkeypatch.setattr(JobWorker, "_look", lambda self: None)

    def run() -> list[Any]:
        JobWorker().run_what_waits()
        return rows()

    return run


def rows() -> list[Any]:
    return list(DBTaskResult.objects.order_by("enqueued_at"))


def let_time_pass(**duration: float) -> None:
    """For the queue: what was put off comes nearer, and what runs has run for longer."""
    for row in rows():
        put_off = row.run_after.year < 9999
        DBTaskResult.objects.filter(pk=row.pk).update(
            run_after=row.run_after - timedelta(**duration) if put_off else row.run_after,
            started_at=row.started_at and row.started_at - timedelta(**duration),
            enqueued_at=row.enqueued_at - timedelta(**duration),
        )
