"""Mails to an organisation's admins about what single sign-on did. Sent after the transaction, best effort."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from hubsso import mail
from hubsso.mail import Letter
from orgs.models import Membership, Organization
from orgs.roles import Role
from sso.expiring.expiry import Ending
from sso.explaining.causes import Cause
from sso.models import Connection, Revision
from sso.protocols import adapter_for
from sso.types import ExpiringKind


def role_withheld(*, membership: Membership, mapped: Role) -> None:
    """The mapping would have taken the role of the last admin; it was kept."""
    org = membership.org

    def build() -> Letter:
        return Letter(
            subject=_("%(org)s: the last admin keeps their role") % {"org": org.name},
            paragraphs=(
                _(
                    "The role mapping of %(org)s would have made %(email)s %(role)s, which would have left the "
                    "organisation without an admin. The role was kept."
                )
                % {"org": org.name, "email": membership.user.email, "role": mapped.label.lower()},
                _("Give somebody else the admin role at the identity provider, or change the mapping."),
            ),
            action=(_("Open the SSO settings"), _url("sso:settings", org.slug)),
            reason=_reason(org),
        )

    mail_admins(org, build)


def groups_incomplete(*, membership: Membership, connection: Connection) -> None:
    """The IdP left groups out because a person has too many, so the mappings could not be followed in full."""
    org = membership.org

    def build() -> Letter:
        return Letter(
            subject=_("%(org)s: the identity provider leaves groups out") % {"org": org.name},
            paragraphs=(
                _(
                    "%(connection)s sent no complete list of groups for %(email)s, because there are too many. "
                    "Where no other values were sent, their role and their resource groups were kept as they were."
                )
                % {"connection": connection.name, "email": membership.user.email},
                _(
                    "Let the identity provider send only the groups that this application is assigned, or map an "
                    "attribute with fewer values."
                ),
                _("This is sent at most once a day, whoever else it happens to."),
            ),
            action=(_("Open the connection"), _url("sso:connection", org.slug, connection.uid)),
            reason=_reason(org),
        )

    mail_admins(org, build)


def certificate_announced(*, connection: Connection, subject: str, fingerprint: str) -> None:
    """The IdP's metadata has a certificate that was not there before, and it is trusted from now on."""
    org = connection.org

    def build() -> Letter:
        return Letter(
            subject=_("%(org)s: %(connection)s announced a new certificate")
            % {"org": org.name, "connection": connection.name},
            paragraphs=(
                _(
                    "The metadata of %(connection)s names a certificate that was not there before. From now on, "
                    "sign-ins that were signed with it are accepted, beside those signed with the old one."
                )
                % {"connection": connection.name},
                _("If your identity provider is not about to change its certificate, look into it."),
            ),
            facts=((_("Certificate of"), subject), (_("SHA-256 fingerprint"), fingerprint)),
            action=(
                _("Open certificates and keys"),
                _url("sso:connection_certificates", org.slug, connection.uid),
            ),
            reason=_reason(org),
        )

    mail_admins(org, build)


def expiring(*, org: Organization, endings: Sequence[Ending]) -> None:
    """Certificates, keys or secrets expire soon, or have: the most urgent first."""

    def build() -> Letter:
        kinds = {ending.kind for ending in endings}
        return Letter(
            subject=_expiry_subject(org, endings),
            paragraphs=tuple(str(_EXPIRY_ADVICE[kind]) for kind in ExpiringKind if kind in kinds),
            facts=tuple((ending.sentence.rstrip("."), _ends_at(ending)) for ending in endings),
            action=(_("Open certificates and keys"), _url("sso:certificates", org.slug)),
            reason=_reason(org),
        )

    mail_admins(org, build)


def _expiry_subject(org: Organization, endings: Sequence[Ending]) -> str:
    if len(endings) == 1:
        return _("%(org)s: %(what)s") % {"org": org.name, "what": endings[0].sentence.rstrip(".")}
    return ngettext(
        "%(org)s: %(count)d certificate, key or secret expires",
        "%(org)s: %(count)d certificates, keys or secrets expire",
        len(endings),
    ) % {"org": org.name, "count": len(endings)}


def _ends_at(ending: Ending) -> str:
    date = date_format(localtime(ending.lifetime.not_after), "DATE_FORMAT")
    return f"{ending.subject}, {date}"


_EXPIRY_ADVICE = {
    ExpiringKind.CERTIFICATE: gettext_lazy(
        "Logins that are signed with an expired certificate are refused. Add the next certificate before your "
        "identity provider changes over: both are trusted meanwhile."
    ),
    ExpiringKind.KEY_PAIR: gettext_lazy(
        "Add a next key, give its certificate to your identity provider, and then switch over."
    ),
    ExpiringKind.CLIENT_SECRET: gettext_lazy(
        "Without a valid client secret nobody can sign in. Make a new one at your identity provider, enter it in a "
        "draft, test it and make it live."
    ),
}


