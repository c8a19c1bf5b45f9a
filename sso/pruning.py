"""What single sign-on may forget: rows that expired and that no page and no check looks at any more."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from sso.models import (
    ConsumedMessage,
    HeldPost,
    LoginAttempt,
    LogoutAttempt,
    RecoveryGrant,
    RecoveryTry,
    RefusalTrace,
    ReportedBlock,
    Revision,
    RevisionTest,
    SSOSession,
)
from sso.recovery import TRIES_WINDOW

# A late answer is told "expired" for a day, and "unknown" after that.
KEEP_EXPIRED_ATTEMPTS = timedelta(days=1)
# The banner tells "expired" from "never authenticated" for a week.
KEEP_EXPIRED_SESSIONS = timedelta(days=7)
KEEP_REPORTED_BLOCKS = timedelta(days=90)
# A consumed message is refused a second time for as long as a clock may be wrong.
KEEP_CONSUMED_MESSAGES = timedelta(hours=1)


@transaction.atomic
def prune(*, now: datetime, is_dry_run: bool) -> dict[str, int]:
    """Delete what expired, or only count it. Returns how many rows of each kind, by their plain name."""
    counts: dict[str, int] = {}
    for name, rows in _expired(now).items():
        counts[name] = rows.count()
        if not is_dry_run and counts[name]:
            rows.delete()
    return counts


def _superseded_tests(now: datetime) -> QuerySet[RevisionTest]:
    """Results older than a refusal's trace is kept, but for the newest of each person and revision in use.

    That one is the mark by which a draft may go live, or may not.
    """
    newer = RevisionTest.objects.filter(
        revision=OuterRef("revision"), user=OuterRef("user"), at__gt=OuterRef("at")
    )
    old = RevisionTest.objects.filter(at__lt=now - timedelta(days=settings.SSO_TRACE_RETENTION_DAYS))
    return old.filter(Exists(newer) | Q(revision__status=Revision.Status.RETIRED))


def _expired(now: datetime) -> dict[str, QuerySet]:  # type: ignore[type-arg]  # of different models
    past_sessions = now - KEEP_EXPIRED_SESSIONS
    return {
        "login attempts": LoginAttempt.objects.filter(expires_at__lt=now - KEEP_EXPIRED_ATTEMPTS),
        "consumed messages": ConsumedMessage.objects.filter(expires_at__lt=now - KEEP_CONSUMED_MESSAGES),
        "logout attempts": LogoutAttempt.objects.filter(expires_at__lt=now),
        "held posts": HeldPost.objects.filter(expires_at__lt=now),
        "SSO sessions": SSOSession.objects.filter(
            expires_at__lt=past_sessions, org_limit_at__lt=past_sessions
        ),
        "refusal traces": RefusalTrace.objects.filter(expires_at__lt=now),
        "test results": _superseded_tests(now),
        "recovery grants": RecoveryGrant.objects.filter(
            Q(expires_at__lt=now) | Q(redeemed_at=None, redeem_until__lt=now)
        ),
        "recovery tries": RecoveryTry.objects.filter(at__lte=now - TRIES_WINDOW),
        "reported blocks": ReportedBlock.objects.filter(day__lt=(now - KEEP_REPORTED_BLOCKS).date()),
    }
