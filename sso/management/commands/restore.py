"""`restore FILE`: take a backup in."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hubsso.backup import BackupRefused, read_backup, restore
from sso.operating.backups import NEVER


class Command(BaseCommand):
    help = (
        "Take in a file that `backup` wrote. The database must be empty but for `migrate`, and of the version that "
        "made the backup; HUBSSO_ENCRYPTION_KEYS must hold the keys that it was made under. The file is checked to "
        "its end before anything is written. Everything is written in one transaction, which is committed only if the "
        "database then has the backup's checksums. Ends with 1, and nothing written, if anything is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="a file that `backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup = read_backup(options["file"])
            restore(backup, ignoring=NEVER)
        except BackupRefused as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{backup.rows} rows restored, as of {backup.head.made_at}.")
        if backup.head.base_url != settings.BASE_URL:
            self.stderr.write(
                self.style.WARNING(
                    f"It was the portal at {backup.head.base_url}; this one is at {settings.BASE_URL}. Identity "
                    "providers know the former addresses, and logins fail until they know these."
                )
            )
