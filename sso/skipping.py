""" "Not now": a member sets an optional banner aside, in this browser, for a day."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone

_SESSION_KEY = "hubsso_skipped_orgs"
SKIP_FOR = timedelta(days=1)


def skipped_org_ids(request: HttpRequest) -> frozenset[int]:
    now = timezone.now().timestamp()
    skipped: dict[str, float] = request.session.get(_SESSION_KEY, {})
    return frozenset(int(org_id) for org_id, until in skipped.items() if now < until)


def skip(request: HttpRequest, org_ids: list[int], *, now: datetime) -> None:
    """Set the banner aside for these organisations, beside those that were set aside before."""
    until = (now + SKIP_FOR).timestamp()
    skipped: dict[str, float] = request.session.get(_SESSION_KEY, {})
    request.session[_SESSION_KEY] = {**skipped, **{str(org_id): until for org_id in org_ids}}
