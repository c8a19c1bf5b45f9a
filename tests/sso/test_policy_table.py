"""The decision, row by row. One row is one sentence of the design's table, with the reason as well."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from orgs.access import Area
from orgs.roles import Role
from sso.policy import decide
from sso.types import Decision, Enforcement, GateFacts, MemberFacts, Outcome, Reason, SSOSessionFacts

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MEMBER = MemberFacts(role=Role.READ)
ADMIN = MemberFacts(role=Role.ADMIN)
NOBODY_YET = MemberFacts(role=Role.NO_ACCESS)
COLLABORATOR = MemberFacts(role=Role.READ, is_external_collaborator=True)
COLLABORATING_ADMIN = MemberFacts(role=Role.ADMIN, is_external_collaborator=True)

PUBLIC, MEMBERS, SETTINGS, SSO_SETTINGS = Area.PUBLIC, Area.MEMBERS, Area.SETTINGS, Area.SSO_SETTINGS


def session(
    *,
    ends_in: timedelta = timedelta(hours=1),
    org_ends_in: timedelta | None = None,
    is_live: bool = True,
    **more: bool,
) -> SSOSessionFacts:
    return SSOSessionFacts(
        expires_at=NOW + ends_in,
        org_limit_at=NOW + (ends_in if org_ends_in is None else org_ends_in),
        revision_is_live=is_live,
        silent_renewal_tried=more.get("tried", False),
    )


def facts(
    enforcement: Enforcement,
    member: MemberFacts | None,
    sso_session: SSOSessionFacts | None = None,
    *,
    signed_in: bool = True,
    connected: bool = True,
    recovery_until: datetime | None = None,
) -> GateFacts:
    return GateFacts(
        is_authenticated=signed_in,
        enforcement=enforcement,
        has_live_connection=connected,
        member=member,
        sso_session=sso_session,
        recovery_until=recovery_until,
    )


OFF, OPTIONAL, REPORT_ONLY, ENFORCED = Enforcement

ROWS: list[tuple[str, GateFacts, Area, str, str]] = [
    # Outsiders: what is public, whatever the organisation asks of its members.
    (
        "anonymous sees what is public",
        facts(ENFORCED, None, signed_in=False),
        PUBLIC,
        "allow",
        "outsider_public",
    ),
    ("anonymous is asked to log in", facts(ENFORCED, None, signed_in=False), SETTINGS, "log_in", "anonymous"),
    ("anonymous is no member", facts(ENFORCED, None, signed_in=False), MEMBERS, "log_in", "anonymous"),
    ("an outsider sees what is public", facts(ENFORCED, None), PUBLIC, "allow", "outsider_public"),
    ("an outsider finds no members", facts(ENFORCED, None), MEMBERS, "not_found", "not_a_member"),
    ("an outsider finds no settings", facts(ENFORCED, None), SETTINGS, "not_found", "not_a_member"),
    ("an outsider finds no SSO settings", facts(ENFORCED, None), SSO_SETTINGS, "not_found", "not_a_member"),
    # Members without a live SSO session.
    ("a member is blocked from the public", facts(ENFORCED, MEMBER), PUBLIC, "require_sso", "sso_missing"),
    ("a member is blocked from the private", facts(ENFORCED, MEMBER), MEMBERS, "require_sso", "sso_missing"),
    ("a member is blocked from settings", facts(ENFORCED, MEMBER), SETTINGS, "require_sso", "sso_missing"),
    ("an admin is blocked from settings", facts(ENFORCED, ADMIN), SETTINGS, "require_sso", "sso_missing"),
    (
        "an admin is blocked from SSO settings",
        facts(ENFORCED, ADMIN),
        SSO_SETTINGS,
        "require_sso",
        "sso_missing",
    ),
    ("no access is a member too", facts(ENFORCED, NOBODY_YET), PUBLIC, "require_sso", "sso_missing"),
    # How long a session counts.
    (
        "a second before the end",
        facts(ENFORCED, MEMBER, session(ends_in=SECOND)),
        MEMBERS,
        "allow",
        "sso_session_live",
    ),
    (
        "at the end",
        facts(ENFORCED, MEMBER, session(ends_in=0 * SECOND)),
        MEMBERS,
        "require_sso",
        "sso_expired",
    ),
    (
        "a second after",
        facts(ENFORCED, MEMBER, session(ends_in=-SECOND)),
        MEMBERS,
        "require_sso",
        "sso_expired",
    ),
    (
        "a session of a revision that was replaced",
        facts(ENFORCED, MEMBER, session(is_live=False)),
        MEMBERS,
        "require_sso",
        "sso_revision_changed",
    ),
    # An enforcing organisation never opens because its set-up is broken.
    (
        "no live connection blocks",
        facts(ENFORCED, MEMBER, session(is_live=False), connected=False),
        PUBLIC,
        "require_sso",
        "sso_unavailable",
    ),
    # Members with a live session: by role.
    ("live member", facts(ENFORCED, MEMBER, session()), MEMBERS, "allow", "sso_session_live"),
    ("live member, settings", facts(ENFORCED, MEMBER, session()), SETTINGS, "forbidden", "not_an_admin"),
    ("live admin, settings", facts(ENFORCED, ADMIN, session()), SETTINGS, "allow", "sso_session_live"),
    (
        "live admin, SSO settings",
        facts(ENFORCED, ADMIN, session()),
        SSO_SETTINGS,
        "allow",
        "sso_session_live",
    ),
    # External collaborators: by role, no SSO asked.
    ("collaborator, public", facts(ENFORCED, COLLABORATOR), PUBLIC, "allow", "external_collaborator"),
    ("collaborator, private", facts(ENFORCED, COLLABORATOR), MEMBERS, "allow", "external_collaborator"),
    ("collaborator, settings", facts(ENFORCED, COLLABORATOR), SETTINGS, "forbidden", "not_an_admin"),
    ("collaborating admin", facts(ENFORCED, COLLABORATING_ADMIN), SETTINGS, "allow", "external_collaborator"),
    # Recovery opens the SSO settings, to admins, until it ends.
    (
        "recovery, SSO settings",
        facts(ENFORCED, ADMIN, recovery_until=NOW + SECOND),
        SSO_SETTINGS,
        "allow",
        "recovery_session",
    ),
    ("recovery over", facts(ENFORCED, ADMIN, recovery_until=NOW), SSO_SETTINGS, "require_sso", "sso_missing"),
    (
        "recovery, settings",
        facts(ENFORCED, ADMIN, recovery_until=NOW + SECOND),
        SETTINGS,
        "require_sso",
        "sso_missing",
    ),
    (
        "recovery, content",
        facts(ENFORCED, ADMIN, recovery_until=NOW + SECOND),
        PUBLIC,
        "require_sso",
        "sso_missing",
    ),
    (
        "recovery, no admin",
        facts(ENFORCED, MEMBER, recovery_until=NOW + SECOND),
        SSO_SETTINGS,
        "forbidden",
        "not_an_admin",
    ),
    # Optional and report-only let in, with the banner.
    ("optional, no session", facts(OPTIONAL, MEMBER), MEMBERS, "allow_with_banner", "sso_missing"),
    ("optional, live", facts(OPTIONAL, MEMBER, session()), MEMBERS, "allow", "sso_session_live"),
    ("optional, member, settings", facts(OPTIONAL, MEMBER), SETTINGS, "forbidden", "not_an_admin"),
    ("optional, admin, settings", facts(OPTIONAL, ADMIN), SETTINGS, "allow_with_banner", "sso_missing"),
    ("report-only, no session", facts(REPORT_ONLY, MEMBER), MEMBERS, "allow_with_banner", "sso_missing"),
    # Off asks nothing.
    ("off", facts(OFF, MEMBER), MEMBERS, "allow", "sso_off"),
    ("off, member, settings", facts(OFF, MEMBER), SETTINGS, "forbidden", "not_an_admin"),
    ("off, admin, settings", facts(OFF, ADMIN), SETTINGS, "allow", "sso_off"),
]


@pytest.mark.parametrize(
    ("row", "gate_facts", "area", "outcome", "reason"), ROWS, ids=[row[0] for row in ROWS]
)
def test_decide(row: str, gate_facts: GateFacts, area: Area, outcome: str, reason: str) -> None:
    decision = decide(gate_facts, area=area, now=NOW)
    assert (decision.outcome, decision.reason) == (Outcome(outcome), Reason(reason))


def test_only_report_only_says_what_would_be_blocked() -> None:
    assert decide(facts(REPORT_ONLY, MEMBER), area=MEMBERS, now=NOW).would_block
    assert not decide(facts(REPORT_ONLY, MEMBER, session()), area=MEMBERS, now=NOW).would_block
    assert not decide(facts(REPORT_ONLY, COLLABORATOR), area=MEMBERS, now=NOW).would_block
    assert not decide(facts(OPTIONAL, MEMBER), area=MEMBERS, now=NOW).would_block


@pytest.mark.parametrize(
    ("sso_session", "connected", "expected"),
    [
        (session(ends_in=-SECOND, org_ends_in=SECOND), True, True),
        (session(ends_in=0 * SECOND, org_ends_in=SECOND), True, True),
        (session(ends_in=-SECOND, org_ends_in=SECOND, tried=True), True, False),
        (session(ends_in=-SECOND, org_ends_in=0 * SECOND), True, False),
        (session(ends_in=-SECOND, org_ends_in=SECOND, is_live=False), True, False),
        (session(ends_in=-SECOND, org_ends_in=SECOND), False, False),
        (session(), True, False),
        (None, True, False),
    ],
)
def test_silent_renewal_is_for_an_idp_limit_that_passed_first(
    sso_session: SSOSessionFacts | None, connected: bool, expected: bool
) -> None:
    decision = decide(facts(ENFORCED, MEMBER, sso_session, connected=connected), area=MEMBERS, now=NOW)
    assert decision.may_renew_silently is expected


def test_no_member_without_sso_passes_an_enforcing_gate() -> None:
    """Every combination of role, area and dead session; only collaborators and recovery are let through."""
    dead_sessions = [None, session(ends_in=-SECOND), session(is_live=False)]
    for role, area, dead, connected in itertools.product(Role, Area, dead_sessions, (True, False)):
        decision = decide(
            facts(ENFORCED, MemberFacts(role=role), dead, connected=connected), area=area, now=NOW
        )
        assert decision.outcome is Outcome.REQUIRE_SSO


def test_a_decision_names_nothing_but_its_outcome_and_reason() -> None:
    assert decide(facts(OFF, MEMBER), area=MEMBERS, now=NOW) == Decision(
        outcome=Outcome.ALLOW, reason=Reason.SSO_OFF
    )
