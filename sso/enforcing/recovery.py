"""The way back for an organisation that locked itself out: a one-time code opens its SSO settings.

It is one of the admin's own recovery codes (`recovery_codes`), or the operator made a grant for the admin and
handed its code on. Redeeming it binds a grant to that admin's browser session for an hour. The gate lets a recovery
session at the SSO settings and at nothing else.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from orgs import audit
from orgs.models import Organization
from sso import announcements
from sso.enforcing import recovery_codes
from sso.enforcing.recovery_codes import code_hash, is_admin, new_code
from sso.models import RecoveryGrant, RecoveryTry
from sso.settings_errors import NotAnAdmin, RecoveryCodeWrong, TooManyCodes

REDEEM_WITHIN = timedelta(hours=24)
OPEN_FOR = timedelta(hours=1)
MAX_TRIES = 5
TRIES_WINDOW = timedelta(minutes=15)

Source = RecoveryGrant.Source


@transaction.atomic
def create_grant(*, org: Organization, user: User, now: datetime) -> tuple[RecoveryGrant, str]:
    """Make a grant and return it with its code, which is stored as a hash and can't be shown again.

    A code that the admin was given before and did not use stops working. Raises NotAnAdmin.
    """
    if not is_admin(org=org, user=user):
        raise NotAnAdmin
    RecoveryGrant.objects.filter(org=org, user=user, redeemed_at=None).delete()
    code = new_code()
    grant = RecoveryGrant.objects.create(
        org=org, user=user, code_hash=code_hash(code), redeem_until=now + REDEEM_WITHIN
    )
    return grant, code


def redeem(*, org: Organization, user: User, code: str, browser_session: str, now: datetime) -> RecoveryGrant:
    """Open the organisation's SSO settings to this admin in this browser, for an hour, once.

    Recorded and announced to the organisation's admins. Raises NotAnAdmin, TooManyCodes or RecoveryCodeWrong.
    """
    if not is_admin(org=org, user=user):
        raise NotAnAdmin
    _count_try(org, user, now)
    return _redeem(org=org, user=user, code=code, browser_session=browser_session, now=now)


def session_of(*, org: Organization, user: User, browser_session: str, now: datetime) -> RecoveryGrant | None:
    """The recovery session that is open to this admin in this browser."""
    return _open_grants(org, user, browser_session).filter(expires_at__gt=now).first()


@transaction.atomic
def end_session(*, org: Organization, user: User, browser_session: str, now: datetime) -> bool:
    """End this admin's recovery session in this browser before its hour is over; False if there is none."""
    ended = bool(_open_grants(org, user, browser_session).filter(expires_at__gt=now).update(expires_at=now))
    if ended:
        audit.record("org.sso_recovery_end", org=org, actor=user)
    return ended


def _open_grants(org: Organization, user: User, browser_session: str) -> QuerySet[RecoveryGrant]:
    grants = RecoveryGrant.objects.filter(org=org, user=user, browser_session=browser_session)
    return grants.filter(redeemed_at__isnull=False)


@transaction.atomic
def _redeem(
    *, org: Organization, user: User, code: str, browser_session: str, now: datetime
) -> RecoveryGrant:
    grant = None
    if browser_session:
        grant = _redeem_grant(
            org=org, user=user, code=code, browser_session=browser_session, now=now
        ) or _redeem_own_code(org=org, user=user, code=code, browser_session=browser_session, now=now)
    if grant is None:
        raise RecoveryCodeWrong(field="code")
    RecoveryTry.objects.filter(org=org, user=user).delete()
    data = {"expires_at": (now + OPEN_FOR).isoformat(), "source": grant.source}
    audit.record("org.sso_recovery", org=org, actor=user, data=data)
    announcements.recovery_opened(org=org, email=user.email, is_own_code=grant.source == Source.OWN_CODE)
    return grant


def _redeem_grant(
    *, org: Organization, user: User, code: str, browser_session: str, now: datetime
) -> RecoveryGrant | None:
    """By an operator's code."""
    unused = RecoveryGrant.objects.filter(
        org=org, user=user, code_hash=code_hash(code), redeemed_at=None, redeem_until__gt=now
    )
    # One conditional update: of two browsers that send the same code at once, one gets in.
    if not unused.update(redeemed_at=now, browser_session=browser_session, expires_at=now + OPEN_FOR):
        return None
    return RecoveryGrant.objects.get(code_hash=code_hash(code))


def _redeem_own_code(
    *, org: Organization, user: User, code: str, browser_session: str, now: datetime
) -> RecoveryGrant | None:
    if not recovery_codes.use(org=org, user=user, code=code, now=now):
        return None
    return RecoveryGrant.objects.create(
        org=org,
        user=user,
        source=Source.OWN_CODE,
        code_hash=code_hash(code),
        redeem_until=now,
        redeemed_at=now,
        browser_session=browser_session,
        expires_at=now + OPEN_FOR,
    )


def _count_try(org: Organization, user: User, now: datetime) -> None:
    """Write the try down before counting, so that of many at once no more than `MAX_TRIES` get through.

    One that was refused unread does not count: waiting ends the throttle, whoever goes on trying meanwhile.
    """
    tries = RecoveryTry.objects.filter(org=org, user=user)
    tries.filter(at__lte=now - TRIES_WINDOW).delete()
    this_one = RecoveryTry.objects.create(org=org, user=user, at=now)
    if tries.count() > MAX_TRIES:
        this_one.delete()
        raise TooManyCodes(field="code")
