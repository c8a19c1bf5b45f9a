"""A test's result in the reader's words: the stored facts become sentences here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hubsso.crypto import CannotUnseal
from orgs.roles import Role
from sso.explaining.causes import Cause, cause_of, field_of, next_step
from sso.mapping.role_mapping import read_detail
from sso.models import RevisionTest
from sso.models.session import LIMIT_CHOICES
from sso.protocols import adapter_for
from sso.revisions.corrections import Offer
from sso.revisions.lessons import lesson_of
from sso.revisions.login_checks import (
    EMAIL,
    GROUPS,
    LINK,
    MEMBER,
    PORTAL_CHECKS,
    ROLE,
    SESSION,
    CheckStatus,
    LoginCheck,
    statuses,
)
from sso.revisions.received_claims import ClaimUse
from sso.revisions.revision_tests import LinkKind, claims_kept_until
from sso.types import SessionLimit

_TONES = {
    CheckStatus.PASSED: ("success", "check"),
    CheckStatus.WARNING: ("warning", "info"),
    CheckStatus.FAILED: ("danger", "warning"),
    CheckStatus.NOT_REACHED: ("secondary", ""),
}
_WORDS: dict[CheckStatus, Promise] = {
    CheckStatus.PASSED: gettext_lazy("Passed"),
    CheckStatus.WARNING: gettext_lazy("Note"),
    CheckStatus.FAILED: gettext_lazy("Failed"),
    CheckStatus.NOT_REACHED: gettext_lazy("Not reached"),
}
_USES: dict[str, Promise] = {
    ClaimUse.SUBJECT: gettext_lazy("Subject"),
    ClaimUse.EMAIL: gettext_lazy("E-mail address"),
    ClaimUse.EMAIL_CHECK: gettext_lazy("E-mail check"),
    ClaimUse.EMAIL_UNUSABLE: gettext_lazy("E-mail address, not usable"),
    ClaimUse.ROLE: gettext_lazy("Role mapping"),
    ClaimUse.GROUPS: gettext_lazy("Group mapping"),
}


@dataclass(frozen=True, slots=True)
class ShownCheck:
    title: str
    text: str
    tone: str
    icon: str
    word: str
    is_reached: bool


@dataclass(frozen=True, slots=True)
class ShownLimit:
    """`at` is None where the IdP gave no such limit."""

    label: str
    at: datetime | None
    wins: bool


@dataclass(frozen=True, slots=True)
class ShownClaim:
    name: str
    values: list[str]
    uses: list[str]


@dataclass(frozen=True, slots=True)
class ShownTest:
    """What the page says of one test. `answer_checks` are the protocol's, `portal_checks` ours.

    `cause` and `next_step` are those of a failed one, `field` is the draft's that it leads to, and `offer` what it
    taught of one. `details` are the facts as they are stored.
    """

    test: RevisionTest
    answer_checks: list[ShownCheck]
    portal_checks: list[ShownCheck]
    cause: Cause | None
    next_step: str
    field: str
    offer: Offer | None
    role: str
    seats: list[tuple[str, str]]
    limits: list[ShownLimit]
    claims: list[ShownClaim]
    claims_until: datetime
    are_claims_withheld: bool

    @property
    def details(self) -> dict[str, Any]:
        found: dict[str, Any] = self.test.details
        return found

    @property
    def reference(self) -> str:
        """Of the refusal that ended it; empty where nothing was refused on the way."""
        return str(self.details.get("reference", ""))

    @property
    def not_reached(self) -> list[ShownCheck]:
        return [check for check in (*self.answer_checks, *self.portal_checks) if not check.is_reached]

    @property
    def has_answer(self) -> bool:
        """Did the IdP say who the person is?"""
        return "subject" in self.details


def shown_test(test: RevisionTest, *, now: datetime, with_claims: bool = True) -> ShownTest:
    """Everything the page shows. Claims are shown no longer than they are kept for."""
    answer, portal = _checks(test, is_told=with_claims)
    until = claims_kept_until(test)
    claims = _claims(test) if with_claims and now < until else []
    return ShownTest(
        test=test,
        answer_checks=answer,
        portal_checks=portal,
        cause=None if test.passed else cause_of(test.code),
        next_step="" if test.passed else str(next_step(test.code)),
        field="" if test.passed else field_of(test.code),
        offer=lesson_of(test),
        role=_role(test.details.get("role")),
        seats=[(seat["group"], str(Role(seat["role"]).label)) for seat in test.details.get("seats", [])],
        limits=_limits(test),
        claims=claims,
        claims_until=until,
        are_claims_withheld=not with_claims,
    )


def _checks(test: RevisionTest, *, is_told: bool) -> tuple[list[ShownCheck], list[ShownCheck]]:
    """The protocol's checks and ours. Where a login was refused on the way, its code says how far it got."""
    details = test.details
    of_answer = adapter_for(test.revision.connection.protocol).login_checks()
    stored = {check["key"]: CheckStatus(check["status"]) for check in details.get("checks", [])}
    if stored or test.passed:
        answer = [(check, CheckStatus.PASSED) for check in of_answer] if stored else []
        portal = [(check, stored[check.key]) for check in PORTAL_CHECKS if check.key in stored]
    else:
        everything = [*of_answer, *(check for check in PORTAL_CHECKS if check not in (GROUPS, ROLE))]
        found = statuses(everything, code=test.code, fields=details.get("fields"))
        answer, portal = found[: len(of_answer)], found[len(of_answer) :]
    return [_shown(*item, test, is_told) for item in answer], [
        _shown(*item, test, is_told) for item in portal
    ]


