"""What a refusal may write: its audit event, its trace and its end in the activity, and not one value more."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model

from orgs.models import AuditCounter, AuditEvent, Organization
from sso.models import ConnectionHealth, LoginAttempt, LoginCount, LoginRecord, RefusalTrace
from sso.types import LoginOutcome

_MAY_CHANGE = frozenset(
    model._meta.db_table
    for model in (AuditCounter, AuditEvent, RefusalTrace, LoginRecord, LoginCount, ConnectionHealth)
)
# Says that the attempt's end is in the activity, and decides nothing about the attempt.
_MAY_BE_SET = {(LoginAttempt._meta.db_table, "is_recorded")}


def everything_written() -> dict[str, Counter[str]]:
    """Every row of every table but those of audit, traces and activity, whichever model it belongs to."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - _MAY_CHANGE
        rows: dict[str, Counter[str]] = {}
        for table in sorted(tables):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            kept = [
                index for index, column in enumerate(cursor.description) if not _may_be_set(table, column[0])
            ]
            rows[table] = Counter(repr(tuple(row[index] for index in kept)) for row in cursor.fetchall())
    return rows


def _may_be_set(table: str, column: str) -> bool:
    return (table, column) in _MAY_BE_SET


@contextmanager
def nothing_written() -> Iterator[None]:
    """Within, no row of any table comes, goes or changes, those of audit, traces and activity included."""
    kept, others = everything_written(), _others()
    yield
    _assert_equal(everything_written(), kept)
    assert _others() == others


def _others() -> list[int]:
    return [model._default_manager.count() for model in (AuditEvent, RefusalTrace, LoginRecord, LoginCount)]


@contextmanager
def nothing_written_but_refusal(
    org: Organization,
    code: str,
    *,
    event: str = "org.sso_refused",
    used_up: type[Model] | None = None,
) -> Iterator[None]:
    """Within, the organisation refuses exactly once, by this reason code, and nothing else changes anywhere.

    The activity may say once that a login ended so; an answer to no attempt, or a sign-out, is no login's end.
    A refusal at the last step of a login has `used_up` the row of its one-time ticket before.
    """
    kept = everything_written()
    events = set(AuditEvent.objects.values_list("pk", flat=True))
    traces = set(RefusalTrace.objects.values_list("pk", flat=True))
    ends = set(LoginRecord.objects.values_list("pk", flat=True))
    yield
    new_traces = RefusalTrace.objects.exclude(pk__in=traces)
    assert [(trace.code, trace.org_id) for trace in new_traces] == [(code, org.pk)]
    new_events = AuditEvent.objects.exclude(pk__in=events)
    assert [(new.event, new.data["code"], new.org_id) for new in new_events] == [(event, code, org.pk)]
    new_ends = LoginRecord.objects.exclude(pk__in=ends)
    assert [(end.outcome, end.code, end.org_id) for end in new_ends] in (
        [],
        [(LoginOutcome.FAILED, code, org.pk)],
    )
    _assert_equal(everything_written(), kept, used_up=used_up)


def _assert_equal(
    now: dict[str, Counter[str]], before: dict[str, Counter[str]], *, used_up: type[Model] | None = None
) -> None:
    assert set(now) == set(before)
    changed = [table for table in now if now[table] != before[table]]
    assert changed == ([] if used_up is None else [used_up._meta.db_table])
