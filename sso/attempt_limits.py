"""How many login attempts are kept: a few open ones by person, and by the way fewer of those long expired.

A start costs a row, so somebody who starts and never finishes must not fill the table, daily `prune_sso` or not.
"""

from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction

from sso.models import LoginAttempt

# Open in one organisation by one person: more tabs than anybody signs in with at once. The oldest are dropped.
MAX_OPEN = 20
# A late answer is told "expired" for a day, and "unknown" after that.
KEEP_EXPIRED = timedelta(days=1)
# Deleted with each new one: more than one, so that the table shrinks back.
MAX_PRUNED_BY_THE_WAY = 20


def make_room(attempt: LoginAttempt, *, now: datetime) -> None:
    """Before the attempt is written: drop its person's oldest open ones over the limit, and some long expired."""
    open_ones = LoginAttempt.objects.filter(
        user_id=attempt.user_id, org_id=attempt.org_id, answered_at=None, expires_at__gt=now
    )
    over = list(
        open_ones.order_by("-pk").values_list("pk", flat=True)[MAX_OPEN - 1 : MAX_OPEN - 1 + MAX_OPEN]
    )
    if over:
        LoginAttempt.objects.filter(pk__in=over).delete()
    _prune_some(now)


@transaction.atomic
def _prune_some(now: datetime) -> None:
    """Rows that another request is deleting are left to it: two that delete the same ones would wait in turns."""
    expired = LoginAttempt.objects.filter(expires_at__lt=now - KEEP_EXPIRED).order_by("expires_at")
    if database.features.has_select_for_update_skip_locked:
        expired = expired.select_for_update(skip_locked=True)
    some = list(expired.values_list("pk", flat=True)[:MAX_PRUNED_BY_THE_WAY])
    if some:
        LoginAttempt.objects.filter(pk__in=some).delete()
