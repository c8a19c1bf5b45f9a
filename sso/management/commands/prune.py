"""`prune`: delete what the portal no longer needs. Run it daily."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from hubsso.jobs.pruning import prune as prune_jobs
from sso.pruning import prune


class Command(BaseCommand):
    help = (
        "Delete what has expired: browser sessions, SSO sessions, login attempts, consumed messages, held forms, "
        "refusal traces, recovery grants, old login records and counts, audit entries that an organisation no "
        "longer keeps, and background jobs that are over. A worker does the same by itself. Deletes nothing that "
        "still matters; safe to run at any time, and again after an interruption."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, but delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        is_dry_run: bool = options["dry_run"]
        verb = "would delete" if is_dry_run else "deleted"
        now = timezone.now()
        jobs = prune_jobs(now=now, is_dry_run=is_dry_run)
        counts = {
            **prune(now=now, is_dry_run=is_dry_run),
            "jobs that were done": jobs["done"],
            "jobs that failed": jobs["failed"],
            "letters that could not be sent": jobs["letters"],
        }
        for name, count in counts.items():
            self.stdout.write(f"{verb} {count} {name}")
