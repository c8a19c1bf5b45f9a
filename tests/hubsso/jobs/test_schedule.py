"""Periodic jobs: each worker may look, and each job is enqueued once. And long work goes in steps."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from hubsso.jobs import schedule, steps
from hubsso.jobs.checks import somebody_works
from hubsso.jobs.models import PeriodicJob
from hubsso.jobs.registry import JOBS, periodic_jobs
from hubsso.jobs.state import queue_state
from hubsso.jobs.worker import JobWorker
from tests.hubsso.jobs.conftest import let_time_pass, rows
from tests.hubsso.jobs.example_jobs import greet
from tests.parallel import in_parallel

NOW = timezone.now()


def test_every_command_that_is_due_again_and_again_has_its_job() -> None:
    assert {name: str(every) for name, every in periodic_jobs().items()} == {
        "hubsso.jobs.pruning.prune_jobs": "1:00:00",
        "orgs.jobs.recheck_domains": "1 day, 0:00:00",
        "sso.jobs.end_trials": "0:02:00",
        "sso.jobs.prune": "1 day, 0:00:00",
        "sso.jobs.refresh_metadata": "6:00:00",
        "sso.jobs.send_expiry_warnings": "1 day, 0:00:00",
    }


@pytest.mark.django_db(transaction=True)
def test_several_workers_enqueue_a_job_once(queue: None) -> None:
    schedule.know_all(now=NOW)
    enqueued = in_parallel(lambda: schedule.enqueue_due(now=NOW), times=4)
    assert sorted(name for names in enqueued for name in names) == sorted(periodic_jobs())
    assert sorted(row.task_path for row in rows()) == sorted(periodic_jobs())


def test_a_job_is_due_again_after_its_time_and_not_while_it_is_under_way(queue: None) -> None:
    name = "sso.jobs.end_trials"
    schedule.know_all(now=NOW)
    schedule.enqueue_due(now=NOW)
    assert name not in schedule.enqueue_due(now=NOW + timedelta(seconds=119))
    assert name not in schedule.enqueue_due(now=NOW + timedelta(seconds=121))  # nobody has run the first
    DBTaskResult.objects.update(status=TaskResultStatus.SUCCESSFUL)
    assert name in schedule.enqueue_due(now=NOW + timedelta(seconds=242))


def test_a_restart_makes_nothing_due(queue: None) -> None:
    schedule.know_all(now=NOW)
    schedule.enqueue_due(now=NOW)
    PeriodicJob.objects.create(name="jobs.of_a_newer_version", next_run_at=NOW)
    PeriodicJob.objects.create(name="jobs.of_an_old_version", next_run_at=NOW - timedelta(days=31))
    schedule.know_all(now=NOW + timedelta(minutes=1))
    assert schedule.enqueue_due(now=NOW + timedelta(minutes=1)) == []
    assert {row.name for row in PeriodicJob.objects.all()} == {*periodic_jobs(), "jobs.of_a_newer_version"}


def test_a_worker_runs_everything_that_is_due(queue: None) -> None:
    call_command("work", "--once")
    assert {row.task_path: row.status for row in rows()} == dict.fromkeys(periodic_jobs(), "SUCCESSFUL")


@pytest.mark.django_db
def test_without_a_queue_the_worker_still_sees_to_what_is_due(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as run:
        call_command("work", "--once")
    assert len(run) >= len(periodic_jobs())
    assert PeriodicJob.objects.filter(last_run_at__isnull=False).count() == len(periodic_jobs())
    assert rows() == []


@pytest.mark.django_db
def test_a_worker_waits_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []
    pauses: list[float] = []

    def run(worker: JobWorker) -> None:
        tries.append("tried")
        if len(tries) < 9:
            raise OperationalError("the database is away")
        worker.running = False

    monkeypatch.setattr(JobWorker, "run_what_waits", run)
    monkeypatch.setattr("hubsso.jobs.worker.connections.close_all", lambda: None)
    monkeypatch.setattr("hubsso.jobs.worker.time.sleep", pauses.append)
    JobWorker().run_until_stopped()
    assert pauses == [2, 4, 8, 16, 30, 30, 30, 30]


# --- Steps -----------------------------------------------------------------------------------------------


def test_a_step_ends_with_its_time_and_says_where(queue: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 0)
    seen: list[int] = []
    step = steps.work_through([3, 5, 8], seen.append, key=int)
    assert (step, seen) == (steps.Step(done=1, failed=0, last=3), [3])


def test_a_row_that_fails_keeps_no_other_waiting(queue: None) -> None:
    step = steps.work_through([1, 0, 2], lambda row: 1 / row, key=int)
    assert step == steps.Step(done=2, failed=1, last=None)


@pytest.mark.django_db
def test_without_a_queue_there_is_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 0)
    assert steps.work_through([3, 5, 8], str, key=int).done == 3


# --- What is said of the queue -----------------------------------------------------------------------------


def test_state_and_check_say_when_nobody_works(queue: None) -> None:
    greet.enqueue("Max")
    assert somebody_works(databases=["default"]) == []
    let_time_pass(minutes=20)
    state = queue_state(now=timezone.now())
    assert (state.waiting, state.running, state.failed) == (1, 0, 0)
    assert 1200 <= state.oldest_seconds < 1260
    (warning,) = somebody_works(databases=["default"])
    assert warning.id == "jobs.W001"
    assert somebody_works(databases=None) == []


def test_a_job_that_was_put_off_waits_from_its_time_on(queue: None) -> None:
    greet.using(run_after=timezone.now() + timedelta(hours=1)).enqueue("Max")
    let_time_pass(minutes=50)
    assert queue_state(now=timezone.now()).oldest_seconds == 0
    let_time_pass(minutes=15)
    assert queue_state(now=timezone.now()).oldest_seconds == pytest.approx(300, abs=60)


def test_jobs_are_told_keys_and_no_rows(settings: Settings) -> None:
    """Every job of the product can be enqueued with what its signature asks for: plain JSON values."""
    for name, known in JOBS.items():
        hints = {hint for key, hint in known.task.func.__annotations__.items() if key != "return"}
        assert hints <= {int, str}, name
