"""`backup FILE`: everything in the database in one file."""

from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from hubsso.backup import Backup, BackupRefused, dump, read_backup, refuse_foreign
from sso.operating.backups import NEVER, SESSIONS

STANDARD_OUTPUT = "-"


class Command(BaseCommand):
    help = (
        "Write everything in the database, as it is at one moment, to the new file FILE, while the portal goes on. "
        "`restore` takes it in, also into a database of the other kind. Secrets stay sealed in it: keep "
        "HUBSSO_ENCRYPTION_KEYS elsewhere, and as long as the backup. With --verify nothing is written: the file FILE "
        "is read to its end and held against its checksums and our keys. Ends with 1 if that fails."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="FILE", type=Path, help="the file, such as portal.backup; - for standard output"
        )
        parser.add_argument("--verify", action="store_true", help="check an existing file, write nothing")
        parser.add_argument(
            "--with-sessions",
            action="store_true",
            help="also who is signed in, and logins that are under way; after a restore they still are",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            if options["verify"]:
                self._verify(read_backup(path))
                return
            without = NEVER if options["with_sessions"] else NEVER | SESSIONS
            is_stream = str(path) == STANDARD_OUTPUT
            target = cast("BinaryIO", self.stdout.buffer) if is_stream else path
            backup = dump(target, without=without, now=timezone.now())
        except BackupRefused as error:
            raise CommandError(str(error)) from None
        if is_stream:
            self.stderr.write(f"{backup.rows} rows written.")
        else:
            self._print(backup)
            self.stdout.write(f"{backup.rows} rows written to {path}.")

    def _verify(self, backup: Backup) -> None:
        self._print(backup)
        head = backup.head
        self.stdout.write(f"{backup.rows} rows, made at {head.made_at} by version {head.version}: whole.")
        refuse_foreign(backup)
        self.stdout.write("It can be restored here: the migrations are the same, and we hold its keys.")

    def _print(self, backup: Backup) -> None:
        for label, table in backup.sums.items():
            self.stdout.write(f"{label}: {table.rows} rows, {table.checksum[:16]}")
