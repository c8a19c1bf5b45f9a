"""`send_expiry_warnings`: mail admins about certificates, keys and client secrets that expire. Run it daily."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from sso.expiring.expiry_warnings import due_warnings, organisations, send_due


class Command(BaseCommand):
    help = (
        "Mail the admins of every organisation whose certificates, keys or client secrets expire: 60, 30, 14, 7 and 1 "
        "days before the end, and at the end, each once. Safe to run at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what is due, but send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        look = due_warnings if options["dry_run"] else send_due
        verb = "would warn" if options["dry_run"] else "warned"
        for org in organisations():
            for ending in look(org, now=timezone.now()):
                self.stdout.write(f"{verb} {org.slug}: {ending.sentence}")
