"""SSO sessions: how long they last, and everything that opens, marks or ends one.

A session is live while its row is there, its revision is live and `expires_at` is ahead. Ending one deletes the
row, so that the gate sees it on the next request.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from orgs.models import Organization
from sso.errors import SessionAlreadyOver
from sso.models import Connection, LinkedIdentity, LoginAttempt, SSOPolicy, SSOSession
from sso.models.policy import DEFAULT_SESSION_SECONDS
from sso.models.session import seal_logout_hint
from sso.types import IdentityAssertion, SessionLimit


def session_end(
    *, now: datetime, timeout_seconds: int, idp_limits: Iterable[tuple[SessionLimit, datetime]]
) -> tuple[datetime, SessionLimit]:
    """The earliest of all limits that are present, and which one it is. Pure."""
    limits = [(now + timedelta(seconds=timeout_seconds), SessionLimit.ORG_TIMEOUT)]
    limits += [(at, limit) for limit, at in idp_limits]
    return min(limits, key=lambda limit: limit[0])


def timeout_seconds(org: Organization) -> int:
    """The organisation's own session timeout."""
    policy: SSOPolicy | None = getattr(org, "sso_policy", None)
    return policy.session_timeout_seconds if policy else DEFAULT_SESSION_SECONDS


def open_session(
    *,
    org: Organization,
    attempt: LoginAttempt,
    identity: LinkedIdentity,
    assertion: IdentityAssertion,
    now: datetime,
) -> SSOSession:
    """Open, or renew, this browser's SSO session for the attempt's organisation.

    Raises SessionAlreadyOver where an IdP's limit has passed: the leeway for clocks lets an assertion in, not a
    session that would end before it began.
    """
    timeout = timeout_seconds(org)
    expires_at, limit = session_end(now=now, timeout_seconds=timeout, idp_limits=assertion.idp_limits)
    if expires_at <= now:
        raise SessionAlreadyOver(
            f"The session would end by {limit} at {expires_at:%H:%M:%S} UTC, which has passed."
        )
    fields: dict[str, Any] = {
        "user": attempt.user,
        "connection": attempt.connection,
        "revision": attempt.revision,
        "identity": identity,
        "idp_session_id": assertion.idp_session_id,
        "started_at": now,
        "expires_at": expires_at,
        "org_limit_at": now + timedelta(seconds=timeout),
        "limit": limit,
        "silent_renewal_tried": False,
        "logout_hint_sealed": seal_logout_hint(
            assertion.logout_hint, org_id=attempt.org_id, browser_session=attempt.browser_session
        ),
    }
    [session] = SSOSession.objects.bulk_create(
        [SSOSession(org=org, browser_session=attempt.browser_session, **fields)],
        update_conflicts=True,
        unique_fields=["browser_session", "org"],
        update_fields=list(fields),
    )
    return session


def mark_renewal_tried(*, org: Organization, user_id: int, browser_session: str) -> None:
    """The IdP is asked silently once; until the next real login the banner asks."""
    SSOSession.objects.filter(org=org, user_id=user_id, browser_session=browser_session).update(
        silent_renewal_tried=True
    )


def live_sessions(*, org: Organization, now: datetime) -> QuerySet[SSOSession]:
    """The organisation's sessions that open the gate now."""
    return SSOSession.objects.filter(
        org=org,
        expires_at__gt=now,
        revision__status="live",
        connection__is_enabled=True,
        user__is_active=True,
    ).select_related("user", "connection")


def sessions_of_user(*, user: User, now: datetime) -> QuerySet[SSOSession]:
    """The user's own sessions that have not expired, in every organisation and browser."""
    return SSOSession.objects.filter(user=user, expires_at__gt=now).select_related(
        "org", "connection", "revision"
    )


def end_sessions_of_user(*, org: Organization, user: User) -> int:
    """End the user's sessions in this organisation, in every browser. Returns how many."""
    return SSOSession.objects.filter(org=org, user=user).delete()[0]


def end_session(*, org: Organization, session_id: int) -> int:
    return SSOSession.objects.filter(org=org, pk=session_id).delete()[0]


def sessions_named_by_idp(
    *, connection: Connection, issuer: str, subject: str | None, idp_session_ids: Collection[str] = ()
) -> QuerySet[SSOSession]:
    """The sessions that an IdP's logout means: of the subject, of the IdP's sessions, or of both where both are named.

    None where neither is. An IdP can name only what its own connection opened. Where it never said which of its own
    sessions a login belonged to, the subject alone decides: too much is ended rather than too little.
    """
    idp_session_ids = [name for name in idp_session_ids if name]
    if subject is None and not idp_session_ids:
        return SSOSession.objects.none()
    named = SSOSession.objects.filter(connection=connection, identity__issuer=issuer)
    if subject is not None:
        named = named.filter(identity__subject=subject)
    if idp_session_ids:
        named = named.filter(
            idp_session_id__in=idp_session_ids if subject is None else [*idp_session_ids, ""]
        )
    return named


def end_own_session(*, user: User, session_id: int) -> int:
    return SSOSession.objects.filter(user=user, pk=session_id).delete()[0]


def end_browser_session(browser_session: str) -> None:
    """The portal session has ended, and with it all of that browser's SSO sessions."""
    if browser_session:
        SSOSession.objects.filter(browser_session=browser_session).delete()
