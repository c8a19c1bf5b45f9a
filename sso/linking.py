"""Who an assertion is: ties (issuer, subject) to the account that is already signed in, inside one organisation.

An assertion never signs a stranger in and never finds an account: it can only be linked to the account that
started the login. Nothing is ever linked by username.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.emails import verified_emails
from accounts.models import User
from orgs import audit
from orgs.models import Organization
from sso.errors import (
    AccountLinkedToAnother,
    EmailAmbiguous,
    EmailDomainNotAllowed,
    EmailMissing,
    EmailNotYours,
    LogValue,
    SubjectLinkedToAnother,
)
from sso.models import Connection, LinkedIdentity
from sso.types import IdentityAssertion


def find_link(*, connection: Connection, user: User, assertion: IdentityAssertion) -> LinkedIdentity | None:
    """The user's existing link, None where this login would make the first one.

    Raises SubjectLinkedToAnother, AccountLinkedToAnother, or what the e-mail rule raises for a first link.
    """
    identities = LinkedIdentity.objects.filter(org=connection.org_id)
    by_subject = identities.filter(issuer=assertion.issuer, subject=assertion.subject).first()
    if by_subject is not None:
        if by_subject.user_id != user.pk:
            taken = SubjectLinkedToAnother(
                f"The identity {assertion.subject!r} of {assertion.issuer} is linked to another account.",
                linked_user_id=by_subject.user_id,
            )
            taken.trace_fields = _offered(assertion)
            raise taken
        return by_subject
    by_user = identities.filter(user=user).first()
    if by_user is not None:
        changed = AccountLinkedToAnother(
            f"{user.email} is linked to {by_user.subject!r} of {by_user.issuer}, and came as "
            f"{assertion.subject!r} of {assertion.issuer}. Unlink the old identity to let the new one in.",
            linked_user_id=user.pk,
        )
        changed.trace_fields = _offered(assertion)
        raise changed
    check_email(connection=connection, user=user, emails=assertion.emails)
    return None


def is_linked(*, org: Organization, user: User) -> bool:
    """Has this account an identity at one of the organisation's IdPs?"""
    return LinkedIdentity.objects.filter(org=org, user=user).exists()


def link(
    *, connection: Connection, user: User, assertion: IdentityAssertion, now: datetime
) -> LinkedIdentity:
    """Find or make the link, inside the caller's transaction. Raises what `find_link` raises.

    Of two first logins at once, the database's constraints let one make the link; the other one finds it.
    """
    identity = find_link(connection=connection, user=user, assertion=assertion)
    if identity is None:
        try:
            with transaction.atomic():
                identity = LinkedIdentity.objects.create(
                    org_id=connection.org_id,
                    connection=connection,
                    user=user,
                    issuer=assertion.issuer,
                    subject=assertion.subject,
                )
                _record_link(connection, user, assertion)
        except IntegrityError:
            identity = find_link(connection=connection, user=user, assertion=assertion)
            if identity is None:
                raise
    identity.email = assertion.emails[0] if len(assertion.emails) == 1 else ""
    identity.connection = connection
    identity.last_login_at = now
    identity.save(update_fields=["email", "connection", "last_login_at"])
    return identity


def _record_link(connection: Connection, user: User, assertion: IdentityAssertion) -> None:
    data = {"connection": connection.name, "issuer": assertion.issuer, "subject": assertion.subject}
    audit.record("org.sso_link", org=connection.org, actor=user, data=data)


def _offered(assertion: IdentityAssertion) -> dict[str, LogValue]:
    """The identity that was refused, for `relinking`, which asks the e-mail rule anew."""
    return {
        "offered_issuer": assertion.issuer,
        "offered_subject": assertion.subject,
        "offered_email": assertion.emails[0] if len(assertion.emails) == 1 else "",
        "offered_emails_count": len(assertion.emails),
    }


def check_email(*, connection: Connection, user: User, emails: Sequence[str]) -> None:
    """The e-mail rule for a first link, where the connection lists matching domains.

    The one of the IdP's `emails` must be in a listed domain *and* be one of the account's verified addresses.
    """
    domains = frozenset(str(domain).lower() for domain in connection.email_domains)
    if not domains:
        return
    if not emails:
        raise EmailMissing("The IdP sent no e-mail address, or one that it calls unverified.")
    if len(emails) > 1:
        raise EmailAmbiguous(f"The IdP sent {len(emails)} e-mail addresses; exactly one is needed.")
    email = emails[0].lower()
    domain = email.rpartition("@")[2]
    if domain not in domains:
        raise EmailDomainNotAllowed(
            f"{email} is in none of the matching domains: {', '.join(sorted(domains))}.", email_domain=domain
        )
    if email not in verified_emails(user):
        raise EmailNotYours(
            f"{email} is not a verified address of the account {user.email}.", email_domain=domain
        )
