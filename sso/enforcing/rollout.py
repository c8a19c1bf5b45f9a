"""Asking more of the members, step by step: what a step would change, for whom, and who has no linked identity yet.

Numbers are counted as far as `COUNT_UP_TO`, so that a huge organisation's page costs no more. Accounts that are
switched off can't enter anyway and count nowhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils.timezone import localdate

from accounts.models import User
from orgs import audit
from orgs.members import lock_organisation
from orgs.models import Membership, Organization
from sso import announcements
from sso.enforcing.reporting import reported_memberships
from sso.gate import live_connections
from sso.models import Connection, LinkedIdentity, LinkReminder
from sso.models.policy import ENFORCEMENT_CHOICES
from sso.policy import roles_follow_the_idp
from sso.sessions import live_sessions
from sso.settings_errors import NoLiveConnection
from sso.types import Enforcement

COUNT_UP_TO = 10_000
REMIND_AT_ONCE = 200
REMIND_AGAIN_AFTER = timedelta(days=1)
CSV_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Number:
    """A count that stopped at `COUNT_UP_TO` where `is_more`."""

    count: int
    is_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """An organisation's people as enforcing sees them.

    `asked` members would be asked; of them, `unlinked` never came through an IdP and `authenticated` hold a live SSO
    session now. `reported` are those whom report-only saw come without one.
    """

    asked: Number
    unlinked: Number
    authenticated: Number
    collaborators: Number
    reported: Number
    maps_roles: bool


@dataclass(frozen=True, slots=True)
class RuleStep:
    """One mode of enforcement among the four, seen from the one that holds now."""

    value: str
    label: str
    is_current: bool
    is_up: bool
    is_next: bool  # the one step up that is offered first


def steps_from(current: Enforcement) -> list[RuleStep]:
    """The four steps, from the least to the most that can be asked."""
    ladder, labels = list(Enforcement), dict(ENFORCEMENT_CHOICES)
    return [
        RuleStep(
            value=step.value,
            label=str(labels[step]),
            is_current=step is current,
            is_up=ladder.index(step) > ladder.index(current),
            is_next=ladder.index(step) == ladder.index(current) + 1,
        )
        for step in ladder
    ]


def rollout_of(org: Organization, *, now: datetime) -> Rollout:
    """Count the people whom a step would meet. Six queries, each bounded."""
    sessions = live_sessions(org=org, now=now).filter(user=OuterRef("user"))
    mapping = Connection.objects.filter(org=org, role_mapping_enabled=True, is_enabled=True)
    return Rollout(
        asked=counted(asked_members(org)),
        unlinked=counted(unlinked_members(org)),
        authenticated=counted(asked_members(org).filter(Exists(sessions))),
        collaborators=counted(collaborators(org)),
        reported=counted(reported_memberships(org=org, now=now).filter(is_external_collaborator=False)),
        maps_roles=roles_follow_the_idp(Enforcement.ENFORCED, maps_roles=mapping.exists()),
    )


def asked_members(org: Organization) -> QuerySet[Membership]:
    """Those whom single sign-on is about: neither external collaborators nor accounts that are switched off."""
    return org.memberships.filter(is_external_collaborator=False, user__is_active=True)


def collaborators(org: Organization) -> QuerySet[Membership]:
    return org.memberships.filter(is_external_collaborator=True, user__is_active=True)


def unlinked_members(org: Organization) -> QuerySet[Membership]:
    """Asked members who have no linked identity, with `reminded_at`: when they were last reminded, or None."""
    linked = LinkedIdentity.objects.filter(org=org, user=OuterRef("user"))
    reminder = LinkReminder.objects.filter(org=org, user=OuterRef("user"))
    found: QuerySet[Membership] = asked_members(org).filter(~Exists(linked))
    return found.annotate(reminded_at=Subquery(reminder.values("sent_at")[:1])).select_related("user")


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many were written to, and whether more wait: for another press, or for a job where `others_follow`."""

    count: int
    has_more: bool
    others_follow: bool = False


@transaction.atomic
def remind(*, org: Organization, actor: User, now: datetime, member_ids: list[int] | None = None) -> Reminded:
    """Ask members without a linked identity by mail to authenticate: the named ones, or all of them.

    At most `REMIND_AT_ONCE` a call and once a day a member, whoever asks: those who had one are passed over. Raises
    NoLiveConnection: the letter would lead nowhere.
    """
    lock_organisation(org.pk)
    if not live_connections(org).exists():
        raise NoLiveConnection
    recent = LinkReminder.objects.filter(org=org, user=OuterRef("user"), sent_at__gt=now - REMIND_AGAIN_AFTER)
    due = unlinked_members(org).filter(~Exists(recent)).order_by("pk")
    if member_ids is not None:
        due = due.filter(pk__in=member_ids)
    found = list(due[: REMIND_AT_ONCE + 1])
    users = [membership.user for membership in found[:REMIND_AT_ONCE]]
    if users:
        LinkReminder.objects.bulk_create(
            [LinkReminder(org=org, user=user, sent_at=now) for user in users],
            update_conflicts=True,
            unique_fields=["org", "user"],
            update_fields=["sent_at"],
        )
        announcements.link_reminder(org=org, users=users)
        audit.record("org.sso_remind", org=org, actor=actor, data={"members": len(users)})
    return Reminded(count=len(users), has_more=len(found) > REMIND_AT_ONCE)


def unlinked_rows(org: Organization) -> Iterator[tuple[str, str, str, str]]:
    """Name, e-mail, role and day of joining of every member without a linked identity, read in batches by key."""
    last = 0
    while batch := list(unlinked_members(org).filter(pk__gt=last).order_by("pk")[:CSV_BATCH]):
        for membership in batch:
            user = membership.user
            yield user.name, user.email, membership.role, localdate(membership.joined_at).isoformat()
        last = batch[-1].pk


def counted(found: QuerySet[Any]) -> Number:
    """How many rows these are. Without the joins that only a page needs."""
    number = found.order_by().values("pk")[: COUNT_UP_TO + 1].count()
    return Number(min(number, COUNT_UP_TO), number > COUNT_UP_TO)
