"""What a test login found, and nothing it would have done: the one row written is the `RevisionTest`.

`details` keeps facts, which the page puts in words: how each of the portal's own checks stands, whom the login would
link, what it would give. The claims are sealed beside it, cut and without secrets (`received_claims`), and gone after
as many days as a refusal's trace. No token, assertion, code or secret is in either.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction

from orgs import audit
from orgs.models import Membership, ResourceGroup
from orgs.roles import Role
from sso import linking, provisioning, sessions
from sso.errors import NotAMember, SessionAlreadyOver, SSOError
from sso.mapping.role_mapping import values_at
from sso.models import Connection, LinkedIdentity, LoginAttempt, Revision, RevisionTest
from sso.protocols import adapter_for
from sso.revisions import received_claims
from sso.revisions.login_checks import EMAIL, GROUPS, LINK, MEMBER, ROLE, SESSION, CheckStatus
from sso.revisions.received_claims import ClaimUse
from sso.types import IdentityAssertion, SessionLimit
from sso.watching import activity

Details = dict[str, object]


class LinkKind(StrEnum):
    """What a login would do with the identity."""

    EXISTING = "existing"
    FIRST = "first"
    SUBJECT_TAKEN = "subject_taken"  # the identity is another account's
    ACCOUNT_TAKEN = "account_taken"  # the account has another identity


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tested:
    """A test login that got as far as an assertion."""

    connection: Connection
    attempt: LoginAttempt
    assertion: IdentityAssertion
    membership: Membership | None
    now: datetime

    @property
    def limits(self) -> list[tuple[SessionLimit, datetime]]:
        timeout = sessions.timeout_seconds(self.connection.org)
        ours = (SessionLimit.ORG_TIMEOUT, self.now + timedelta(seconds=timeout))
        return [ours, *self.assertion.idp_limits]


def claims_kept_until(test: RevisionTest) -> datetime:
    """Claims are shown and kept for as long as a refusal's trace."""
    return test.at + timedelta(days=settings.SSO_TRACE_RETENTION_DAYS)


@transaction.atomic
def record_test(*, attempt: LoginAttempt, assertion: IdentityAssertion, now: datetime) -> RevisionTest:
    """Work out what the login would have done for the person who tested, and keep the result."""
    connection = Connection.objects.select_related("org").get(pk=attempt.connection_id)
    membership = (
        Membership.objects.select_related("org", "user")
        .filter(org=connection.org_id, user_id=attempt.user_id)
        .first()
    )
    tested = _Tested(
        connection=connection, attempt=attempt, assertion=assertion, membership=membership, now=now
    )
    refusal = _refusal(tested)
    test = RevisionTest.objects.create(
        org_id=connection.org_id,
        revision=attempt.revision,
        user_id=attempt.user_id,
        passed=refusal is None,
        code=refusal.code if refusal else "",
        details={
            "admin_detail": refusal.admin_detail if refusal else "",
            "checks": [{"key": key, "status": status} for key, status in _portal_checks(tested, refusal)],
            **_findings(tested),
        },
        at=now,
    )
    test.seal_claims(_claims(tested))
    test.save(update_fields=["claims_sealed"])
    _record(test)
    activity.record_test(attempt, code=test.code, now=now)
    return test


@transaction.atomic
def record_failed_start(*, revision: Revision, user_id: int, error: SSOError, now: datetime) -> RevisionTest:
    """The test did not get as far as the IdP: its address, or what it says of itself, can't be used."""
    test = RevisionTest.objects.create(
        org_id=revision.org_id,
        revision=revision,
        user_id=user_id,
        passed=False,
        code=error.code,
        details={"admin_detail": error.admin_detail, "fields": dict(error.log_fields)},
        at=now,
    )
    _record(test)
    activity.record_test_that_could_not_start(test)
    return test


def _refusal(tested: _Tested) -> SSOError | None:
    """What a real login of this person would have been refused for."""
    if tested.membership is None:
        return NotAMember("You are no longer a member of this organisation.")
    try:
        linking.find_link(connection=tested.connection, user=tested.attempt.user, assertion=tested.assertion)
    except SSOError as error:
        return error
    limit, ends_at = min(tested.limits, key=lambda limit: limit[1])
    if ends_at <= tested.now:
        return SessionAlreadyOver(
            f"The session would end by {limit} at {ends_at:%H:%M:%S} UTC, which has passed."
        )
    return None


