"""Mails to an organisation's admins about what single sign-on did. Sent after the transaction, best effort."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from orgs.models import Membership, Organization
from orgs.roles import Role
from sso.models import Connection, Revision

logger = logging.getLogger(__name__)


def role_withheld(*, membership: Membership, mapped: Role) -> None:
    """The mapping would have taken the role of the last admin; it was kept."""
    org = membership.org
    _mail_admins(
        org,
        subject=f"{org.name}: the last admin keeps their role",
        text=(
            f"The role mapping of {org.name} would have made {membership.user.email} {mapped.label.lower()}, "
            "which would have left the organisation without an admin. The role was kept.\n\n"
            "Give somebody else the admin role at the identity provider, or change the mapping:\n"
            f"{settings.BASE_URL}{reverse('sso:settings', args=[org.slug])}\n"
        ),
    )


def groups_incomplete(*, membership: Membership, connection: Connection) -> None:
    """The IdP left groups out because a person has too many, so the mappings could not be followed in full."""
    org = membership.org
    _mail_admins(
        org,
        subject=f"{org.name}: the identity provider leaves groups out",
        text=(
            f"{connection.name} sent no complete list of groups for {membership.user.email}, because there are too "
            "many. Where no other values were sent, their role and their resource groups were kept as they were.\n\n"
            "Let the identity provider send only the groups that this application is assigned, or map an "
            "attribute with fewer values:\n"
            f"{settings.BASE_URL}{reverse('sso:connection', args=[org.slug, connection.uid])}\n\n"
            "This is sent at most once a day, whoever else it happens to.\n"
        ),
    )


def certificate_announced(*, connection: Connection, subject: str, fingerprint: str) -> None:
    """The IdP's metadata has a certificate that was not there before, and it is trusted from now on."""
    org = connection.org
    _mail_admins(
        org,
        subject=f"{org.name}: {connection.name} announced a new certificate",
        text=(
            f"The metadata of {connection.name} names a certificate that was not there before. From now on, sign-ins "
            "that were signed with it are accepted, beside those signed with the old one:\n\n"
            f"{subject}\n{fingerprint}\n\n"
            "If your identity provider is not about to change its certificate, look into it:\n"
            f"{settings.BASE_URL}{reverse('sso:connection', args=[org.slug, connection.uid])}\n"
        ),
    )


def recovery_opened(*, org: Organization, email: str, is_own_code: bool) -> None:
    """An admin opened the SSO settings with a recovery code: one of their own, or the operator's."""
    code = "one of their own recovery codes" if is_own_code else "a recovery code from the portal's operator"
    _mail_admins(
        org,
        subject=f"{org.name}: a recovery session was opened",
        text=(
            f"{email} opened the single sign-on settings of {org.name} with {code}. It lasts one hour and opens "
            "nothing else.\n"
        ),
    )


def trial_fell_back(*, trial: Revision, restored: Revision, actor: User | None) -> None:
    """A revision on trial was not confirmed, or an admin went back, so that the one before it serves again."""
    connection = trial.connection
    org = connection.org
    why = (
        f"{actor.email} went back to it before the trial was over."
        if actor
        else "No admin signed in through the new one in time."
    )
    _mail_admins(
        org,
        subject=f"{org.name}: {connection.name} is back at revision {restored.number}",
        text=(
            f"Revision {trial.number} of {connection.name} was on trial. {why} Revision {restored.number} serves "
            "again, and SSO sessions that it gave are valid until they expire. Nothing is lost: revision "
            f"{trial.number} is in the history and can be put back as a draft.\n\n"
            f"{settings.BASE_URL}{reverse('sso:connection', args=[org.slug, connection.uid])}\n"
        ),
    )


def _mail_admins(org: Organization, *, subject: str, text: str) -> None:
    admins = Membership.objects.filter(org=org, role=Role.ADMIN, user__is_active=True)
    recipients = list(admins.values_list("user__email", flat=True))
    transaction.on_commit(lambda: _send(subject, text, recipients), robust=True)


def _send(subject: str, text: str, recipients: list[str]) -> None:
    for recipient in recipients:
        try:
            send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [recipient])
        except (OSError, SMTPException, ValueError):
            # A login must not fail because the mail server is down, or because a header can't be written (a
            # BadHeaderError is a ValueError); the audit log has the event.
            logger.exception("sso.announcement.failed")
