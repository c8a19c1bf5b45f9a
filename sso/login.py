"""The one path from "sign me in" to an SSO session, whatever the protocol.

Owns the login attempt (made, found, used once) and `complete_login`, the single end of every login. The pages that
start and finish a login are in `views.login` and `views.outcome`; this module knows no request.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from hubsso.crypto import random_token, seal, token_hash, unseal
from hubsso.request_context import note
from hubsso.telemetry import tracing
from orgs import audit
from orgs.members import lock_organisation, mark_sso
from orgs.models import Membership
from sso import linking, provisioning, sessions
from sso.attempt_limits import make_room
from sso.connection_lock import save_for_connection
from sso.errors import (
    AccountInactive,
    AttemptExpired,
    AttemptUnknown,
    AttemptUsed,
    ConfigurationChanged,
    ConnectionMismatch,
    WrongBrowser,
)
from sso.mapping import seen_attributes
from sso.models import Connection, LoginAttempt, Revision, SSOSession
from sso.protocols import BrowserRequest, adapter_for
from sso.revisions import trials
from sso.types import IdentityAssertion, Purpose, SessionLimit
from sso.watching import activity


@dataclass(frozen=True, slots=True)
class CompletedLogin:
    session: SSOSession
    membership: Membership
    has_confirmed_revision: bool = False  # it was on trial, see `trials`


def new_attempt(
    *,
    connection: Connection,
    revision: Revision,
    user: User,
    browser_session: str,
    purpose: Purpose,
    next_path: str,
    is_silent: bool = False,
    now: datetime,
) -> LoginAttempt:
    """A trip to an IdP that is about to begin; nothing is written yet.

    Which connections may be asked is for the caller to know (`gate.live_connections`); one that is switched off on
    the way is refused when it answers.
    """
    return LoginAttempt(
        state=random_token(),
        org_id=connection.org_id,
        connection=connection,
        revision=revision,
        user=user,
        browser_session=browser_session,
        purpose=purpose,
        is_silent=is_silent,
        next_path=next_path,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.SSO_LOGIN_ATTEMPT_SECONDS),
    )


@tracing.span("sso.begin_login")
def begin_login(attempt: LoginAttempt) -> BrowserRequest:
    """Write the attempt and say where to send the browser. The person's oldest open ones make room.

    Raises an SSOError when the IdP can't be asked, and ConnectionGone when the connection was deleted while it was
    asked; nothing is written then.
    """
    note(org_id=attempt.org_id)
    adapter = adapter_for(attempt.connection.protocol)
    browser_request = adapter.begin(attempt, attempt.revision)
    make_room(attempt, now=attempt.created_at)
    save_for_connection(attempt)
    note(attempt_id=attempt.pk)
    return browser_request


def take_attempt(
    *, connection: Connection, state: str, browser_session: str, user_id: int | None, now: datetime
) -> LoginAttempt:
    """Find the attempt named by `state` and use it up: of two that come at once, one gets it.

    Raises AttemptUnknown, ConnectionMismatch, WrongBrowser, AttemptUsed, AttemptExpired or ConfigurationChanged.
    """
    attempt = _named_attempt(connection, state=state)
    _check_browser(attempt, browser_session=browser_session, user_id=user_id)
    _check_answerable(attempt, now=now)
    _mark_answered(attempt, now=now)
    return attempt


def attempt_awaiting(*, connection: Connection, request_id: str, now: datetime) -> LoginAttempt:
    """The attempt whose request an IdP answers, found without the browser's cookie and not yet used up.

    Raises AttemptUnknown, ConnectionMismatch, AttemptUsed, AttemptExpired or ConfigurationChanged.
    """
    attempt = _named_attempt(connection, request_id=request_id)
    _check_answerable(attempt, now=now)
    return attempt


def attempt_with_state(*, connection: Connection, state: str, now: datetime) -> LoginAttempt:
    """The attempt that an answer names by `state`, found without the browser's cookie and not yet used up.

    Raises AttemptUnknown, ConnectionMismatch, AttemptUsed, AttemptExpired or ConfigurationChanged.
    """
    attempt = _named_attempt(connection, state=state)
    _check_answerable(attempt, now=now)
    return attempt


def park_assertion(*, attempt: LoginAttempt, assertion: IdentityAssertion, now: datetime) -> str:
    """`park` an assertion, for `take_parked_assertion`."""
    return park(attempt=attempt, text=_dump(assertion), now=now)


def take_parked_assertion(
    *, connection: Connection, ticket: str, browser_session: str, user_id: int | None, now: datetime
) -> tuple[LoginAttempt, IdentityAssertion]:
    """As `take_parked`, of an assertion."""
    attempt, text = take_parked(
        connection=connection, ticket=ticket, browser_session=browser_session, user_id=user_id, now=now
    )
    return attempt, _load(text)


def park(*, attempt: LoginAttempt, text: str, now: datetime) -> str:
    """Use the attempt up and keep what answered it, sealed, until the same browser comes for it.

    Returns the one-time ticket. Raises AttemptUsed for the later of two answers.
    """
    ticket = random_token()
    _mark_answered(
        attempt,
        now=now,
        ticket_hash=token_hash(ticket),
        parked_sealed=seal(text, context=_ticket_context(ticket)),
    )
    return ticket


def take_parked(
    *, connection: Connection, ticket: str, browser_session: str, user_id: int | None, now: datetime
) -> tuple[LoginAttempt, str]:
    """The attempt, and what was parked behind the ticket, once, for the browser that started the attempt.

    Raises AttemptUnknown, ConnectionMismatch, WrongBrowser, AttemptExpired or ConfigurationChanged.
    """
    attempt = _attempts().filter(ticket_hash=token_hash(ticket)).first()
    if attempt is None:
        raise AttemptUnknown("The ticket is unknown or was used.")
    _check_connection(attempt, connection)
    _check_browser(attempt, browser_session=browser_session, user_id=user_id)
    _check_not_expired(attempt, now=now)
    _check_configuration(attempt.revision, attempt.connection, purpose=Purpose(attempt.purpose), now=now)
    taken = LoginAttempt.objects.filter(pk=attempt.pk, ticket_hash=token_hash(ticket)).update(
        ticket_hash=None, parked_sealed=""
    )
    if not taken:
        raise AttemptUnknown("The ticket was used by a request at the same time.")
    return attempt, unseal(attempt.parked_sealed, context=_ticket_context(ticket))


@tracing.span("sso.complete_login")
@transaction.atomic
def complete_login(*, attempt: LoginAttempt, assertion: IdentityAssertion, now: datetime) -> CompletedLogin:
    """From a validated assertion to an SSO session: link, provision, open, record. All or nothing.

    Holds the organisation's lock, as does whatever removes members, unlinks, or switches connections off: a login
    comes wholly before such a change or wholly after it.

    Raises AccountInactive, ConfigurationChanged, NotAMember, SessionAlreadyOver or what `linking` raises.
    """
    note(org_id=attempt.org_id, attempt_id=attempt.pk)
    lock_organisation(attempt.org_id)
    purpose = Purpose(attempt.purpose)
    # As they are now, under the lock: the attempt's own may be older.
    revision = Revision.objects.select_related("connection__org__sso_policy", "connection__health").get(
        pk=attempt.revision_id
    )
    connection = revision.connection
    _check_configuration(revision, connection, purpose=purpose, now=now)
    user = User.objects.get(pk=attempt.user_id)
    if not user.is_active:
        raise AccountInactive(f"The account {user.email} is deactivated.")
    membership = provisioning.membership_for(connection=connection, user=user, purpose=purpose, now=now)
    identity = linking.link(connection=connection, user=user, assertion=assertion, now=now)
    provisioning.apply(connection=connection, membership=membership, assertion=assertion, now=now)
    mark_sso(membership=membership, now=now)
    seen_attributes.remember(connection=connection, user=user, assertion=assertion, now=now)
    session = sessions.open_session(
        org=connection.org, attempt=attempt, identity=identity, assertion=assertion, now=now
    )
    audit.record(
        "org.sso_login",
        org=connection.org,
        actor=user,
        data={
            "connection": connection.name,
            "revision": attempt.revision.number,
            "expires_at": session.expires_at.isoformat(),
            "limit": session.limit,
            "silent": attempt.is_silent,
        },
    )
    activity.record_ok(attempt, connection=connection, now=now)
    confirmed = trials.confirm_by_login(attempt=attempt, membership=membership, now=now)
    return CompletedLogin(session=session, membership=membership, has_confirmed_revision=confirmed)


def _attempts() -> QuerySet[LoginAttempt]:
    return LoginAttempt.objects.select_related("org", "connection", "revision", "user")


def _named_attempt(connection: Connection, **name: str) -> LoginAttempt:
    """The attempt that an answer names, by `state` or by `request_id`, if it was started with this connection."""
    (text,) = name.values()
    attempt = _attempts().filter(**name).first() if _could_be_a_token(text) else None
    if attempt is None:
        raise AttemptUnknown("The answer names no login attempt that was started here.")
    note(org_id=attempt.org_id, attempt_id=attempt.pk)
    _check_connection(attempt, connection)
    return attempt


def _could_be_a_token(text: str) -> bool:
    """No database is asked about what none of our tokens can be: NUL is an error in PostgreSQL's text."""
    return text.isascii() and text.isprintable()


