"""Report-only mode: what enforcing would have stopped, counted per member, place and day."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from orgs.models import Organization
from sso.models import ReportedBlock

MAX_PATH_LENGTH = 300


def record(*, org: Organization, user_id: int, path: str, channel: str) -> None:
    """Count one request that report-only let through."""
    key: dict[str, Any] = {
        "org": org,
        "user_id": user_id,
        "day": timezone.now().date(),
        "channel": channel,
        "path": path[:MAX_PATH_LENGTH],
    }
    if ReportedBlock.objects.filter(**key).update(count=F("count") + 1):
        return
    _, created = ReportedBlock.objects.get_or_create(**key)
    if not created:  # another request of the same page was first
        ReportedBlock.objects.filter(**key).update(count=F("count") + 1)
