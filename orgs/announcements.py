"""Mails to an organisation's admins about the organisation itself. Sent after the transaction, best effort."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from hubsso import mail
from hubsso.domain_names import shown
from hubsso.mail import Letter
from orgs.models import Domain, Membership
from orgs.roles import Role


def domain_failing(*, domain: Domain, lost_at: datetime) -> None:
    """A look-up missed the record of a verified domain for the first time."""
    org = domain.org

    def build() -> Letter:
        names = {"org": org.name, "domain": shown(domain.name)}
        return Letter(
            subject=_("%(org)s: the record of %(domain)s is missing") % names,
            paragraphs=(
                _("The DNS record that proves that %(domain)s belongs to %(org)s is not there any more.")
                % names,
                _("Put it back: once it has been missing for a week, the domain does not count any more."),
            ),
            facts=((_("It counts until"), date_format(localtime(lost_at), "DATETIME_ZONE_FORMAT")),),
            action=(_("See the record"), _domains_url(domain)),
            reason=_reason(domain),
        )

    _mail_admins(domain, build)


def domain_lost(*, domain: Domain) -> None:
    """The record was missing for a week: the domain is not verified any more."""
    org = domain.org

    def build() -> Letter:
        names = {"org": org.name, "domain": shown(domain.name)}
        return Letter(
            subject=_("%(org)s: %(domain)s is not verified any more") % names,
            paragraphs=(
                _(
                    "The DNS record of %(domain)s was missing for a week, so the domain does not count any more."
                )
                % names,
                _("Nobody joins %(org)s by it until you put the record back and check it.") % names,
            ),
            action=(_("See the record"), _domains_url(domain)),
            reason=_reason(domain),
        )

    _mail_admins(domain, build)


def _mail_admins(domain: Domain, build: Callable[[], Letter]) -> None:
    memberships = Membership.objects.filter(org=domain.org_id, role=Role.ADMIN, user__is_active=True)
    mail.send_to(User.objects.filter(pk__in=memberships.values("user_id")), build)


def _domains_url(domain: Domain) -> str:
    return f"{settings.BASE_URL}{reverse('orgs:domains', args=[domain.org.slug])}"


def _reason(domain: Domain) -> str:
    return _("You get this mail because you are an admin of %(org)s.") % {"org": domain.org.name}
