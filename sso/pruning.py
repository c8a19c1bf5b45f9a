"""What the portal may forget: rows that expired and that no page and no check looks at any more."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import session_store
from orgs import audit_retention
from sso import attempt_limits, begun, replay
from sso.enforcing.recovery import TRIES_WINDOW
from sso.models import (
    Connection,
    ConsumedMessage,
    ExpiryWarning,
    HandOver,
    HeldPost,
    LinkReminder,
    LoginAttempt,
    LoginCount,
    LoginRecord,
    LogoutAttempt,
    RecoveryGrant,
    RecoveryTry,
    RefusalTrace,
    ReportedBlock,
    Revision,
    RevisionTest,
    SeenAttributes,
    SSOSession,
)
from sso.watching import activity

# Rows in one transaction: neither a lock nor a journal that grows with what there is to delete.
BATCH = 1000
# The banner tells "expired" from "never authenticated" for a week.
KEEP_EXPIRED_SESSIONS = timedelta(days=7)
KEEP_REMINDERS = timedelta(days=30)  # the list shows when somebody was reminded last
KEEP_REPORTED_BLOCKS = timedelta(days=90)
# A warning is due for 30 days at most, and must not be sent twice while it is.
KEEP_EXPIRY_WARNINGS = timedelta(days=90)


def prune(*, now: datetime, is_dry_run: bool) -> dict[str, int]:
    """Delete what expired, or only count it. Returns how many rows of each kind, by their plain name.

    In batches, each a transaction of its own: what was deleted stays so if a later one fails.
    """
    pruned = {
        name: rows.count() if is_dry_run else _delete_in_batches(rows) for name, rows in _expired(now).items()
    }
    # A test's mark outlives what its login received.
    claims = RevisionTest.objects.filter(at__lt=now - _trace_retention()).exclude(claims_sealed="")
    sessions = session_store.expired(now=now).count() if is_dry_run else session_store.end_expired(now=now)
    return {
        "browser sessions": sessions,
        **pruned,
        "test claims": claims.count() if is_dry_run else claims.update(claims_sealed=""),
        "audit entries": audit_retention.prune(now=now, is_dry_run=is_dry_run),
    }


def _delete_in_batches(rows: QuerySet) -> int:  # type: ignore[type-arg]
    """By key, so that no batch looks again at rows that an earlier one passed."""
    deleted, last = 0, 0
    while keys := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        _delete(rows.model._default_manager.filter(pk__in=keys))
        deleted, last = deleted + len(keys), keys[-1]
    return deleted


@transaction.atomic
def _delete(rows: QuerySet) -> None:  # type: ignore[type-arg]
    if rows.model is LoginAttempt:
        activity.record_abandoned(rows, limit=BATCH)
    if rows.model is Connection:
        begun.forget(rows)
    else:
        rows.delete()


def _superseded_tests(now: datetime) -> QuerySet[RevisionTest]:
    """Results older than a refusal's trace is kept, but for the newest of each person and revision in use.

    That one is the mark by which a draft may go live, or may not.
    """
    newer = RevisionTest.objects.filter(
        revision=OuterRef("revision"), user=OuterRef("user"), at__gt=OuterRef("at")
    )
    old = RevisionTest.objects.filter(at__lt=now - _trace_retention())
    return old.filter(Exists(newer) | Q(revision__status=Revision.Status.RETIRED))


def _trace_retention() -> timedelta:
    return timedelta(days=settings.SSO_TRACE_RETENTION_DAYS)


def _expired(now: datetime) -> dict[str, QuerySet]:  # type: ignore[type-arg]  # of different models
    past_sessions = now - KEEP_EXPIRED_SESSIONS
    return {
        "login attempts": LoginAttempt.objects.filter(expires_at__lt=now - attempt_limits.KEEP_EXPIRED),
        "consumed messages": ConsumedMessage.objects.filter(expires_at__lt=now - replay.KEEP_EXPIRED),
        "logout attempts": LogoutAttempt.objects.filter(expires_at__lt=now),
        "held posts": HeldPost.objects.filter(expires_at__lt=now),
        "SSO sessions": SSOSession.objects.filter(
            expires_at__lt=past_sessions, org_limit_at__lt=past_sessions
        ),
        "seen attributes": SeenAttributes.objects.filter(expires_at__lt=now),
        "refusal traces": RefusalTrace.objects.filter(expires_at__lt=now),
        "login records": LoginRecord.objects.filter(at__lt=now - activity.KEEP),
        "login counts": LoginCount.objects.filter(hour__lt=now - activity.KEEP),
        "test results": _superseded_tests(now),
        "recovery grants": RecoveryGrant.objects.filter(
            Q(expires_at__lt=now) | Q(redeemed_at=None, redeem_until__lt=now)
        ),
        "recovery tries": RecoveryTry.objects.filter(at__lte=now - TRIES_WINDOW),
        "link reminders": LinkReminder.objects.filter(sent_at__lt=now - KEEP_REMINDERS),
        "begun connections": begun.abandoned(now=now),
        "hand-over links": HandOver.objects.filter(expires_at__lt=now),
        "expiry warnings": ExpiryWarning.objects.filter(sent_at__lt=now - KEEP_EXPIRY_WARNINGS),
        "reported blocks": ReportedBlock.objects.filter(hour__lt=now - KEEP_REPORTED_BLOCKS),
    }
