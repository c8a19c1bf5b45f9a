"""What an organisation asks of its members: the steps off, optional, report only, enforced, and the session length.

An admin can't lock themselves out by enforcing: they must hold a live SSO session in the browser they do it from, and
have saved recovery codes for the day when the IdP fails.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from accounts.models import User
from orgs import audit
from orgs.members import lock_organisation
from orgs.models import Organization
from sso.enforcing import recovery_codes
from sso.gate import live_connections
from sso.models import SSOPolicy, SSOSession
from sso.sessions import live_sessions
from sso.settings_errors import (
    EnforcingNeedsRecoveryCodes,
    EnforcingNeedsSession,
    NoLiveConnection,
    RevisionOnTrial,
    SettingsRefused,
)
from sso.stamps import refuse_stale, stamp_of
from sso.types import Enforcement, SessionLimit


def policy_of(org: Organization) -> SSOPolicy:
    """The organisation's rules; unsaved and asking nothing where it never set any."""
    return SSOPolicy.objects.filter(org=org).first() or SSOPolicy(org=org)


def policy_stamp(policy: SSOPolicy) -> str:
    """Names the rules that a page shows, for `change_policy` to compare."""
    return stamp_of(str(policy.enforcement), policy.session_timeout_seconds)


def what_step_needs(
    *, org: Organization, enforcement: Enforcement, user: User | None, browser_session: str, now: datetime
) -> list[SettingsRefused]:
    """All that stands between this admin, in this browser, and a step to `enforcement`; empty where nothing does.

    Without a `user` it is an operator, who has no browser: they can't enforce.
    """
    if enforcement is Enforcement.OFF:
        return []
    missing: list[SettingsRefused] = []
    if not live_connections(org).exists():
        missing.append(NoLiveConnection(field="enforcement"))
    if enforcement is not Enforcement.ENFORCED:
        return missing
    if SSOPolicy.objects.filter(org=org, confirm_by__gt=now).exists():
        missing.append(RevisionOnTrial(field="enforcement"))
    if user is None or not _holds_session(org, user, browser_session, now):
        missing.append(EnforcingNeedsSession(field="enforcement"))
    if user is None or not recovery_codes.codes_of(org=org, user=user).are_ready:
        missing.append(EnforcingNeedsRecoveryCodes(field="enforcement"))
    return missing


def may_enforce_next(org: Organization) -> bool:
    """Is enforcing the step that is left, with an identity provider to ask?"""
    return policy_of(org).enforcement != Enforcement.ENFORCED and live_connections(org).exists()


@transaction.atomic
def change_policy(
    *,
    org: Organization,
    enforcement: Enforcement | None = None,
    session_timeout_seconds: int | None = None,
    actor: User | None,
    browser_session: str,
    now: datetime,
    based_on: str | None = None,
) -> SSOPolicy:
    """Set enforcement, session length (1 hour to 90 days, in seconds), or both. A shorter length holds at once.

    Raises the first of what `what_step_needs` finds when enforcement changes to what this admin can't ask for, and
    StaleForm when the rules are no longer those of the stamp `based_on`.
    """
    lock_organisation(org.pk)
    SSOPolicy.objects.get_or_create(org=org)
    policy = SSOPolicy.objects.select_for_update().get(org=org)
    refuse_stale(based_on=based_on, now_saved=policy_stamp(policy))
    before, timeout_before = Enforcement(policy.enforcement), policy.session_timeout_seconds
    enforcement = before if enforcement is None else enforcement
    timeout = timeout_before if session_timeout_seconds is None else session_timeout_seconds
    if enforcement is not before:
        missing = what_step_needs(
            org=org, enforcement=enforcement, user=actor, browser_session=browser_session, now=now
        )
        if missing:
            raise missing[0]
    policy.enforcement, policy.session_timeout_seconds = enforcement, timeout
    policy.save()
    if timeout < timeout_before:
        _shorten_sessions(org, timeout)
    changes = _changes(before, enforcement, timeout_before, timeout)
    if changes:
        audit.record(_event(before, enforcement), org=org, actor=actor, data=changes)
    return policy


def _holds_session(org: Organization, user: User, browser_session: str, now: datetime) -> bool:
    sessions = live_sessions(org=org, now=now)
    return bool(browser_session) and sessions.filter(user=user, browser_session=browser_session).exists()


def _shorten_sessions(org: Organization, timeout_seconds: int) -> None:
    """Sessions opened under a longer timeout end when the shorter one says so."""
    end = F("started_at") + timedelta(seconds=timeout_seconds)
    sessions = SSOSession.objects.filter(org=org)
    sessions.filter(expires_at__gt=end).update(expires_at=end, limit=SessionLimit.ORG_TIMEOUT)
    sessions.filter(org_limit_at__gt=end).update(org_limit_at=end)


def _changes(before: Enforcement, after: Enforcement, timeout_before: int, timeout: int) -> dict[str, object]:
    changes: dict[str, object] = {}
    if after is not before:
        changes["enforcement"] = {"from": before.value, "to": after.value}
    if timeout != timeout_before:
        changes["session_timeout_seconds"] = {"from": timeout_before, "to": timeout}
    return changes


def _event(before: Enforcement, after: Enforcement) -> str:
    if before is Enforcement.OFF and after is not Enforcement.OFF:
        return "org.settings.sso.enable"
    if after is Enforcement.OFF and before is not Enforcement.OFF:
        return "org.settings.sso.disable"
    return "org.settings.sso"
