"""An admin's own recovery codes: ten, made in advance, for the day when no admin can authenticate any more.

Each opens one recovery session (`recovery` redeems them). They belong to one admin and one organisation, are
stored as hashes, and count only while their owner is an admin.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from accounts.models import User
from hubsso.crypto import token_hash
from orgs import audit
from orgs.members import lock_organisation
from orgs.models import Membership, Organization
from orgs.roles import Role
from sso.models import RecoveryCode, RecoveryCodeSet, RecoveryGrant
from sso.settings_errors import NotAnAdmin, RecoveryCodesReplaced
from sso.stamps import stamp_of

CODES_IN_A_SET = 10
FEW_LEFT = 3

# Without 0, 1, I, L, O and U, so that a code survives a telephone. 20 letters of 30 are 98 random bits.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _GROUP_LENGTH = 5, 4


@dataclass(frozen=True, slots=True)
class AdminCodes:
    """An admin and what there is of their codes. `left` of them are unused; `made_at` is None where they made none."""

    user: User
    made_at: datetime | None = None
    saved_at: datetime | None = None
    left: int = 0

    @property
    def are_ready(self) -> bool:
        """Could this admin come back by one of them?"""
        return self.saved_at is not None and self.left > 0

    @property
    def are_few(self) -> bool:
        return self.made_at is not None and self.left <= FEW_LEFT


def is_admin(*, org: Organization, user: User) -> bool:
    """May this account hold and redeem codes of this organisation?"""
    return Membership.objects.filter(org=org, user=user, role=Role.ADMIN, user__is_active=True).exists()


@transaction.atomic
def make_codes(*, org: Organization, user: User, now: datetime, based_on: str | None = None) -> list[str]:
    """Make this admin ten new codes and return them: they can't be shown again. Older ones stop working.

    Raises NotAnAdmin, and RecoveryCodesReplaced where the codes are no longer those of the stamp `based_on`: a page
    that is loaded again must not replace the codes that somebody has just written down.
    """
    lock_organisation(org.pk)
    if not is_admin(org=org, user=user):
        raise NotAnAdmin
    if based_on is not None and based_on != stamp(codes_of(org=org, user=user)):
        raise RecoveryCodesReplaced
    replaced, _ = RecoveryCodeSet.objects.filter(org=org, user=user).delete()
    codes = [new_code() for _ in range(CODES_IN_A_SET)]
    code_set = RecoveryCodeSet.objects.create(org=org, user=user, made_at=now)
    RecoveryCode.objects.bulk_create(
        RecoveryCode(code_set=code_set, code_hash=code_hash(code)) for code in codes
    )
    data = {"codes": len(codes), "replaced": bool(replaced)}
    audit.record("org.sso_recovery_codes", org=org, actor=user, data=data)
    return codes


def mark_saved(*, org: Organization, user: User, based_on: str, now: datetime) -> None:
    """The admin says that the codes named by the stamp are kept somewhere safe.

    Raises RecoveryCodesReplaced where there are other codes, or none, by now.
    """
    if based_on != stamp(codes_of(org=org, user=user)) or not _sets(org, user).update(saved_at=now):
        raise RecoveryCodesReplaced


def codes_of(*, org: Organization, user: User) -> AdminCodes:
    """What there is of this admin's codes. One query."""
    code_set = _with_counts(_sets(org, user)).first()
    return _described(code_set, user)


def codes_of_admins(org: Organization, *, limit: int) -> list[AdminCodes]:
    """The organisation's admins, at most `limit`, each with what there is of their codes. Two queries."""
    admins = Membership.objects.filter(org=org, role=Role.ADMIN, user__is_active=True)
    users = [membership.user for membership in admins.select_related("user").order_by("pk")[:limit]]
    sets = {
        code_set.user_id: code_set
        for code_set in _with_counts(RecoveryCodeSet.objects.filter(org=org, user__in=users))
    }
    return [_described(sets.get(user.pk), user) for user in users]


def stamp(codes: AdminCodes) -> str:
    """Names the codes that a page is about, whether used, saved or not."""
    return stamp_of(codes.made_at.isoformat() if codes.made_at else "")


def use(*, org: Organization, user: User, code: str, now: datetime) -> bool:
    """Use up one of this admin's codes; False if it is none, or was used. Of two at once, one is True.

    The update's own condition decides, on the code's row alone: PostgreSQL looks at that again after waiting.
    """
    unused = RecoveryCode.objects.filter(
        code_set__in=list(_sets(org, user).values_list("pk", flat=True)),
        code_hash=code_hash(code),
        used_at=None,
    )
    return bool(unused.update(used_at=now))


def forget(*, org_id: int, user_id: int) -> None:
    """Of somebody who is no longer a member: codes and recovery sessions."""
    RecoveryGrant.objects.filter(org=org_id, user=user_id).delete()
    RecoveryCodeSet.objects.filter(org=org_id, user=user_id).delete()


def new_code() -> str:
    letters = [secrets.choice(_ALPHABET) for _ in range(_GROUPS * _GROUP_LENGTH)]
    groups = [
        "".join(letters[start : start + _GROUP_LENGTH]) for start in range(0, len(letters), _GROUP_LENGTH)
    ]
    return "-".join(groups)


def code_hash(code: str) -> str:
    """Typed in any case, with or without hyphens and blanks."""
    return token_hash("".join(letter for letter in code.upper() if letter.isalnum()))


def _sets(org: Organization, user: User) -> QuerySet[RecoveryCodeSet]:
    return RecoveryCodeSet.objects.filter(org=org, user=user)


def _with_counts(sets: QuerySet[RecoveryCodeSet]) -> QuerySet[RecoveryCodeSet]:
    return sets.annotate(left=Count("codes", filter=Q(codes__used_at=None)))


def _described(code_set: RecoveryCodeSet | None, user: User) -> AdminCodes:
    if code_set is None:
        return AdminCodes(user)
    left: int = code_set.left  # type: ignore[attr-defined]  # from `_with_counts`
    return AdminCodes(user, made_at=code_set.made_at, saved_at=code_set.saved_at, left=left)
