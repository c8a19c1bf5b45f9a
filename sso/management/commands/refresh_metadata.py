"""`refresh_metadata`: read the metadata URLs of all connections again. Run it every few hours."""

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sso.models import Revision
from sso.protocols import adapter_for

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Read again the metadata of every connection that was set up by a metadata URL, and take in the certificates "
        "that identity providers announce. Takes no certificate away. Safe to run at any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        failed = 0
        in_use = Revision.objects.filter(
            status__in=(Revision.Status.LIVE, Revision.Status.DRAFT), connection__is_enabled=True
        )
        for revision in in_use.exclude(metadata_url="").select_related("connection__org").order_by("pk"):
            try:
                check = adapter_for(revision.connection.protocol).refresh(revision, now=timezone.now())
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
