"""What a login is checked for, one check after the other: for pages that show how far a login got.

Each protocol names its own checks in the order in which it makes them (`ProtocolAdapter.login_checks`); the
portal's own follow. A check knows its refusals by their codes, so that a stored code says which checks had passed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class CheckStatus(StrEnum):
    PASSED = "passed"
    WARNING = "warning"  # worth knowing; refuses nobody
    FAILED = "failed"
    NOT_REACHED = "not_reached"  # a check before it failed


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCheck:
    """One check. `passed` says what holds once it passed.

    `codes` are the refusals it raises. Some refusals belong to several checks and name the claim they are about
    (the log field `claim`): `claims` are this check's.
    """

    key: str
    title: Text
    passed: Text = ""
    codes: frozenset[str] = field(default_factory=frozenset)
    claims: frozenset[str] = field(default_factory=frozenset)


# Refusals of the trip itself: they come before anything that the IdP said is looked at.
TRIP_CODES = frozenset(
    {
        "attempt_unknown",
        "attempt_used",
        "attempt_expired",
        "wrong_browser",
        "connection_mismatch",
        "configuration_changed",
        "login_cancelled",
        "silent_login_failed",
        "too_many_requests",
    }
)

MEMBER = LoginCheck(
    key="member",
    title=_("The person is a member"),
    passed=_("The account that started the login belongs to this organisation."),
    codes=frozenset({"not_a_member", "account_inactive"}),
)
LINK = LoginCheck(
    key="link",
    title=_("The identity belongs to the account"),
    codes=frozenset({"subject_linked_to_another", "account_linked_to_another"}),
)
EMAIL = LoginCheck(
    key="email",
    title=_("The e-mail address fits"),
    codes=frozenset({"email_missing", "email_ambiguous", "email_domain_not_allowed", "email_not_yours"}),
)
GROUPS = LoginCheck(key="groups", title=_("The list of groups is complete"))
ROLE = LoginCheck(key="role", title=_("The role mapping finds a role"))
SESSION = LoginCheck(
    key="session",
    title=_("The session has time left"),
    codes=frozenset({"session_already_over"}),
)
PORTAL_CHECKS: tuple[LoginCheck, ...] = (MEMBER, LINK, EMAIL, GROUPS, ROLE, SESSION)


def check_of(
    checks: Iterable[LoginCheck], *, code: str, fields: Mapping[str, object] | None = None
) -> LoginCheck | None:
    """The check that a refusal came from; None for a code that no check here raises."""
    claim = (fields or {}).get("claim")
    by_code = [check for check in checks if code in check.codes]
    by_claim = [check for check in checks if claim in check.claims]
    return next(iter(by_claim if by_code and by_claim else by_code), None)


def statuses(
    checks: Sequence[LoginCheck], *, code: str, fields: Mapping[str, object] | None = None
) -> list[tuple[LoginCheck, CheckStatus]]:
    """Every check with how it stands after a refusal: passed before it, failed, and not reached after it.

    Nothing counts as passed where no check is known to have raised the code.
    """
    failed = check_of(checks, code=code, fields=fields)
    position = checks.index(failed) if failed else -1
    return [(check, _status(number, position)) for number, check in enumerate(checks)]


def _status(number: int, failed_at: int) -> CheckStatus:
    if number < failed_at:
        return CheckStatus.PASSED
    return CheckStatus.FAILED if number == failed_at else CheckStatus.NOT_REACHED
