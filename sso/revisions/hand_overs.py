"""Hand-over links: a colleague without an account enters the IdP's values of one connection.

Whoever holds the link may see that connection's guide and values and save drafts of it. They can test nothing and
make nothing live, and see nothing else of the organisation but its name. The link's token is stored as a hash. A link
is worth what its maker is: it leads nowhere once they are no active admin of the organisation.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from hubsso.crypto import random_token, token_hash
from orgs import audit
from orgs.models import Membership
from orgs.roles import Role
from sso import announcements, connections
from sso.connection_lock import lock_connection
from sso.connections import OIDCConfiguration, SAMLConfiguration
from sso.models import Connection, HandOver, Revision
from sso.settings_errors import HandOverGone, HandOverInRecovery, HandOverUsedUp, TooManyHandOvers

MAX_DAYS = 14
DEFAULT_DAYS = 3
MAX_OPEN = 20  # of one connection
SEEN_EVERY = timedelta(minutes=1)
TELL_EVERY = timedelta(hours=1)  # the admins, of drafts saved by one link
MAX_SAVES = 50  # by one link
MAX_SAVES_SINCE_TOLD = 10

_MADE_BY_ADMIN = Exists(
    Membership.objects.filter(
        org=OuterRef("org"), user=OuterRef("created_by"), role=Role.ADMIN, user__is_active=True
    )
)


@transaction.atomic
def make_hand_over(
    *,
    connection: Connection,
    recipient: str,
    days: int,
    actor: User,
    now: datetime,
    is_in_recovery: bool = False,
) -> tuple[HandOver, str]:
    """A link for `days` days, and its token, which is not stored. Raises TooManyHandOvers.

    Raises HandOverInRecovery where the admin came in by a recovery session only: the link would outlive it.
    Links that were made before go on working until they expire or are withdrawn.
    """
    if is_in_recovery:
        raise HandOverInRecovery
    lock_connection(connection)
    if open_hand_overs(connection, now=now).count() >= MAX_OPEN:
        raise TooManyHandOvers
    token = random_token()
    hand_over = HandOver.objects.create(
        org_id=connection.org_id,
        connection=connection,
        token_hash=token_hash(token),
        recipient=recipient,
        created_by=actor,
        created_at=now,
        expires_at=now + timedelta(days=min(days, MAX_DAYS)),
    )
    data = {"connection": connection.name, "for": recipient, "expires_at": hand_over.expires_at.isoformat()}
    audit.record("org.settings.sso.hand_over", org=connection.org, actor=actor, data=data)
    return hand_over, token


@transaction.atomic
def revoke_hand_over(*, hand_over: HandOver, actor: User, now: datetime) -> None:
    """From the next request on the link leads nowhere. Twice is once."""
    revoked = HandOver.objects.filter(pk=hand_over.pk, revoked_at=None).update(revoked_at=now)
    if revoked:
        data = {"connection": hand_over.connection.name, "for": hand_over.recipient}
        audit.record("org.settings.sso.hand_over_revoke", org=hand_over.org, actor=actor, data=data)


def withdraw_of(*, org_id: int, user_id: int, now: datetime) -> None:
    """The links of somebody who is no longer an admin: they must not come back with a later role."""
    HandOver.objects.filter(org=org_id, created_by=user_id, revoked_at=None).update(revoked_at=now)


def find_hand_over(token: str, *, now: datetime) -> HandOver:
    """The link with this token, noted as used. Raises HandOverGone for one that was never good or no longer is."""
    found = (
        _open(HandOver.objects.all(), now)
        .select_related("org", "connection__org")
        .filter(token_hash=token_hash(token))
        .first()
    )
    if found is None:
        raise HandOverGone
    if found.last_used_at is None or now - found.last_used_at >= SEEN_EVERY:
        HandOver.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


@transaction.atomic
def save_draft_by(
    hand_over: HandOver,
    *,
    configuration: OIDCConfiguration | SAMLConfiguration,
    now: datetime,
    based_on: str | None,
) -> Revision:
    """Save a draft as `connections.save_draft` does, and tell the admins, of one link once an hour at most.

    Raises what that does, HandOverGone, or HandOverUsedUp.
    """
    lock_connection(hand_over.connection)
    is_to_be_told = _count_save(hand_over, now=now)
    draft = connections.save_draft(
        connection=hand_over.connection,
        configuration=configuration,
        actor=None,
        actor_label=label_of(hand_over),
        now=now,
        based_on=based_on,
    )
    if is_to_be_told:
        announcements.draft_handed_over(revision=draft, recipient=hand_over.recipient)
    return draft


def open_hand_overs(connection: Connection, *, now: datetime) -> QuerySet[HandOver]:
    """Those that lead somewhere."""
    return _open(connection.hand_overs.all(), now)


def listed_hand_overs(connection: Connection, *, now: datetime) -> list[HandOver]:
    """All that have not expired, withdrawn ones among them; the newest first. `made_by_admin`: is the maker one?"""
    listed = connection.hand_overs.filter(expires_at__gt=now).select_related("created_by")
    listed = listed.annotate(made_by_admin=_MADE_BY_ADMIN)
    return list(listed.order_by("-pk")[: 5 * MAX_OPEN])


def label_of(hand_over: HandOver) -> str:
    """How the audit log and the history name whoever used the link."""
    return f"hand-over link for {hand_over.recipient}"


def _open(hand_overs: QuerySet[HandOver], now: datetime) -> QuerySet[HandOver]:
    return hand_overs.filter(_MADE_BY_ADMIN, revoked_at=None, expires_at__gt=now)


def _count_save(hand_over: HandOver, *, now: datetime) -> bool:
    """Count a save under the connection's lock. True where the admins are to be told of it.

    The hour begins with the save that they are told of. Raises HandOverGone or HandOverUsedUp.
    """
    current = _open(HandOver.objects.filter(pk=hand_over.pk), now).first()
    if current is None:
        raise HandOverGone
    is_to_be_told = current.told_at is None or now - current.told_at >= TELL_EVERY
    if current.drafts_saved >= MAX_SAVES:
        raise HandOverUsedUp
    if is_to_be_told:
        current.told_at, current.saved_since_told = now, 0
    elif current.saved_since_told >= MAX_SAVES_SINCE_TOLD:
        raise HandOverUsedUp
    current.saved_since_told += 1
    current.drafts_saved += 1
    current.last_used_at = now
    current.save(update_fields=["told_at", "saved_since_told", "drafts_saved", "last_used_at"])
    return is_to_be_told
