"""What a refusal may write: its audit event and its trace, and not one row or value more."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model

from orgs.models import AuditCounter, AuditEvent, Organization
from sso.models import RefusalTrace

_MAY_CHANGE = frozenset(model._meta.db_table for model in (AuditCounter, AuditEvent, RefusalTrace))


def everything_written() -> dict[str, Counter[str]]:
    """Every row of every table but those of audit and traces, whichever model it belongs to."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - _MAY_CHANGE
        rows: dict[str, Counter[str]] = {}
        for table in sorted(tables):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            rows[table] = Counter(map(repr, cursor.fetchall()))
    return rows


@contextmanager
def nothing_written() -> Iterator[None]:
    """Within, no row of any table comes, goes or changes, audit and traces included."""
    kept, events, traces = everything_written(), AuditEvent.objects.count(), RefusalTrace.objects.count()
    yield
    _assert_equal(everything_written(), kept)
    assert (AuditEvent.objects.count(), RefusalTrace.objects.count()) == (events, traces)


@contextmanager
def nothing_written_but_refusal(
    org: Organization,
    code: str,
    *,
    event: str = "org.sso_refused",
    used_up: type[Model] | None = None,
) -> Iterator[None]:
    """Within, the organisation refuses exactly once, by this reason code, and nothing else changes anywhere.

    A refusal at the last step of a login has `used_up` the row of its one-time ticket before.
    """
    kept = everything_written()
    events = set(AuditEvent.objects.values_list("pk", flat=True))
    traces = set(RefusalTrace.objects.values_list("pk", flat=True))
    yield
    new_traces = RefusalTrace.objects.exclude(pk__in=traces)
    assert [(trace.code, trace.org_id) for trace in new_traces] == [(code, org.pk)]
    new_events = AuditEvent.objects.exclude(pk__in=events)
    assert [(new.event, new.data["code"], new.org_id) for new in new_events] == [(event, code, org.pk)]
    _assert_equal(everything_written(), kept, used_up=used_up)


def _assert_equal(
    now: dict[str, Counter[str]], before: dict[str, Counter[str]], *, used_up: type[Model] | None = None
) -> None:
    assert set(now) == set(before)
    changed = [table for table in now if now[table] != before[table]]
    assert changed == ([] if used_up is None else [used_up._meta.db_table])
