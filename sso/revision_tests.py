"""What a test login found, and nothing it would have done: the one row written is the `RevisionTest`.

`details` keeps the subject, the e-mail addresses and the values of mapped attributes; of every other attribute the
name alone. No token, assertion, code or secret is in it.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from orgs import audit
from orgs.models import Membership, ResourceGroup
from orgs.roles import Role
from sso import activity, linking, provisioning, sessions
from sso.errors import NotAMember, SSOError
from sso.models import Connection, LoginAttempt, Revision, RevisionTest
from sso.role_mapping import values_at
from sso.types import IdentityAssertion


class CheckStatus(StrEnum):
    PASSED = "passed"
    WARNING = "warning"  # worth knowing; does not keep a draft from going live
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the result. `text` is for the admin."""

    title: str
    status: CheckStatus
    text: str


@transaction.atomic
def record_test(*, attempt: LoginAttempt, assertion: IdentityAssertion, now: datetime) -> RevisionTest:
    """Work out what the login would have done for the person who tested, and keep the result."""
    connection = Connection.objects.select_related("org").get(pk=attempt.connection_id)
    membership = (
        Membership.objects.select_related("org", "user")
        .filter(org=connection.org_id, user_id=attempt.user_id)
        .first()
    )
    refusal = _refusal(connection, membership, attempt, assertion)
    details: dict[str, object] = {
        "checks": [
            asdict(check)
            for check in [
                _check_answer(attempt.revision, assertion),
                _check_person(assertion, refusal),
                _check_email(connection, assertion, refusal),
                *_check_mapping(connection, membership, assertion),
            ]
        ],
        **_findings(connection, membership, assertion, now),
    }
    test = RevisionTest.objects.create(
        org_id=connection.org_id,
        revision=attempt.revision,
        user_id=attempt.user_id,
        passed=refusal is None,
        code=refusal.code if refusal else "",
        details=details,
        at=now,
    )
    _record(test)
    activity.record_test(attempt, code=test.code, now=now)
    return test


@transaction.atomic
def record_failed_start(*, revision: Revision, user_id: int, error: SSOError, now: datetime) -> RevisionTest:
    """The test did not get as far as the IdP: its address, or what it says of itself, can't be used."""
    check = Check("Reaching the identity provider", CheckStatus.FAILED, error.admin_detail)
    test = RevisionTest.objects.create(
        org_id=revision.org_id,
        revision=revision,
        user_id=user_id,
        passed=False,
        code=error.code,
        details={"checks": [asdict(check)]},
        at=now,
    )
    _record(test)
    activity.record_test_that_could_not_start(test)
    return test


def _refusal(
    connection: Connection, membership: Membership | None, attempt: LoginAttempt, assertion: IdentityAssertion
) -> SSOError | None:
    """What a real login of this person would have been refused for."""
    if membership is None:
        return NotAMember("You are no longer a member of this organisation.")
    try:
        linking.find_link(connection=connection, user=attempt.user, assertion=assertion)
    except SSOError as error:
        return error
    return None


def _check_answer(revision: Revision, assertion: IdentityAssertion) -> Check:
    text = f"Signed, fresh, meant for this portal, and from {revision.issuer}."
    return Check("The answer is genuine", CheckStatus.PASSED, text)


def _check_person(assertion: IdentityAssertion, refusal: SSOError | None) -> Check:
    title = "The identity is yours"
    if refusal is not None and not refusal.code.startswith("email_"):
        return Check(title, CheckStatus.FAILED, refusal.admin_detail)
    return Check(title, CheckStatus.PASSED, f"The subject “{assertion.subject}” belongs to your account.")


