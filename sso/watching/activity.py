"""How logins end: a record of each for the admins to read, and counts per hour for charts and rankings.

Recorded are ends of attempts that began here. An answer that belongs to none makes no record, so that nobody outside
can write any; who answers an attempt of their own with rubbish makes one, and a good answer after it one more.
An attempt that nobody came back from is recorded as abandoned once it has expired: when it is deleted, or when an
admin opens the page, whichever is first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import F, QuerySet

from hubsso.days import hour_of
from sso.explaining.causes import is_seen_by_us
from sso.models import Connection, LoginAttempt, LoginCount, LoginRecord, RevisionTest
from sso.models.login import UNFINISHED
from sso.types import LoginOutcome, Purpose
from sso.watching import health, metrics

KEEP = timedelta(days=90)
# Attempts that one page view turns into records; more than expire between two views of any but the largest.
MAX_AT_ONCE = 500


def record_ok(attempt: LoginAttempt, *, connection: Connection, now: datetime) -> None:
    """A login that passed. Two statements; its attempt is answered and redeemed, and so can't be abandoned.

    A `connection` that came with its `health` spares a third.
    """
    _record(_end(attempt, LoginOutcome.OK, at=now))
    health.note_ok(connection, now=now)
    _count_for_operators([attempt], "ok", protocols={connection.pk: connection.protocol})


@transaction.atomic(savepoint=False)
def record_failed(
    attempt: LoginAttempt, *, code: str, idp_error: object = None, reference: str = "", now: datetime
) -> bool:
    """A login that was refused. Of an attempt that is refused again and again only the first; says if it was.

    `idp_error` is the error code that the IdP gave, where it gave one.
    """
    if not forget(attempt):
        return False
    _record(_end(attempt, LoginOutcome.FAILED, code=code, reference=reference, at=now))
    if attempt.purpose != Purpose.TEST:
        is_ours = is_seen_by_us(code, idp_error)
        health.note_failure(
            attempt.connection, code=code, user_id=attempt.user_id, is_seen_by_us=is_ours, now=now
        )
    return True


def record_test(attempt: LoginAttempt, *, code: str, now: datetime) -> None:
    """A test login that came back; `code` is the refusal that a real login would have met, or empty."""
    outcome = LoginOutcome.FAILED if code else LoginOutcome.OK
    _record(_end(attempt, outcome, code=code, at=now))


def record_test_that_could_not_start(test: RevisionTest) -> None:
    """A test that did not get as far as the IdP: there is no attempt."""
    _record(
        LoginRecord(
            org_id=test.org_id,
            connection_id=test.revision.connection_id,
            user_id=test.user_id,
            purpose=Purpose.TEST,
            outcome=LoginOutcome.FAILED,
            code=test.code,
            at=test.at,
        )
    )


def forget(attempt: LoginAttempt) -> bool:
    """Its end is known, and no other is to be recorded. True for the first who says so; one that never began is."""
    return (
        attempt.pk is None
        or LoginAttempt.objects.filter(pk=attempt.pk, is_recorded=False).update(is_recorded=True) == 1
    )


def record_abandoned_of(org_id: int, *, now: datetime) -> None:
    """Before an organisation's activity is shown: what has expired since. Two or three statements, or one."""
    unfinished = LoginAttempt.objects.filter(UNFINISHED, org=org_id, expires_at__lte=now)
    with transaction.atomic():
        record_abandoned(unfinished.order_by("expires_at"))


def record_abandoned(attempts: QuerySet[LoginAttempt], *, limit: int = MAX_AT_ONCE) -> None:
    """Record the unfinished ones among these expired attempts, each once whoever else does the same.

    In the caller's transaction, at most `limit`. Those that another request is at are left to it.
    """
    unfinished = attempts.filter(UNFINISHED)
    if database.features.has_select_for_update_skip_locked:
        unfinished = unfinished.select_for_update(skip_locked=True)
    abandoned = list(unfinished[:limit])
    if not abandoned:
        return
    LoginAttempt.objects.filter(pk__in=[attempt.pk for attempt in abandoned]).update(is_recorded=True)
    ends = [_end(attempt, LoginOutcome.ABANDONED, at=attempt.expires_at) for attempt in abandoned]
    LoginRecord.objects.bulk_create(ends)
    _count(ends)
    of = Connection.objects.filter(pk__in={attempt.connection_id for attempt in abandoned})
    _count_for_operators(abandoned, "abandoned", protocols=dict(of.values_list("pk", "protocol")))


def _end(
    attempt: LoginAttempt, outcome: LoginOutcome, *, code: str = "", reference: str = "", at: datetime
) -> LoginRecord:
    return LoginRecord(
        org_id=attempt.org_id,
        connection_id=attempt.connection_id,
        user_id=attempt.user_id,
        purpose=attempt.purpose,
        is_silent=attempt.is_silent,
        outcome=outcome,
        code=code,
        reference=reference,
        at=at,
    )


@transaction.atomic(savepoint=False)
def _record(end: LoginRecord) -> None:
    end.save()
    _count([end])


def _count(ends: Iterable[LoginRecord]) -> None:
    """Add to the hours' counts: one statement for each kind of end, as a rule.

    Last in a transaction, and always in the same order: many wait here for each other's row.
    """
    for key, number in sorted(Counter(map(_key, ends)).items()):
        fields: dict[str, Any] = dict(key)
        rows = LoginCount.objects.filter(**fields)
        if not rows.update(count=F("count") + number):
            _, created = LoginCount.objects.get_or_create(**fields, defaults={"count": number})
            if not created:  # another login of the same kind was the hour's first
                rows.update(count=F("count") + number)


def _count_for_operators(
    attempts: Iterable[LoginAttempt], result: str, *, protocols: Mapping[int, str]
) -> None:
    """Once it is certain, in the metrics. Refusals are counted by `sso.refusals`, also those without an attempt."""
    for attempt in attempts:
        transaction.on_commit(
            partial(
                metrics.count_login,
                org_id=attempt.org_id,
                protocol=protocols.get(attempt.connection_id, "unknown"),
                purpose=str(attempt.purpose),
                result=result,
            )
        )


def _key(end: LoginRecord) -> tuple[tuple[str, Any], ...]:
    return (
        ("org_id", end.org_id),
        ("hour", hour_of(end.at)),
        ("connection_id", end.connection_id),
        ("purpose", str(end.purpose)),
        ("outcome", str(end.outcome)),
        ("code", end.code),
    )
