"""`prune_sso`: delete what single sign-on no longer needs. Run it daily."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from sso.pruning import prune


class Command(BaseCommand):
    help = (
        "Delete expired login attempts, consumed assertions, held forms, SSO sessions, refusal traces, recovery "
        "grants and old report-only counts. Deletes nothing that still matters; safe to run at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, but delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        is_dry_run: bool = options["dry_run"]
        verb = "would delete" if is_dry_run else "deleted"
        for name, count in prune(now=timezone.now(), is_dry_run=is_dry_run).items():
            self.stdout.write(f"{verb} {count} {name}")
