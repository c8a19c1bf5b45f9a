"""`end_trials`: let revisions fall back that were on trial and not confirmed in time. Run it every few minutes."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from sso.models import SSOPolicy
from sso.revisions import trials


class Command(BaseCommand):
    help = (
        "Let every revision on trial that was not confirmed in time fall back to the one before. The first visit "
        "of anybody does the same; this is for organisations that nobody visits. Safe to run at any time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        for org_id in SSOPolicy.objects.filter(confirm_by__lte=now).values_list("org_id", flat=True):
            for trial in trials.settle(org_id=org_id, now=now):
                restored = trial.replaced.number if trial.replaced else trial.number
                self.stdout.write(
                    f"{trial.connection.org.slug}: {trial.connection.name} is back at revision {restored}"
                )
