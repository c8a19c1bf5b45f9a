"""See `help`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hubsso.key_rotation import rotate_all


class Command(BaseCommand):
    help = (
        "Seal every secret at rest with the first key of HUBSSO_ENCRYPTION_KEYS. To rotate: put a new key first, "
        "restart every process, run this, then remove the old key. Works in batches, prints one line a place, looks "
        "at everything once more at the end, and can be run again at any time, also after an interruption. Ends with "
        "1 if a secret can't be read with any of the keys, which is left as it is, or if one came under an old key "
        "meanwhile."
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
        if not dry_run:
            self._verify()

    def _verify(self) -> None:
        """A process that was not restarted goes on sealing with the old key."""
        left = sum(rotation.resealed for rotation in rotate_all(is_dry_run=True))
        if left:
            raise CommandError(
                f"{left} secrets are under an old key again. Restart every process, then run this once more."
            )
        self.stdout.write("Verified: every secret opens with the first key. The others can be removed.")
