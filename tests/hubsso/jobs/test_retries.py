"""A job that fails is tried again, later and later, until it works or its tries are used up."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from hubsso.jobs import lost, pruning, retries
from hubsso.jobs.registry import FOR_A_DAY
from hubsso.request_context import JSONFormatter, RequestContextFilter
from tests.hubsso.jobs.conftest import Work, let_time_pass, rows
from tests.hubsso.jobs.example_jobs import THREE_TRIES, done, fails, greet, hopeless


@pytest.fixture(autouse=True)
def _nothing_left_over() -> Iterator[None]:
    yield
    done.clear()
    fails.clear()


@pytest.mark.parametrize(
    ("attempt", "minutes"), [(1, 1), (2, 2), (3, None), (4, None)], ids=["first", "second", "last", "more"]
)
def test_each_wait_is_twice_the_one_before(attempt: int, minutes: int | None) -> None:
    expected = None if minutes is None else timedelta(minutes=minutes)
    assert THREE_TRIES.delay_after(attempt) == expected


def test_a_letter_is_tried_for_about_a_day() -> None:
    delays = [FOR_A_DAY.delay_after(attempt) for attempt in range(1, FOR_A_DAY.attempts)]
    total = sum((delay for delay in delays if delay), timedelta())
    assert timedelta(hours=20) < total < timedelta(hours=30)
    assert max(delay for delay in delays if delay) == timedelta(hours=1)


def test_what_is_rolled_back_leaves_no_job(work: Work) -> None:
    with transaction.atomic():
        greet.enqueue("Max")
        transaction.set_rollback(True)
    assert work() == []


def test_job_runs_once_and_keeps_its_result(work: Work) -> None:
    greet.enqueue("Max")
    (row,) = work()
    assert (row.status, row.return_value) == ("SUCCESSFUL", "Hello Max")
    work()
    assert done == ["Max"]


def test_failed_job_waits_and_then_works(work: Work) -> None:
    fails.append(OSError("not now"))
    greet.enqueue("Max")
    (row,) = work()
    assert row.status == "READY"
    assert row.exception_class_path == "builtins.OSError"
    assert timedelta(seconds=50) < row.run_after - timezone.now() < timedelta(seconds=70)
    work()
    assert done == []  # not before its time
    let_time_pass(seconds=70)
    (row,) = work()
    assert (row.status, len(row.worker_ids)) == ("SUCCESSFUL", 2)


def test_last_failure_stays_to_be_seen_and_can_be_run_again(work: Work) -> None:
    fails.extend(OSError("not now") for _ in range(3))
    greet.enqueue("Max")
    for _ in range(4):
        work()
        let_time_pass(hours=2)
    (row,) = rows()
    assert (row.status, len(row.worker_ids)) == ("FAILED", 3)
    assert retries.run_again(row)
    (row,) = work()
    assert (row.status, len(row.worker_ids), done) == ("SUCCESSFUL", 1, ["Max"])
    assert not retries.run_again(row)


def test_job_that_gives_up_is_not_tried_again(work: Work) -> None:
    hopeless.enqueue()
    (row,) = work()
    assert row.status == "FAILED"


def test_job_whose_worker_died_is_taken_up_again(work: Work) -> None:
    greet.enqueue("Max")
    (row,) = rows()
    row.claim("a worker that is gone")
    now = timezone.now()
    assert lost.take_up_again(now=now + timedelta(minutes=9)) == 0
    assert lost.take_up_again(now=now + timedelta(minutes=11)) == 1
    let_time_pass(minutes=15)
    (row,) = work()
    assert (row.status, len(row.worker_ids)) == ("SUCCESSFUL", 2)


def test_job_that_kills_its_workers_fails_at_last(work: Work) -> None:
    greet.enqueue("Max")
    for _ in range(3):
        (row,) = rows()
        row.claim("a worker that is gone")
        lost.take_up_again(now=timezone.now() + timedelta(minutes=11))
    (row,) = rows()
    assert (row.status, row.exception_class_path) == ("FAILED", "hubsso.jobs.lost.WorkerLost")


def test_job_that_only_another_version_knows_waits_for_it(work: Work) -> None:
    greet.enqueue("Max")
    DBTaskResult.objects.update(task_path="jobs.of_a_newer_version")
    (row,) = work()
    assert (row.status, row.worker_ids) == ("READY", [])
    let_time_pass(days=2)
    (row,) = work()
    assert row.status == "FAILED"


def test_each_try_is_a_line_with_the_job_its_id_the_try_and_how_long(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    fails.append(OSError("not now"))
    greet.enqueue("Max")
    with caplog.at_level(logging.INFO, logger="hubsso.jobs"), caplog.filtering(RequestContextFilter()):
        work()
        let_time_pass(hours=1)
        (row,) = work()
    lines: list[dict[str, Any]] = [json.loads(JSONFormatter().format(record)) for record in caplog.records]
    assert [(line["event"], line["attempt"]) for line in lines] == [
        ("job.tried_again_later", 1),
        ("job.done", 2),
    ]
    for line in lines:
        assert line["job"] == "tests.hubsso.jobs.example_jobs.greet"
        assert line["job_id"] == str(row.pk)
        assert line["request_id"] == row.pk.hex
        assert line["duration_ms"] >= 0


def test_jobs_that_are_over_are_forgotten_in_time(work: Work) -> None:
    greet.enqueue("Max")
    hopeless.enqueue()
    work()
    now = timezone.now()
    assert pruning.prune(now=now + timedelta(hours=23)) == {"done": 0, "failed": 0, "letters": 0}
    assert pruning.prune(now=now + timedelta(hours=25)) == {"done": 1, "failed": 0, "letters": 0}
    assert pruning.prune(now=now + timedelta(days=15)) == {"done": 0, "failed": 1, "letters": 0}
    assert not DBTaskResult.objects.exists()
