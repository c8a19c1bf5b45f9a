"""What `manage.py work` runs: the library's worker, with our clock beside it, until it is told to stop.

Between two jobs, and while there are none, it enqueues what is due and takes up what was lost. SIGTERM lets it finish
the job at hand. A database that is away is waited for.
"""

import logging
import time
from types import FrameType
from typing import Any

from django.db import Error, close_old_connections, connections
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands.db_worker import Worker

from hubsso.jobs import lost, retries, schedule
from hubsso.jobs.backends import runs_inline
from hubsso.request_context import in_place_of_a_request

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 15
LONGEST_PAUSE_SECONDS = 30


class JobWorker(Worker):
    """Runs what waits, in one thread. Several workers share the work, each job is one's."""

    def __init__(self, *, interval_seconds: float = 1.0) -> None:
        super().__init__(
            queue_names=["*"],
            interval=interval_seconds,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        self._looked_at: float | None = None

    def run_until_stopped(self) -> None:
        """Returns after SIGTERM or Ctrl-C; or leaves by SystemExit where nothing was under way."""
        logger.info("jobs.worker.started", extra={"worker": self.worker_id})
        pause = self.interval
        while self.running:
            try:
                self.run_what_waits()
                pause = self.interval
            except Error:
                logger.exception("jobs.database_away")
                connections.close_all()
                pause = min(max(2 * pause, 1.0), LONGEST_PAUSE_SECONDS)
            if self.running:
                time.sleep(pause)

    def run_what_waits(self) -> None:
        """Run everything that is due now, and come back."""
        self._look()
        if not runs_inline():
            super().run()
        close_old_connections()

    def run_task(self, db_task_result: Any) -> None:
        with in_place_of_a_request(db_task_result.id.hex):
            if retries.is_known(db_task_result):
                super().run_task(db_task_result)
            else:
                retries.leave_to_another_version(db_task_result, now=timezone.now())
        self._look()

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        logger.info("jobs.worker.stopping", extra={"worker": self.worker_id})
        super().shutdown(signum, frame)

    def _look(self) -> None:
        """At the clock, now and then."""
        if self._looked_at is not None and time.monotonic() - self._looked_at < LOOK_EVERY_SECONDS:
            return
        if self._looked_at is None:
            schedule.know_all(now=timezone.now())
        now = timezone.now()
        if not runs_inline():
            lost.take_up_again(now=now)
        schedule.enqueue_due(now=now)
        self._looked_at = time.monotonic()