def _shown(check: LoginCheck, status: CheckStatus, test: RevisionTest, is_told: bool) -> ShownCheck:
    tone, icon = _TONES[status]
    is_reached = status is not CheckStatus.NOT_REACHED
    text = _text(check, status, test, is_told)
    return ShownCheck(str(check.title), text, tone, icon, str(_WORDS[status]), is_reached)


def _text(check: LoginCheck, status: CheckStatus, test: RevisionTest, is_told: bool) -> str:
    """`is_told` is False for a reader who may not read what was said of the person who tested."""
    if status is CheckStatus.NOT_REACHED:
        return ""
    if not is_told:
        return str(cause_of(test.code).title if status is CheckStatus.FAILED else check.passed)
    if status is CheckStatus.FAILED:
        return str(test.details.get("admin_detail", ""))
    tell = _TEXTS.get(check.key)
    return tell(test.details) if tell else str(check.passed)


def _tell_member(details: dict[str, Any]) -> str:
    return str(MEMBER.passed)


def _tell_link(details: dict[str, Any]) -> str:
    if details.get("link", {}).get("kind") == LinkKind.EXISTING:
        return _("The subject “%(subject)s” is linked to your account.") % {"subject": details["subject"]}
    return _("The subject “%(subject)s” is nobody's yet: a login would link it to your account.") % {
        "subject": details.get("subject", "")
    }


def _tell_email(details: dict[str, Any]) -> str:
    emails, domains = ", ".join(details["emails"]), ", ".join(details["email_domains"])
    if domains and emails:
        return _("%(emails)s. Matching domains: %(domains)s.") % {"emails": emails, "domains": domains}
    if domains:
        return _("None was sent, but you are linked already. Matching domains: %(domains)s.") % {
            "domains": domains
        }
    if emails:
        return _("%(emails)s. No matching domains are set, so it is not compared.") % {"emails": emails}
    return _("The identity provider sent none. That works, because no matching domains are set.")


def _tell_groups(details: dict[str, Any]) -> str:
    return _(
        "The identity provider left groups out because there are too many. Roles are kept as they are. Let it send "
        "only the groups that are assigned to the application."
    )


def _tell_role(details: dict[str, Any]) -> str:
    role = details.get("role")
    if role is None:
        return _("The role stays as it is.")
    attribute = details.get("role_attribute", "")
    sentence = _("%(role)s. %(detail)s.") % {"role": Role(role["role"]).label, "detail": _why(role["detail"])}
    if role["was"] == Role.ADMIN and role["role"] != Role.ADMIN:
        return _("%(sentence)s You would no longer be an admin. The values come from “%(attribute)s”.") % {
            "sentence": sentence,
            "attribute": attribute,
        }
    return sentence


def _tell_session(details: dict[str, Any]) -> str:
    return _("It would last until the earliest of the limits below.")


_TEXTS = {
    MEMBER.key: _tell_member,
    LINK.key: _tell_link,
    EMAIL.key: _tell_email,
    GROUPS.key: _tell_groups,
    ROLE.key: _tell_role,
    SESSION.key: _tell_session,
}


def _role(role: dict[str, str] | None) -> str:
    if role is None:
        return ""
    return _("%(role)s (%(detail)s)") % {"role": Role(role["role"]).label, "detail": _why(role["detail"])}


def _why(detail: str) -> str:
    """What gave the role, in the reader's language."""
    mapped = read_detail(detail)
    if mapped is None:
        return _("No mapping matched")
    return _("IdP mapping: %(attribute)s has %(value)s") % {"attribute": mapped[0], "value": mapped[1]}


def _limits(test: RevisionTest) -> list[ShownLimit]:
    """The organisation's limit and those that the protocol's IdPs can give, given or not."""
    given = {item["limit"]: datetime.fromisoformat(item["at"]) for item in test.details.get("limits", [])}
    if not given:
        return []
    words = dict(LIMIT_CHOICES)
    winner = test.details.get("session_limit")
    known = [SessionLimit.ORG_TIMEOUT, *adapter_for(test.revision.connection.protocol).session_limits()]
    return [
        ShownLimit(str(words[limit]), given.get(limit), wins=limit == winner)
        for limit in (item.value for item in known)
    ]


def _claims(test: RevisionTest) -> list[ShownClaim]:
    try:
        stored = test.claims
    except CannotUnseal:
        return []
    return [
        ShownClaim(claim["name"], claim["values"], [str(_USES.get(use, use)) for use in claim["uses"]])
        for claim in stored
    ]
