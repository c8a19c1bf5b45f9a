"""`recheck_domains`: look up the records of verified domains again. Run it daily."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from orgs.domains import recheck_all


class Command(BaseCommand):
    help = (
        "Look up the DNS record of every verified domain again. A record that is missing is announced to the "
        "organisation's admins; a domain whose record is missing for seven days counts no longer. Where DNS gives no "
        "answer, nothing changes."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for recheck in recheck_all(now=timezone.now()):
            self.stdout.write(f"{recheck.outcome} {recheck.domain.name} of {recheck.domain.org.slug}")
