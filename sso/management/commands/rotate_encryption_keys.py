"""See `help`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hubsso.key_rotation import rotate_all


class Command(BaseCommand):
    help = (
        "Seal every secret at rest with the first key of HUBSSO_ENCRYPTION_KEYS. To rotate: put a new key first, "
        "restart, run this, then remove the old key. Prints one line a place and can be run again at any "
        "time. Ends with 1 if a secret can't be read with any of the keys; it is left as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only, change nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        unreadable = 0
        for rotation in rotate_all(is_dry_run=dry_run):
            unreadable += rotation.unreadable
            self.stdout.write(
                f"{rotation.place}: {rotation.resealed} {'to reseal' if dry_run else 'resealed'}, "
                f"{rotation.current} current, {rotation.unreadable} unreadable"
            )
        if unreadable:
            raise CommandError(f"{unreadable} secrets can't be read with any of the keys. Keep the old keys.")
