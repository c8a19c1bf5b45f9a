"""Who gets in: the one decision, pure. `gate` gathers its facts, `middleware` turns its answer into a response.

No other module reads an organisation's enforcement to let somebody in or keep them out.
"""

from datetime import datetime

from orgs.access import Area
from orgs.roles import Role
from sso.types import Decision, Enforcement, GateFacts, MemberFacts, Outcome, Reason, SSOSessionFacts

_SETTINGS = frozenset({Area.SETTINGS, Area.SSO_SETTINGS})
_ADMITTED = frozenset({Outcome.ALLOW, Outcome.ALLOW_WITH_BANNER})


def decide(facts: GateFacts, *, area: Area, now: datetime) -> Decision:
    """May this viewer see this area of the organisation now?

    The last line is the closed door: whatever nobody thought of asks for SSO. Whether a role allows what a
    view does is asked afterwards (`orgs.roles`); only the settings' admin rule is part of the gate.
    """
    if facts.member is None:
        return _decide_outsider(facts, area)
    decision = _decide_member(facts, facts.member, area, now)
    if decision.outcome in _ADMITTED and area in _SETTINGS and facts.member.role is not Role.ADMIN:
        return Decision(outcome=Outcome.FORBIDDEN, reason=Reason.NOT_AN_ADMIN)
    return decision


def _decide_member(facts: GateFacts, member: MemberFacts, area: Area, now: datetime) -> Decision:
    if member.is_external_collaborator:
        return Decision(outcome=Outcome.ALLOW, reason=Reason.EXTERNAL_COLLABORATOR)
    if facts.enforcement is Enforcement.OFF:
        return Decision(outcome=Outcome.ALLOW, reason=Reason.SSO_OFF)
    if _is_live(facts.sso_session, now):
        return Decision(outcome=Outcome.ALLOW, reason=Reason.SSO_SESSION_LIVE)
    return _decide_without_sso(facts, area, now)


def roles_follow_the_idp(enforcement: Enforcement, *, maps_roles: bool) -> bool:
    """Does a role mapping decide, so that nobody may set a role by hand?"""
    return maps_roles and enforcement is not Enforcement.OFF


def joining_needs_sso(enforcement: Enforcement) -> bool:
    """Must members come through the IdP, so that invitations by e-mail are closed?"""
    return enforcement is Enforcement.ENFORCED


def may_be_set_aside(enforcement: Enforcement) -> bool:
    """May a member answer the banner with "not now"?"""
    return enforcement is not Enforcement.ENFORCED


def _decide_outsider(facts: GateFacts, area: Area) -> Decision:
    if area is Area.PUBLIC:
        return Decision(outcome=Outcome.ALLOW, reason=Reason.OUTSIDER_PUBLIC)
    if not facts.is_authenticated:
        return Decision(outcome=Outcome.LOG_IN, reason=Reason.ANONYMOUS)
    return Decision(outcome=Outcome.NOT_FOUND, reason=Reason.NOT_A_MEMBER)


def _decide_without_sso(facts: GateFacts, area: Area, now: datetime) -> Decision:
    reason = _why_no_session(facts)
    renewable = _may_renew_silently(facts.sso_session, now) and facts.has_live_connection
    if facts.enforcement is Enforcement.OPTIONAL:
        return Decision(outcome=Outcome.ALLOW_WITH_BANNER, reason=reason, may_renew_silently=renewable)
    if facts.enforcement is Enforcement.REPORT_ONLY:
        return Decision(
            outcome=Outcome.ALLOW_WITH_BANNER, reason=reason, would_block=True, may_renew_silently=renewable
        )
    if area is Area.SSO_SETTINGS and facts.recovery_until is not None and now < facts.recovery_until:
        return Decision(outcome=Outcome.ALLOW, reason=Reason.RECOVERY_SESSION)
    return Decision(outcome=Outcome.REQUIRE_SSO, reason=reason, may_renew_silently=renewable)


def _is_live(session: SSOSessionFacts | None, now: datetime) -> bool:
    return session is not None and session.revision_is_live and now < session.expires_at


def _why_no_session(facts: GateFacts) -> Reason:
    if not facts.has_live_connection:
        return Reason.SSO_UNAVAILABLE
    if facts.sso_session is None:
        return Reason.SSO_MISSING
    if not facts.sso_session.revision_is_live:
        return Reason.SSO_REVISION_CHANGED
    return Reason.SSO_EXPIRED


def _may_renew_silently(session: SSOSessionFacts | None, now: datetime) -> bool:
    """An IdP-given limit passed while the organisation's own has not: ask the IdP once, without showing it."""
    return (
        session is not None
        and session.revision_is_live
        and session.expires_at <= now < session.org_limit_at
        and not session.silent_renewal_tried
    )
