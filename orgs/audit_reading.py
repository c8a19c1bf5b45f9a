"""Reading the audit log: its filters, and the way from times to the numbers that pages and exports go by.

An organisation's entries are numbered under a lock in the order of their times, so that a time is found among the
numbers by halving: some twenty look-ups by index for ten million entries, and no index by time to keep up to date.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone, make_aware

from accounts.models import User
from orgs.audit_groups import events_in
from orgs.models import AuditEvent, Organization

MAX_PEOPLE = 50  # that one search stands for
CHUNK = 1000
# Several servers write, each by its own clock.
CLOCKS_DIFFER = timedelta(minutes=10)
GROUP_PREFIX = "group:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What the log is narrowed to. `event` is a name, or `group:` and a group's key; days are the reader's own."""

    event: str = ""
    actor: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.event or self.actor or self.since or self.until)

    def as_data(self) -> dict[str, str]:
        """For the entry about an export."""
        given = {"event": self.event, "actor": self.actor, "since": self.since, "until": self.until}
        return {name: str(value) for name, value in given.items() if value}


def entries(org: Organization, chosen: AuditFilter) -> QuerySet[AuditEvent]:
    """The organisation's entries that fit, to be paged by `seq`."""
    found = org.audit_events.all()
    if chosen.event:
        found = found.filter(event__in=_events_of(chosen.event))
    if chosen.actor:
        found = found.filter(actor__in=_people(org, chosen.actor))
    if chosen.since:
        start = _start_of(chosen.since)
        found = found.filter(seq__gte=seq_at(org, start - CLOCKS_DIFFER), at__gte=start)
    if chosen.until:
        end = _start_of(chosen.until + timedelta(days=1))
        found = found.filter(seq__lt=seq_at(org, end + CLOCKS_DIFFER), at__lt=end)
    return found


def seq_at(org: Organization, moment: datetime) -> int:
    """A number that parts them: entries below it were made before that time, the others then or later."""
    by_number = AuditEvent.objects.filter(org=org).order_by("seq")
    ends = by_number.values_list("seq", flat=True)
    first, last = ends.first(), ends.last()
    if first is None or last is None:
        return 1
    low, high = first, last + 1
    while low < high:
        middle = (low + high) // 2
        seq, at = by_number.filter(seq__gte=middle).values_list("seq", "at")[0]
        if at < moment:
            low = seq + 1
        else:
            high = middle
    return low


def in_chunks(found: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    """Every entry, the oldest first, a thousand in memory at a time, up to the newest there is now."""
    last = found.order_by("-seq").values_list("seq", flat=True).first()
    after = 0
    while last is not None:
        chunk = list(found.filter(seq__gt=after, seq__lte=last).order_by("seq")[:CHUNK])
        yield from chunk
        if len(chunk) < CHUNK:
            return
        after = chunk[-1].seq


def _events_of(chosen: str) -> list[str]:
    if chosen.startswith(GROUP_PREFIX):
        return events_in(chosen.removeprefix(GROUP_PREFIX))
    return [chosen]


def _people(org: Organization, search: str) -> list[int]:
    """Accounts by a part of their name or address: members, and others by their whole address."""
    is_member = Q(memberships__org=org) & (Q(name__icontains=search) | Q(email__icontains=search))
    found = User.objects.filter(is_member).order_by("pk").values_list("pk", flat=True)[:MAX_PEOPLE]
    return [*found, *User.objects.filter(email__iexact=search).values_list("pk", flat=True)]


def _start_of(day: date) -> datetime:
    return make_aware(datetime.combine(day, time.min), get_current_timezone())
