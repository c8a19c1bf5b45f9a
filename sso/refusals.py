"""What a refusal leaves behind: a trace for the organisation's admins, an audit event, a log line.

The member's page shows the reference; the admins find the detail under it for a week.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from hubsso import throttle
from hubsso.request_context import current_request_id
from orgs import audit
from sso import expired
from sso.errors import SSOError
from sso.explaining.references import new_reference
from sso.explaining.refusal_claims import sealed_claims
from sso.models import Connection, LoginAttempt, RefusalTrace, RevisionTest
from sso.types import IdentityAssertion, Purpose
from sso.watching import activity, metrics

logger = logging.getLogger(__name__)

_MAX_UNATTRIBUTED_TRACES_PER_HOUR = 100
_MAX_TRACES_PER_ATTEMPT = 5
_MAX_TRACES_PER_PERSON_AND_HOUR = 30
# When an IdP is down a whole organisation is refused for the one reason; counted in memory, by each process.
_TRACES = throttle.Limit("sso.traces", 120, of_process=True)


def record_refusal(
    error: SSOError,
    *,
    connection: Connection,
    attempt: LoginAttempt | None,
    member: User | None = None,
    is_logout: bool = False,
    assertion: IdentityAssertion | None = None,
    now: datetime,
) -> str:
    """Write trace, audit event and log line of one refusal, and return its reference.

    `member` is the person behind it, where that is known without an attempt; `is_logout` says that it was no login
    but an IdP's logout that was refused; `assertion` is what the IdP had said, where only the portal refused. Answers
    that belong to nobody can be sent by anybody, and answers to an attempt that is still open can be sent again:
    beyond 100 an hour of the one, 5 an attempt and 30 an hour and person of the other, and 120 a minute of one kind,
    they are only logged.
    """
    person = attempt.user if attempt else member
    reference = new_reference()
    logger.info(
        "sso.logout.refused" if is_logout else "sso.login.refused",
        extra={
            "code": error.code,
            "reference": reference,
            "org_id": connection.org_id,
            "connection_id": connection.pk,
            "user_id": person.pk if person else None,
            "purpose": attempt.purpose if attempt else None,
            "detail": error.log_fields,
        },
    )
    if is_logout:
        metrics.count_refused_logout(protocol=connection.protocol, code=error.code)
    else:
        purpose = str(attempt.purpose) if attempt else ""
        metrics.count_login(
            org_id=connection.org_id, protocol=connection.protocol, purpose=purpose, result=error.code
        )
    if not _is_flooded(error, connection, attempt, person, now):
        _write(
            error,
            event="org.sso_logout_refused" if is_logout else "org.sso_refused",
            reference=reference,
            connection=connection,
            attempt=attempt,
            person=person,
            assertion=assertion,
            now=now,
        )
    return reference


@transaction.atomic
def _write(
    error: SSOError,
    *,
    event: str,
    reference: str,
    connection: Connection,
    attempt: LoginAttempt | None,
    person: User | None,
    assertion: IdentityAssertion | None,
    now: datetime,
) -> None:
    RefusalTrace.objects.create(
        reference=reference,
        org_id=connection.org_id,
        connection=connection,
        revision=attempt.revision if attempt else None,
        user=person,
        purpose=attempt.purpose if attempt else "",
        code=error.code,
        admin_detail=error.admin_detail,
        fields={**error.log_fields, **error.trace_fields},
        claims_sealed=sealed_claims(
            assertion, connection=connection, revision=attempt.revision, reference=reference
        )
        if assertion and attempt
        else "",
        request_id=current_request_id(),
        at=now,
        expires_at=now + timedelta(days=settings.SSO_TRACE_RETENTION_DAYS),
    )
    expired.delete_some(RefusalTrace, before=now)
    audit.record(
        event,
        org=connection.org,
        actor=person,
        data={"code": error.code, "reference": reference, "connection": connection.name},
    )
    if attempt is not None and attempt.purpose == Purpose.TEST:
        RevisionTest.objects.create(
            org_id=connection.org_id,
            revision=attempt.revision,
            user=attempt.user,
            passed=False,
            code=error.code,
            details={
                "admin_detail": error.admin_detail,
                "fields": dict(error.log_fields),
                "reference": reference,
            },
            at=now,
        )
    if attempt is not None:
        activity.record_failed(
            attempt,
            code=error.code,
            idp_error=error.log_fields.get("idp_error"),
            reference=reference,
            now=now,
        )


def _is_flooded(
    error: SSOError, connection: Connection, attempt: LoginAttempt | None, person: User | None, now: datetime
) -> bool:
    if throttle.count(_TRACES, f"{connection.pk}/{error.code}", now=now):
        return True
    traces = RefusalTrace.objects.filter(org=connection.org_id, user=person, connection__isnull=False)
    if attempt is not None:
        since_start = traces.filter(at__gte=attempt.created_at)
        if since_start.count() >= _MAX_TRACES_PER_ATTEMPT:
            return True
    in_last_hour = traces.filter(at__gt=now - timedelta(hours=1)).count()
    return in_last_hour >= (_MAX_TRACES_PER_PERSON_AND_HOUR if person else _MAX_UNATTRIBUTED_TRACES_PER_HOUR)
