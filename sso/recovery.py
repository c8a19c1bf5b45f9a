"""The way back for an organisation that locked itself out: an operator's one-time code opens its SSO settings.

The operator makes a grant for one admin and hands the code on. Redeeming it binds the grant to that admin's browser
session for an hour. The gate lets a recovery session at the SSO settings and at nothing else.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from hubsso.crypto import token_hash
from orgs import audit
from orgs.models import Membership, Organization
from orgs.roles import Role
from sso import announcements
from sso.models import RecoveryGrant, RecoveryTry
from sso.settings_errors import NotAnAdmin, RecoveryCodeWrong, TooManyCodes

REDEEM_WITHIN = timedelta(hours=24)
OPEN_FOR = timedelta(hours=1)
MAX_TRIES = 5
TRIES_WINDOW = timedelta(minutes=15)

# Without 0, 1, I, L, O and U, so that a code survives a telephone. 20 letters of 30 are 98 random bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _GROUP_LENGTH = 5, 4


def is_admin(*, org: Organization, user: User) -> bool:
    """May this account redeem a code of this organisation?"""
    return Membership.objects.filter(org=org, user=user, role=Role.ADMIN, user__is_active=True).exists()


@transaction.atomic
def create_grant(*, org: Organization, user: User, now: datetime) -> tuple[RecoveryGrant, str]:
    """Make a grant and return it with its code, which is stored as a hash and can't be shown again.

    A code that the admin was given before and did not use stops working. Raises NotAnAdmin.
    """
    if not is_admin(org=org, user=user):
        raise NotAnAdmin
    RecoveryGrant.objects.filter(org=org, user=user, redeemed_at=None).delete()
    code = _new_code()
    grant = RecoveryGrant.objects.create(
        org=org, user=user, code_hash=_code_hash(code), redeem_until=now + REDEEM_WITHIN
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


@transaction.atomic
def _redeem(
    *, org: Organization, user: User, code: str, browser_session: str, now: datetime
) -> RecoveryGrant:
    unused = RecoveryGrant.objects.filter(
        org=org, user=user, code_hash=_code_hash(code), redeemed_at=None, redeem_until__gt=now
    )
    # One conditional update: of two browsers that send the same code at once, one gets in.
    if not browser_session or not unused.update(
        redeemed_at=now, browser_session=browser_session, expires_at=now + OPEN_FOR
    ):
        raise RecoveryCodeWrong(field="code")
    RecoveryTry.objects.filter(org=org, user=user).delete()
    grant = RecoveryGrant.objects.get(code_hash=_code_hash(code))
    audit.record("org.sso_recovery", org=org, actor=user, data={"expires_at": (now + OPEN_FOR).isoformat()})
    announcements.recovery_opened(org=org, email=user.email)
    return grant


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


def _new_code() -> str:
    letters = [secrets.choice(_ALPHABET) for _ in range(_GROUPS * _GROUP_LENGTH)]
    groups = [
        "".join(letters[start : start + _GROUP_LENGTH]) for start in range(0, len(letters), _GROUP_LENGTH)
    ]
    return "-".join(groups)


def _code_hash(code: str) -> str:
    """Typed in any case, with or without hyphens and blanks."""
    return token_hash("".join(letter for letter in code.upper() if letter.isalnum()))