def _check_email(connection: Connection, assertion: IdentityAssertion, refusal: SSOError | None) -> Check:
    title = "The e-mail address fits"
    if refusal is not None and refusal.code.startswith("email_"):
        return Check(title, CheckStatus.FAILED, refusal.admin_detail)
    sent = ", ".join(assertion.emails)
    if connection.email_domains:
        rule = f"Matching domains: {', '.join(connection.email_domains)}."
        return Check(
            title, CheckStatus.PASSED, f"{sent or 'None was sent, but you are linked already'}. {rule}"
        )
    if not sent:
        text = "The identity provider sent none. That works, because no matching domains are set."
        return Check(title, CheckStatus.WARNING, text)
    return Check(title, CheckStatus.PASSED, f"{sent}. No matching domains are set, so it is not compared.")


def _check_mapping(
    connection: Connection, membership: Membership | None, assertion: IdentityAssertion
) -> list[Check]:
    checks = []
    if assertion.groups_incomplete:
        text = "The identity provider left groups out because there are too many. Roles are kept as they are."
        checks.append(Check("The list of groups is complete", CheckStatus.WARNING, text))
    if connection.role_mapping_enabled and membership is not None:
        checks.append(_check_role(connection, membership, assertion))
    return checks


def _check_role(connection: Connection, membership: Membership, assertion: IdentityAssertion) -> Check:
    title = "The role mapping finds a role"
    plan = provisioning.plan_role(connection=connection, membership=membership, assertion=assertion)
    if plan is None:
        return Check(title, CheckStatus.WARNING, "The role stays as it is.")
    if not values_at(assertion.attributes, connection.role_attribute):
        text = f"Nothing was sent under “{connection.role_attribute}”; the role would be {plan.role.label}."
        return Check(title, CheckStatus.WARNING, text)
    text = f"{plan.role.label}. {plan.detail}."
    if membership.role == Role.ADMIN and plan.role is not Role.ADMIN:
        return Check(title, CheckStatus.WARNING, f"{text} You would no longer be an admin.")
    return Check(title, CheckStatus.PASSED, text)


def _findings(
    connection: Connection, membership: Membership | None, assertion: IdentityAssertion, now: datetime
) -> dict[str, object]:
    """What the result page shows beside the checks."""
    ends_at, limit = sessions.session_end(
        now=now,
        timeout_seconds=sessions.timeout_seconds(connection.org),
        idp_limits=assertion.idp_limits,
    )
    mapped = [name for name in _mapped_attributes(connection) if values_at(assertion.attributes, name)]
    return {
        "subject": assertion.subject,
        "emails": list(assertion.emails),
        "mapped_attributes": {name: list(values_at(assertion.attributes, name)) for name in mapped},
        "other_attributes": sorted(set(assertion.attributes) - set(mapped)),
        "role": _role_found(connection, membership, assertion),
        "seats": _seats_found(connection, assertion),
        "session_ends_at": ends_at.isoformat(),
        "session_limit": limit.value,
    }


def _mapped_attributes(connection: Connection) -> list[str]:
    return sorted({connection.role_attribute, connection.group_attribute} - {""})


def _role_found(
    connection: Connection, membership: Membership | None, assertion: IdentityAssertion
) -> dict[str, str] | None:
    if membership is None:
        return None
    plan = provisioning.plan_role(connection=connection, membership=membership, assertion=assertion)
    if plan is None:
        return None
    return {"role": plan.role.value, "label": str(plan.role.label), "detail": plan.detail}


def _seats_found(connection: Connection, assertion: IdentityAssertion) -> list[dict[str, str]]:
    seats = provisioning.plan_seats(connection=connection, assertion=assertion) or {}
    groups = ResourceGroup.objects.filter(org=connection.org_id, pk__in=seats).order_by("name")
    return [{"group": group.name, "role": str(seats[group.pk].label)} for group in groups]


def _record(test: RevisionTest) -> None:
    revision = test.revision
    audit.record(
        "org.settings.sso.test",
        org=revision.connection.org,
        actor=test.user,
        data={
            "connection": revision.connection.name,
            "revision": revision.number,
            "passed": test.passed,
            "code": test.code,
        },
    )