def draft_handed_over(*, revision: Revision, recipient: str) -> None:
    """Somebody without an account saved a draft by a hand-over link."""
    connection, org = revision.connection, revision.connection.org

    def build() -> Letter:
        return Letter(
            subject=_("%(org)s: a draft of %(connection)s was saved by a hand-over link")
            % {"org": org.name, "connection": connection.name},
            paragraphs=(
                _(
                    "The link that was made for %(recipient)s was used to save draft %(number)s of %(connection)s."
                )
                % {"recipient": recipient, "number": revision.number, "connection": connection.name},
                _("Look through it and test it. Nothing changes for members until an admin makes it live."),
            ),
            facts=((adapter_for(connection.protocol).issuer_label, revision.issuer),),
            action=(_("Open the connection"), _url("sso:connection", org.slug, connection.uid)),
            reason=_reason(org),
        )

    mail_admins(org, build)


def recovery_opened(*, org: Organization, email: str, is_own_code: bool) -> None:
    """An admin opened the SSO settings with a recovery code: one of their own, or the operator's."""

    def build() -> Letter:
        names = {"email": email, "org": org.name}
        how = (
            _("%(email)s opened the single sign-on settings of %(org)s with one of their own recovery codes.")
            % names
            if is_own_code
            else _(
                "%(email)s opened the single sign-on settings of %(org)s with a code from the portal's operator."
            )
            % names
        )
        return Letter(
            subject=_("%(org)s: a recovery session was opened") % {"org": org.name},
            paragraphs=(
                how,
                _(
                    "It lasts one hour and opens nothing else. If you do not know why it was opened, ask them."
                ),
            ),
            action=(_("Open the audit log"), _url("orgs:audit", org.slug)),
            reason=_reason(org),
        )

    mail_admins(org, build)


def trial_fell_back(*, trial: Revision, restored: Revision, actor: User | None) -> None:
    """A revision on trial was not confirmed, or an admin went back, so that the one before it serves again."""
    connection = trial.connection
    org = connection.org

    def build() -> Letter:
        numbers = {"connection": connection.name, "trial": trial.number, "restored": restored.number}
        why = (
            _("%(email)s went back before the trial of revision %(trial)s was over.")
            % {"email": actor.email, "trial": trial.number}
            if actor
            else _("No admin signed in through revision %(trial)s in time.") % {"trial": trial.number}
        )
        return Letter(
            subject=_("%(org)s: %(connection)s is back at revision %(restored)s")
            % {"org": org.name, **numbers},
            paragraphs=(
                why,
                _(
                    "Revision %(restored)s of %(connection)s serves again. SSO sessions that it gave stay valid."
                )
                % numbers,
                _("Nothing is lost: revision %(trial)s is in the history and can be put back as a draft.")
                % numbers,
            ),
            action=(_("Open the connection"), _url("sso:connection", org.slug, connection.uid)),
            reason=_reason(org),
        )

    mail_admins(org, build)


def connection_failing(*, connection: Connection, cause: Cause, since: datetime, accounts: int) -> None:
    """Logins by the connection have begun to fail, likely for this cause, for so many accounts."""
    org = connection.org

    def build() -> Letter:
        names = {"org": org.name, "connection": connection.name}
        return Letter(
            subject=_("%(org)s: logins by %(connection)s are failing") % names,
            paragraphs=(
                _("Members of %(org)s are refused when they sign in with %(connection)s.") % names,
                str(cause.explanation),
                str(cause.next_step),
                _("The notice in the settings goes when a login passes. This is sent at most once a day."),
            ),
            facts=(
                (_("Likely cause"), str(cause.title)),
                (_("Since"), date_format(localtime(since), "DATETIME_ZONE_FORMAT")),
                (_("Accounts refused in the last 24 hours"), str(accounts)),
            ),
            action=(_("Look at the refusals"), _url("sso:refusals", org.slug)),
            reason=_reason(org),
        )

    mail_admins(org, build)


def link_reminder(*, org: Organization, users: list[User]) -> None:
    """Members who never authenticated are asked to, before they would be blocked."""

    def build() -> Letter:
        return Letter(
            subject=_("%(org)s asks you to authenticate once") % {"org": org.name},
            paragraphs=(
                _(
                    "%(org)s uses single sign-on, and you have not authenticated with its identity provider yet."
                )
                % {"org": org.name},
                _(
                    "Do it once now, so that nothing stops you later: sign in to the portal with this address, then "
                    "at the identity provider."
                ),
            ),
            action=(_("Authenticate"), _url("sso:start", org.slug)),
            reason=_("You get this mail because you are a member of %(org)s.") % {"org": org.name},
        )

    mail.send_to(users, build)


def mail_admins(org: Organization, build: Callable[[], Letter]) -> None:
    """Send a letter to every admin of the organisation whose account is active."""
    memberships = Membership.objects.filter(org=org, role=Role.ADMIN, user__is_active=True)
    mail.send_to(User.objects.filter(pk__in=memberships.values("user_id")), build)


def _url(view_name: str, *args: object) -> str:
    return f"{settings.BASE_URL}{reverse(view_name, args=args)}"


def _reason(org: Organization) -> str:
    return _("You get this mail because you are an admin of %(org)s.") % {"org": org.name}
