"""`work`: run the background jobs. Run one or more beside the server, and start it again when it ends."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hubsso.jobs.worker import JobWorker


class Command(BaseCommand):
    help = (
        "Run background jobs as they come, and those that are due every few minutes, hours or days. Any number of "
        "workers may run. SIGTERM lets a worker finish the job at hand, which takes seconds. Where jobs run inline "
        "(HUBSSO_TASKS), it only sees to those that are due."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="run what waits and what is due now, then end"
        )
        parser.add_argument(
            "--interval",
            type=float,
            default=1.0,
            metavar="SECONDS",
            help="how often to look for new jobs (1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        worker = JobWorker(interval_seconds=max(0.1, options["interval"]))
        if options["once"]:
            worker.run_what_waits()
            return
        worker.configure_signals()
        worker.run_until_stopped()
