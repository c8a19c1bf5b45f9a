"""How long an organisation keeps its audit log: for good, or for so many days. The daily pruning sees to it."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from orgs import audit
from orgs.audit_reading import CLOCKS_DIFFER, seq_at
from orgs.errors import RetentionTooShort
from orgs.members import lock_organisation
from orgs.models import AuditEvent, Organization

LEAST_DAYS = 30
BATCH = 1000


@transaction.atomic
def set_retention(*, org: Organization, days: int | None, actor: User | None) -> None:
    """Keep entries for so many days; None for good. Raises RetentionTooShort below `LEAST_DAYS`."""
    if days is not None and days < LEAST_DAYS:
        raise RetentionTooShort
    lock_organisation(org.pk)
    before = Organization.objects.values_list("audit_retention_days", flat=True).get(pk=org.pk)
    if before == days:
        return
    Organization.objects.filter(pk=org.pk).update(audit_retention_days=days)
    org.audit_retention_days = days
    audit.record("org.audit.retention", org=org, actor=actor, data={"days": {"from": before, "to": days}})


def prune(*, now: datetime, is_dry_run: bool) -> int:
    """Delete, or count, the entries that are older than their organisations keep them. Batches, each by itself."""
    limited = Organization.objects.filter(audit_retention_days__isnull=False).order_by("pk")
    return sum(_prune_one(org, now=now, is_dry_run=is_dry_run) for org in limited.iterator())


def _prune_one(org: Organization, *, now: datetime, is_dry_run: bool) -> int:
    """By the numbers below that of the day: the clocks' difference keeps some ten minutes longer."""
    days = max(org.audit_retention_days or 0, LEAST_DAYS)
    first_kept = seq_at(org, now - timedelta(days=days) - CLOCKS_DIFFER)
    if is_dry_run:
        return AuditEvent.objects.filter(org=org, seq__lt=first_kept).count()
    deleted = 0
    while batch := AuditEvent.delete_oldest(org, before_seq=first_kept, limit=BATCH):
        deleted += batch
    return deleted
