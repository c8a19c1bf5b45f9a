"""Tells an organisation's admins before something expires, by mail: each of `expiry.WARN_DAYS` once, and at the end.

A background job, or `send_expiry_warnings`, looks daily. Where neither runs, an admin who opens the settings has
it looked up.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from hubsso.throttle import Limit, count
from orgs.models import Organization
from sso import announcements
from sso.expiring.expiry import Ending, Validity, endings
from sso.models import ExpiryWarning, Revision

BATCH = 200
# What expired longer ago is not mailed about any more: pages say it.
_TELL_OF_EXPIRED_FOR = timedelta(days=30)
# How often the settings look, in one process.
_LOOK = Limit("sso.expiry.look", 1, seconds=24 * 60 * 60, of_process=True)


def organisations(*, after: int = 0) -> Iterator[Organization]:
    """Those with a connection that somebody can sign in by, by key, read in batches."""
    working = Organization.objects.filter(
        connections__is_enabled=True, connections__revisions__status=Revision.Status.LIVE
    )
    while batch := list(working.filter(pk__gt=after).distinct().order_by("pk")[:BATCH]):
        yield from batch
        after = batch[-1].pk


def due_warnings(org: Organization, *, now: datetime) -> list[Ending]:
    """What a warning is due of now, most urgent first."""
    sent = set(ExpiryWarning.objects.filter(org=org).values_list("connection", "kind", "name", "days"))
    return [ending for ending in endings(org, now=now) if _is_told(ending) and _key(ending) not in sent]


@transaction.atomic
def send_due(org: Organization, *, now: datetime) -> list[Ending]:
    """Mail the admins one letter about all that is due, and remember it. Safe to run twice, or twice at once."""
    fresh = [ending for ending in due_warnings(org, now=now) if _claim(org, ending, now)]
    if fresh:
        announcements.expiring(org=org, endings=fresh)
    return fresh


def look_once_a_day(org: Organization, *, now: datetime) -> None:
    """`send_due`, if this process has not looked today."""
    if count(_LOOK, org.pk, now=now) is None:
        send_due(org, now=now)


def _is_told(ending: Ending) -> bool:
    is_over = ending.lifetime.validity is Validity.EXPIRED
    return not is_over or ending.lifetime.now - ending.lifetime.not_after <= _TELL_OF_EXPIRED_FOR


def _key(ending: Ending) -> tuple[int, str, str, int | None]:
    return (ending.connection.pk, ending.kind.value, ending.name, ending.lifetime.warning_days)


def _claim(org: Organization, ending: Ending, now: datetime) -> bool:
    """Of two that are about to send the same warning, one does."""
    _, is_first = ExpiryWarning.objects.get_or_create(
        org=org,
        connection=ending.connection,
        kind=ending.kind,
        name=ending.name,
        days=ending.lifetime.warning_days or 0,
        defaults={"sent_at": now},
    )
    return is_first
