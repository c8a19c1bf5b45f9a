"""An organisation's members as its admins look for them: filtered, sorted, paged by key, whatever their number.

Every page costs the same few queries. The order is always that of an index; a filter that hardly anybody meets makes
the database look through all members, of this organisation only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from orgs.models import Membership, Organization
from orgs.paging import Page, count_up_to, page_by_column
from orgs.roles import Role, RoleSource
from sso.mapping.role_mapping import read_detail
from sso.models import LinkedIdentity, Revision
from sso.sessions import live_sessions

PAGE_SIZE = 50
COUNTED = 10_000  # beyond that the page says "more than"
LONG_AGO = timedelta(days=30)
MAX_WORDS = 6


class Sort(StrEnum):
    """The column, with a minus where the order descends. Whoever never passed counts as longest ago."""

    NAME = "name"
    NAME_DOWN = "-name"
    JOINED = "joined"
    JOINED_DOWN = "-joined"
    LAST_SSO = "sso"
    LAST_SSO_DOWN = "-sso"

    @property
    def descends(self) -> bool:
        return self.startswith("-")

    @property
    def column(self) -> str:
        return {"name": "listed_as", "joined": "id", "sso": "last_sso_at"}[self.lstrip("-")]

    @property
    def other_way(self) -> "Sort":
        return Sort(self[1:] if self.descends else f"-{self}")


class Link(StrEnum):
    LINKED = "linked"
    NOT_LINKED = "not_linked"


class LastSSO(StrEnum):
    LONG_AGO = "long_ago"  # more than 30 days, or never
    NEVER = "never"


class Kind(StrEnum):
    MEMBER = "member"
    COLLABORATOR = "collaborator"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFilter:
    """What is looked for; everything that is left out matches all."""

    text: str = ""
    role: Role | None = None
    source: RoleSource | None = None
    link: Link | None = None
    last_sso: LastSSO | None = None
    kind: Kind | None = None
    has_live_session: bool = False
    sort: Sort = Sort.NAME

    @property
    def is_empty(self) -> bool:
        return self == MemberFilter(sort=self.sort)


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One member with what single sign-on knows of them. `sessions` counts the live ones."""

    membership: Membership
    identity: LinkedIdentity | None
    sessions: int

    @property
    def mapped_by(self) -> tuple[str, str] | None:
        """(attribute, value) of the mapping's row that gave the role."""
        return read_detail(self.membership.role_detail)


def page_of_members(
    *, org: Organization, wanted: MemberFilter, after: int | None, now: datetime
) -> Page[Membership]:
    """One page in the wanted order. `after` is the last shown membership; one that is gone starts again."""
    found = matching_members(org=org, wanted=wanted, now=now).select_related("user")
    last = Membership.objects.filter(org=org, pk=after).first() if after is not None else None
    return page_by_column(
        found, column=wanted.sort.column, size=PAGE_SIZE, after=last, descending=wanted.sort.descends
    )


def count_of_members(
    *, org: Organization, wanted: MemberFilter, now: datetime, first_page: Page[Membership] | None
) -> int:
    """How many match, counted as far as COUNTED; one more stands for all that are beyond.

    Where they are all on the first page nobody is looked for again: a search that finds one looks through all members.
    """
    if first_page is not None and first_page.next_key is None:
        return len(first_page.rows)
    return count_up_to(matching_members(org=org, wanted=wanted, now=now), COUNTED)


def lines_of(*, org: Organization, memberships: list[Membership], now: datetime) -> list[MemberLine]:
    """The members with their identities and live sessions: two queries for all of them."""
    user_ids = [membership.user_id for membership in memberships]
    identities = LinkedIdentity.objects.filter(org=org, user__in=user_ids).select_related("connection")
    by_user = {identity.user_id: identity for identity in identities}
    live = live_sessions(org=org, now=now).filter(user__in=user_ids).select_related(None)
    sessions = dict(live.order_by().values_list("user_id").annotate(Count("pk")))
    return [
        MemberLine(membership, by_user.get(membership.user_id), sessions.get(membership.user_id, 0))
        for membership in memberships
    ]


def matching_members(*, org: Organization, wanted: MemberFilter, now: datetime) -> QuerySet[Membership]:
    """The members that meet every wish, in no order."""
    found = Membership.objects.filter(org=org)
    if wanted.role is not None:
        found = found.filter(role=wanted.role)
    if wanted.source is not None:
        found = found.filter(role_source=wanted.source)
    if wanted.kind is not None:
        found = found.filter(is_external_collaborator=wanted.kind is Kind.COLLABORATOR)
    if wanted.link is not None:
        linked = Exists(LinkedIdentity.objects.filter(org=org, user=OuterRef("user")))
        found = found.filter(linked if wanted.link is Link.LINKED else ~linked)
    if wanted.has_live_session:
        found = found.filter(user__in=live_sessions(org=org, now=now).select_related(None).values("user"))
    found = _last_sso(found, wanted.last_sso, now)
    return found.filter(_text(org, wanted.text)) if wanted.text else found


def _last_sso(found: QuerySet[Membership], wanted: LastSSO | None, now: datetime) -> QuerySet[Membership]:
    if wanted is LastSSO.NEVER:
        return found.filter(last_sso_at=None)
    if wanted is LastSSO.LONG_AGO:
        return found.filter(Q(last_sso_at=None) | Q(last_sso_at__lt=now - LONG_AGO))
    return found


def _text(org: Organization, text: str) -> Q:
    """Every word is in the name or the e-mail address; or the text is somebody's whole subject at the IdP."""
    words = Q()
    for word in text.casefold().split()[:MAX_WORDS]:
        words &= Q(listed_as__contains=word)
    issuers = Revision.objects.filter(org=org).values("issuer")
    by_subject = LinkedIdentity.objects.filter(org=org, issuer__in=issuers, subject=text)
    named = list(by_subject.values_list("user_id", flat=True)[:5])
    return words | Q(user__in=named) if named else words
