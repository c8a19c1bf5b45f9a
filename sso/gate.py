"""Gathers what `policy.decide` needs, in one query, for one organisation or for all of a viewer's.

The query that finds the organisation also finds the membership and the SSO session, so that the gate costs a page
no query that it would not make anyway. Nothing is cached and nothing is trusted from the cookie: a change takes
effect on the very next request.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Exists, F, FilteredRelation, Model, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from orgs.access import Area, MemberOf, OrgAccess
from orgs.models import Membership, Organization
from orgs.roles import Role
from sso.idp_hosts import IDP_ADDRESS, host_of
from sso.models import Connection, RecoveryGrant, Revision
from sso.policy import decide, joining_needs_sso, roles_follow_the_idp
from sso.revisions import trials
from sso.types import Decision, Enforcement, GateFacts, MemberFacts, SSOSessionFacts

M = TypeVar("M", bound=Model)

ROLES_ARE_MAPPED = _("Roles come from the identity provider. Change them there, or change the role mapping.")
INVITATIONS_ARE_OFF = _("Single sign-on is enforced: people join by the join link instead of by invitation.")
NOBODY = 0  # no row has this key: an anonymous viewer matches no membership and no session


@dataclass(frozen=True, slots=True)
class Who:
    """The viewer as the gate knows them."""

    user_id: int | None
    browser_session: str


@dataclass(frozen=True, slots=True)
class GatedOrg:
    """One organisation, seen by one viewer: the gate's facts, and what a view will want to know.

    `idp_name` names the one live connection, and `idp_host` says where it leads; both are empty while there is none,
    or a choice of several. `trial_until` is when the next trial of a revision ends.
    """

    org: Organization
    facts: GateFacts
    member: MemberOf | None
    idp_name: str
    idp_host: str
    has_idp_choice: bool
    maps_roles: bool
    trial_until: datetime | None = None

    def decide(self, *, area: Area, now: datetime) -> Decision:
        return decide(self.facts, area=area, now=now)

    def access(self, who: Who, *, is_recovery: bool = False) -> OrgAccess:
        """What a view gets once the decision let the viewer in."""
        enforcement = self.facts.enforcement
        is_locked = roles_follow_the_idp(enforcement, maps_roles=self.maps_roles)
        return OrgAccess(
            org=self.org,
            user_id=who.user_id,
            member=self.member,
            role_lock=gettext(ROLES_ARE_MAPPED) if is_locked else "",
            invitations_off=gettext(INVITATIONS_ARE_OFF) if joining_needs_sso(enforcement) else "",
            is_recovery=is_recovery,
        )


def find_org(slug: str, *, who: Who, now: datetime, area: Area) -> GatedOrg | None:
    """The organisation with its facts for this viewer, None if there is none. One query.

    Only the SSO settings look for a recovery session, with one more. A trial whose time has passed is ended first,
    and the facts are gathered anew.
    """
    found = _with_facts(Organization.objects.filter(slug=slug), who, prefix="")
    org = found.first()
    if org is not None and trials.is_due(org.gate_trial_until, now=now):
        trials.settle(org_id=org.pk, now=now)
        org = found.first()
    if org is None:
        return None
    recovery_until = _recovery_until(org, who, now) if area is Area.SSO_SETTINGS else None
    return _gated(org, org, who, recovery_until=recovery_until)


def orgs_of(who: Who, *, now: datetime) -> Iterator[GatedOrg]:
    """Every organisation the viewer is a member of. One query; trials are ended as in `find_org`."""
    if who.user_id is None:
        return
    memberships = Membership.objects.filter(user_id=who.user_id).select_related("org").order_by("org__name")
    found = _with_facts(memberships, who, prefix="org__")
    overdue = [row.org_id for row in found if trials.is_due(row.gate_trial_until, now=now)]
    for org_id in overdue:
        trials.settle(org_id=org_id, now=now)
    for membership in found.all() if overdue else found:
        yield _gated(membership, membership.org, who)


def _with_facts(rows: QuerySet[M], who: Who, *, prefix: str) -> QuerySet[Any]:
    """Annotate organisations, or rows that lead to one by `prefix`, with what `_gated` reads."""
    user_id = who.user_id or NOBODY
    member = Q(**{f"{prefix}memberships__user_id": user_id})
    session = Q(
        **{
            f"{prefix}sso_sessions__user_id": user_id,
            f"{prefix}sso_sessions__browser_session": who.browser_session,
        }
    )
    live = Revision.objects.filter(
        org=OuterRef(f"{prefix}pk"), status=Revision.Status.LIVE, connection__is_enabled=True
    )
    annotated: QuerySet[Any] = rows.annotate(
        gate_member=FilteredRelation(f"{prefix}memberships", condition=member),
        gate_session=FilteredRelation(f"{prefix}sso_sessions", condition=session),
    ).annotate(
        gate_enforcement=F(f"{prefix}sso_policy__enforcement"),
        gate_trial_until=F(f"{prefix}sso_policy__confirm_by"),
        gate_membership_id=F("gate_member__id"),
        gate_role=F("gate_member__role"),
        gate_is_collaborator=F("gate_member__is_external_collaborator"),
        gate_expires_at=F("gate_session__expires_at"),
        gate_org_limit_at=F("gate_session__org_limit_at"),
        gate_renewal_tried=F("gate_session__silent_renewal_tried"),
        gate_revision_status=F("gate_session__revision__status"),
        gate_connection_enabled=F("gate_session__connection__is_enabled"),
        gate_idp_name=Subquery(live.order_by("id").values("connection__name")[:1]),
        gate_idp_address=Subquery(live.order_by("id").values_list(IDP_ADDRESS)[:1]),
        gate_other_idp_name=Subquery(live.order_by("id").values("connection__name")[1:2]),
        gate_maps_roles=Exists(live.filter(connection__role_mapping_enabled=True)),
    )
    return annotated


def _gated(row: Any, org: Organization, who: Who, recovery_until: datetime | None = None) -> GatedOrg:
    member = None
    if row.gate_membership_id is not None:
        member = MemberOf(
            org_id=org.pk,
            membership_id=row.gate_membership_id,
            role=Role(row.gate_role),
            org_slug=org.slug,
            org_name=org.name,
        )
    return GatedOrg(
        org=org,
        facts=GateFacts(
            is_authenticated=who.user_id is not None,
            enforcement=Enforcement(row.gate_enforcement or Enforcement.OFF),
            has_live_connection=row.gate_idp_name is not None,
            member=MemberFacts(role=member.role, is_external_collaborator=row.gate_is_collaborator)
            if member
            else None,
            sso_session=_session_facts(row),
            recovery_until=recovery_until,
        ),
        member=member,
        idp_name=row.gate_idp_name or "" if row.gate_other_idp_name is None else "",
        idp_host=host_of(row.gate_idp_address or "") if row.gate_other_idp_name is None else "",
        has_idp_choice=row.gate_other_idp_name is not None,
        maps_roles=row.gate_maps_roles,
        trial_until=row.gate_trial_until,
    )


def _session_facts(row: Any) -> SSOSessionFacts | None:
    if row.gate_expires_at is None:
        return None
    return SSOSessionFacts(
        expires_at=row.gate_expires_at,
        org_limit_at=row.gate_org_limit_at,
        revision_is_live=row.gate_revision_status == Revision.Status.LIVE and row.gate_connection_enabled,
        silent_renewal_tried=row.gate_renewal_tried,
    )


def _recovery_until(org: Organization, who: Who, now: datetime) -> datetime | None:
    return (
        RecoveryGrant.objects.filter(
            org=org,
            user_id=who.user_id or NOBODY,
            browser_session=who.browser_session,
            redeemed_at__isnull=False,
            expires_at__gt=now,
        )
        .values_list("expires_at", flat=True)
        .first()
    )


def live_connections(org: Organization) -> QuerySet[Connection]:
    """The organisation's connections that somebody can sign in by."""
    return Connection.objects.filter(
        org=org, is_enabled=True, revisions__status=Revision.Status.LIVE
    ).order_by("id")