def _check_connection(attempt: LoginAttempt, connection: Connection) -> None:
    if attempt.connection_id != connection.pk:
        raise ConnectionMismatch(
            f"The attempt was started with another connection, the answer came to {connection.name}.",
            connection_id=connection.pk,
        )


def _check_browser(attempt: LoginAttempt, *, browser_session: str, user_id: int | None) -> None:
    if not browser_session or attempt.browser_session != browser_session or attempt.user_id != user_id:
        raise WrongBrowser("The browser that brought the answer is not the one that started the attempt.")


def _check_answerable(attempt: LoginAttempt, *, now: datetime) -> None:
    if attempt.answered_at is not None:
        raise AttemptUsed("The attempt was answered before.")
    _check_not_expired(attempt, now=now)
    _check_configuration(attempt.revision, attempt.connection, purpose=Purpose(attempt.purpose), now=now)


def _check_not_expired(attempt: LoginAttempt, *, now: datetime) -> None:
    if now >= attempt.expires_at:
        raise AttemptExpired(
            f"The attempt expired at {attempt.expires_at:%H:%M:%S} UTC, the answer came later."
        )


def _check_configuration(row: Revision, connection: Connection, *, purpose: Purpose, now: datetime) -> None:
    """The connection must still be on and the revision still be what it was; a test may use a draft.

    Both have been read just now, with the attempt or under the organisation's lock.
    """
    is_test = purpose is Purpose.TEST
    if not connection.is_enabled and not is_test:
        raise ConfigurationChanged("The connection was switched off during the login.")
    allowed = {Revision.Status.LIVE, Revision.Status.DRAFT} if is_test else {Revision.Status.LIVE}
    if row.status not in allowed:
        raise ConfigurationChanged(f"Revision {row.number} is {row.status} now.", revision=row.number)
    if trials.is_due(row.confirm_by, now=now):
        raise ConfigurationChanged(
            f"Revision {row.number} was on trial and was not confirmed in time.", revision=row.number
        )


def _mark_answered(attempt: LoginAttempt, *, now: datetime, **fields: str) -> None:
    """Conditional update: the database lets exactly one of several answers through."""
    if not LoginAttempt.objects.filter(pk=attempt.pk, answered_at=None).update(answered_at=now, **fields):
        raise AttemptUsed("Another answer to the same attempt was first.")
    attempt.answered_at = now


def _ticket_context(ticket: str) -> str:
    return f"login_attempt:{token_hash(ticket)}:parked"


def _dump(assertion: IdentityAssertion) -> str:
    return json.dumps(asdict(assertion), default=datetime.isoformat)


def _load(text: str) -> IdentityAssertion:
    fields = json.loads(text)
    fields["emails"] = tuple(fields["emails"])
    fields["authenticated_at"] = datetime.fromisoformat(fields["authenticated_at"])
    fields["idp_limits"] = tuple(
        (SessionLimit(limit), datetime.fromisoformat(at)) for limit, at in fields["idp_limits"]
    )
    return IdentityAssertion(**fields)
