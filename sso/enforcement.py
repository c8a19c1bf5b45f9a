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
from sso import recovery_codes
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


def why_not(
    *, org: Organization, enforcement: Enforcement, user: User, browser_session: str, now: datetime
) -> SettingsRefused | None:
    """Why this admin can't move to `enforcement` in this browser now; None if they can."""
    if enforcement is Enforcement.OFF:
        return None
    if not live_connections(org).exists():
        return NoLiveConnection(field="enforcement")
    if enforcement is Enforcement.ENFORCED:
        return next(
            iter(what_enforcing_needs(org=org, user=user, browser_session=browser_session, now=now)), None
        )
    return None


def what_enforcing_needs(
    *, org: Organization, user: User, browser_session: str, now: datetime
) -> list[SettingsRefused]:
    """All that this admin must do first, in this browser, with a live connection; empty where nothing is missing."""
    missing: list[SettingsRefused] = []
    if SSOPolicy.objects.filter(org=org, confirm_by__gt=now).exists():
        missing.append(RevisionOnTrial(field="enforcement"))
    if not _holds_session(org, user, browser_session, now):
        missing.append(EnforcingNeedsSession(field="enforcement"))
    if not recovery_codes.codes_of(org=org, user=user).are_ready:
        missing.append(EnforcingNeedsRecoveryCodes(field="enforcement"))
    return missing


@transaction.atomic
def change_policy(
    *,
    org: Organization,
    enforcement: Enforcement,
    session_timeout_seconds: int,
    actor: User,
    browser_session: str,
    now: datetime,
    based_on: str | None = None,
) -> SSOPolicy:
    """Set enforcement and session length (1 hour to 90 days, in seconds). A shorter length holds at once.

    Raises what `why_not` returns when enforcement changes to what this admin can't ask for, and StaleForm when the
    rules are no longer those of the stamp `based_on`.
    """
    lock_organisation(org.pk)
    SSOPolicy.objects.get_or_create(org=org)
    policy = SSOPolicy.objects.select_for_update().get(org=org)
    refuse_stale(based_on=based_on, now_saved=policy_stamp(policy))
    before, timeout_before = Enforcement(policy.enforcement), policy.session_timeout_seconds
    if enforcement is not before:
        refusal = why_not(
            org=org, enforcement=enforcement, user=actor, browser_session=browser_session, now=now
        )
        if refusal:
            raise refusal
    policy.enforcement, policy.session_timeout_seconds = enforcement, session_timeout_seconds
    policy.save()
    if session_timeout_seconds < timeout_before:
        _shorten_sessions(org, session_timeout_seconds)
    changes = _changes(before, enforcement, timeout_before, session_timeout_seconds)
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
