"""How many login attempts are kept: a few open ones by person, and by the way fewer of those long expired.

A start costs a row, so somebody who starts and never finishes must not fill the table, daily `prune` or not.
"""

from datetime import datetime, timedelta

from sso import expired
from sso.models import LoginAttempt
from sso.watching import activity

# Open in one organisation by one person: more tabs than anybody signs in with at once. The oldest are dropped.
MAX_OPEN = 20
# A late answer is told "expired" for a day, and "unknown" after that.
KEEP_EXPIRED = timedelta(days=1)


def make_room(attempt: LoginAttempt, *, now: datetime) -> None:
    """Before the attempt is written: drop its person's oldest open ones over the limit, and some long expired.

    Of the latter nobody came back from, that is recorded; of the former not, or a flood would leave a row for each.
    """
    open_ones = LoginAttempt.objects.filter(
        user_id=attempt.user_id, org_id=attempt.org_id, answered_at=None, expires_at__gt=now
    )
    over = list(
        open_ones.order_by("-pk").values_list("pk", flat=True)[MAX_OPEN - 1 : MAX_OPEN - 1 + MAX_OPEN]
    )
    if over:
        LoginAttempt.objects.filter(pk__in=over).delete()
    expired.delete_some(LoginAttempt, before=now - KEEP_EXPIRED, first=activity.record_abandoned)
