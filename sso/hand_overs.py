"""Hand-over links: a colleague without an account enters the IdP's values of one connection.

Whoever holds the link may see that connection's guide and values and save drafts of it. They can test nothing and
make nothing live, and see nothing else of the organisation but its name. The link's token is stored as a hash.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import User
from hubsso.crypto import random_token, token_hash
from orgs import audit
from sso import announcements, connections
from sso.connection_lock import lock_connection
from sso.connections import OIDCConfiguration, SAMLConfiguration
from sso.models import Connection, HandOver, Revision
from sso.settings_errors import HandOverGone, TooManyHandOvers

MAX_DAYS = 14
DEFAULT_DAYS = 3
MAX_OPEN = 20  # of one connection
SEEN_EVERY = timedelta(minutes=1)


@transaction.atomic
def make_hand_over(
    *, connection: Connection, recipient: str, days: int, actor: User, now: datetime
) -> tuple[HandOver, str]:
    """A link for `days` days, and its token, which is not stored. Raises TooManyHandOvers.

    Links that were made before go on working until they expire or are withdrawn.
    """
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


def find_hand_over(token: str, *, now: datetime) -> HandOver:
    """The link with this token, noted as used. Raises HandOverGone for one that was never good or no longer is."""
    found = (
        HandOver.objects.select_related("org", "connection__org").filter(token_hash=token_hash(token)).first()
    )
    if found is None or found.revoked_at is not None or now >= found.expires_at:
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
    """Save a draft as `connections.save_draft` does, and tell the admins. Raises what that does, or HandOverGone."""
    lock_connection(hand_over.connection)
    used = HandOver.objects.filter(pk=hand_over.pk, revoked_at=None, expires_at__gt=now).update(
        drafts_saved=F("drafts_saved") + 1, last_used_at=now
    )
    if not used:
        raise HandOverGone
    draft = connections.save_draft(
        connection=hand_over.connection,
        configuration=configuration,
        actor=None,
        actor_label=label_of(hand_over),
        now=now,
        based_on=based_on,
    )
    announcements.draft_handed_over(revision=draft, recipient=hand_over.recipient)
    return draft


def open_hand_overs(connection: Connection, *, now: datetime) -> QuerySet[HandOver]:
    """Those that lead somewhere."""
    return connection.hand_overs.filter(revoked_at=None, expires_at__gt=now)


def listed_hand_overs(connection: Connection, *, now: datetime) -> list[HandOver]:
    """All that have not expired, withdrawn ones among them; the newest first."""
    listed = connection.hand_overs.filter(expires_at__gt=now).select_related("created_by")
    return list(listed.order_by("-pk")[: 5 * MAX_OPEN])


def label_of(hand_over: HandOver) -> str:
    """How the audit log and the history name whoever used the link."""
    return f"hand-over link for {hand_over.recipient}"
