"""Signing out at an IdP as well as here, and an IdP's word that somebody signed out there.

A sign-out ends the SSO session here first: whatever the IdP then answers, or does not, it is over. An IdP's logout
ends what its own connection opened and nothing else; the portal session stays.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from hubsso.crypto import random_token
from orgs import audit
from sso import expired, sessions
from sso.connection_lock import save_for_connection
from sso.models import Connection, LogoutAttempt, SSOSession
from sso.protocols import BrowserRequest, adapter_for


def own_session(*, user: User, browser_session: str, session_id: int) -> SSOSession | None:
    """The user's SSO session of this very browser: only here can the IdP's own session be ended with it."""
    sessions_here = SSOSession.objects.select_related("org", "connection", "revision", "identity", "user")
    return sessions_here.filter(user=user, browser_session=browser_session, pk=session_id).first()


def sign_out(session: SSOSession, *, now: datetime) -> BrowserRequest | None:
    """End the session here, and say where the browser signs out at its IdP; None where that offers no logout.

    Raises an SSOError when the IdP can't be asked, and ConnectionGone when the connection was deleted while it was;
    the session is over all the same.
    """
    SSOSession.objects.filter(pk=session.pk).delete()
    attempt = LogoutAttempt(
        state=random_token(),
        org_id=session.org_id,
        connection=session.connection,
        user=session.user,
        browser_session=session.browser_session,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.SSO_LOGIN_ATTEMPT_SECONDS),
    )
    browser_request = adapter_for(session.connection.protocol).begin_logout(attempt, session)
    if browser_request is not None:
        save_for_connection(attempt)
        expired.delete_some(LogoutAttempt, before=now)
    return browser_request


def take_answered(
    *, connection: Connection, state: str, browser_session: str, now: datetime
) -> LogoutAttempt | None:
    """The sign-out of this browser that an IdP answers, once. None where `state` names none.

    Nothing depends on it but the words of the page: the session here is over.
    """
    if not (browser_session and state.isascii() and state.isprintable()):
        return None  # none of our tokens; PostgreSQL takes no NUL in a parameter
    attempts = LogoutAttempt.objects.filter(
        connection=connection,
        browser_session=browser_session,
        answered_at=None,
        expires_at__gt=now,
        state=state,
    )
    attempt = attempts.first()
    return attempt if attempt is not None and attempts.update(answered_at=now) else None


@transaction.atomic
def end_named_by_idp(
    *, connection: Connection, issuer: str, subject: str | None, idp_session_ids: Collection[str] = ()
) -> int:
    """End the SSO sessions that an IdP's logout means, and record it for each member. Returns how many.

    Their rows are locked by deleting them, one statement: a login at the same time is wholly before or after it.
    """
    named = sessions.sessions_named_by_idp(
        connection=connection, issuer=issuer, subject=subject, idp_session_ids=idp_session_ids
    )
    people = list(User.objects.filter(pk__in=named.values("user_id")))
    ended, _ = named.delete()
    for person in people:
        audit.record(
            "org.sso_idp_logout", org=connection.org, actor=person, data={"connection": connection.name}
        )
    return ended
