"""`refresh_metadata`: read the metadata URLs of all connections again. `work` does it every few hours."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sso.metadata_refreshing import followed_revisions, refresh

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Read again the metadata of every connection that was set up by a metadata URL, and take in the certificates "
        "that identity providers announce. Takes no certificate away. Safe to run at any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        for revision in followed_revisions():
            try:
                check = refresh(revision, now=timezone.now())
            except Exception:  # one organisation's document must not keep the others' from being read
                logger.exception(
                    "sso.metadata.refresh.failed", extra={"connection_id": revision.connection_id}
                )
                failed += 1
                continue
            if check is not None:
                self.stdout.write(f"{revision.connection.uid}: {check.code or 'read'}")
        if failed:
            raise CommandError(f"{failed} could not be read; the log says why.")