def _portal_checks(tested: _Tested, refusal: SSOError | None) -> list[tuple[str, CheckStatus]]:
    """The portal's checks that apply here, in their order."""
    connection, assertion = tested.connection, tested.assertion
    found = [(MEMBER, CheckStatus.PASSED), (LINK, CheckStatus.PASSED)]
    is_email_missing = not assertion.emails and not connection.email_domains
    found.append((EMAIL, CheckStatus.WARNING if is_email_missing else CheckStatus.PASSED))
    if assertion.groups_incomplete:
        found.append((GROUPS, CheckStatus.WARNING))
    if connection.role_mapping_enabled and tested.membership is not None:
        found.append((ROLE, _role_status(tested, tested.membership)))
    found.append((SESSION, CheckStatus.PASSED))
    standing: list[tuple[str, CheckStatus]] = []
    has_failed = False
    for check, status in found:
        if has_failed:
            standing.append((check.key, CheckStatus.NOT_REACHED))
            continue
        has_failed = refusal is not None and refusal.code in check.codes
        standing.append((check.key, CheckStatus.FAILED if has_failed else status))
    return standing


def _role_status(tested: _Tested, membership: Membership) -> CheckStatus:
    """A note where nothing was sent to map, or where the admin who tests would lose the role."""
    plan = provisioning.plan_role(
        connection=tested.connection, membership=membership, assertion=tested.assertion
    )
    values = values_at(tested.assertion.attributes, tested.connection.role_attribute)
    loses_admin = plan is not None and membership.role == Role.ADMIN and plan.role is not Role.ADMIN
    return CheckStatus.WARNING if plan is None or not values or loses_admin else CheckStatus.PASSED


def _findings(tested: _Tested) -> Details:
    """What the result page shows beside the checks."""
    limit, ends_at = min(tested.limits, key=lambda limit: limit[1])
    return {
        "issuer": tested.assertion.issuer,
        "subject": tested.assertion.subject,
        "emails": list(tested.assertion.emails),
        "email_domains": list(tested.connection.email_domains),
        "link": _link_found(tested),
        "role_attribute": tested.connection.role_attribute if tested.connection.role_mapping_enabled else "",
        "role": _role_found(tested),
        "seats": _seats_found(tested),
        "limits": [{"limit": name.value, "at": at.isoformat()} for name, at in tested.limits],
        "session_ends_at": ends_at.isoformat(),
        "session_limit": limit.value,
    }


def _link_found(tested: _Tested) -> Details:
    """Whom the identity is linked to, and whom the account."""
    identities = LinkedIdentity.objects.filter(org=tested.connection.org_id).select_related("user")
    by_subject = identities.filter(issuer=tested.assertion.issuer, subject=tested.assertion.subject).first()
    if by_subject is not None:
        is_own = by_subject.user_id == tested.attempt.user_id
        return _link(LinkKind.EXISTING if is_own else LinkKind.SUBJECT_TAKEN, by_subject)
    by_user = identities.filter(user_id=tested.attempt.user_id).first()
    if by_user is not None:
        return _link(LinkKind.ACCOUNT_TAKEN, by_user)
    return {"kind": LinkKind.FIRST.value}


def _link(kind: LinkKind, identity: LinkedIdentity) -> Details:
    return {
        "kind": kind.value,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "email": identity.email,
        "account": audit.label_of(identity.user),
        "linked_at": identity.linked_at.isoformat(),
    }


def _role_found(tested: _Tested) -> Details | None:
    if tested.membership is None:
        return None
    plan = provisioning.plan_role(
        connection=tested.connection, membership=tested.membership, assertion=tested.assertion
    )
    if plan is None:
        return None
    return {"role": plan.role.value, "was": tested.membership.role, "detail": plan.detail}


def _seats_found(tested: _Tested) -> list[Details]:
    seats = provisioning.plan_seats(connection=tested.connection, assertion=tested.assertion) or {}
    groups = ResourceGroup.objects.filter(org=tested.connection.org_id, pk__in=seats).order_by("name")
    return [{"group": group.name, "role": seats[group.pk].value} for group in groups]


def _claims(tested: _Tested) -> list[Details]:
    """Every claim with what became of it, cut and without secrets."""
    connection = tested.connection
    adapter = adapter_for(connection.protocol)
    received = adapter.received_claims(tested.assertion, tested.attempt.revision)
    mapped = {
        ClaimUse.ROLE: connection.role_attribute if connection.role_mapping_enabled else "",
        ClaimUse.GROUPS: connection.group_attribute if connection.group_mapping_enabled else "",
    }
    return [
        {
            "name": claim.name,
            "values": list(claim.values),
            "uses": [
                *([claim.use] if claim.use else []),
                *(use for use, name in mapped.items() if name == claim.name),
            ],
        }
        for claim in received_claims.for_admins(received)
    ]


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
