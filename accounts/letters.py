"""What allauth's mails say: one letter for each, by the prefix of the template that allauth would render."""

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.user_agents import describe
from hubsso.mail import Letter

Context = Mapping[str, Any]


def letter_for(template_prefix: str, context: Context) -> Letter:
    """The letter of a prefix such as `account/email/password_changed`. Raises KeyError for one we do not send."""
    return LETTERS[template_prefix](context)


def _confirm_address(context: Context) -> Letter:
    return Letter(
        subject=_("Confirm your e-mail address"),
        paragraphs=(
            _("Somebody, most likely you, gave this address to an account on %(site)s.")
            % {"site": settings.SITE_NAME},
            _("Confirm that it is yours. If you did not ask for this, do nothing."),
        ),
        action=(_("Confirm the address"), context["activate_url"]),
    )


def _reset_password(context: Context) -> Letter:
    return Letter(
        subject=_("Choose a new password"),
        paragraphs=(
            _("Somebody, most likely you, asked for a new password for this account."),
            _("If you did not ask for this, do nothing: your password stays as it is."),
        ),
        action=(_("Choose a new password"), context["password_reset_url"]),
    )


def _account_exists(context: Context) -> Letter:
    return Letter(
        subject=_("You already have an account"),
        paragraphs=(
            _("Somebody, most likely you, tried to sign up with this address, which has an account already."),
            _("If you forgot the password, choose a new one. If it was not you, do nothing."),
        ),
        action=(_("Choose a new password"), context["password_reset_url"]),
    )


def _no_account(context: Context) -> Letter:
    return Letter(
        subject=_("There is no account with this address"),
        paragraphs=(
            _(
                "Somebody, most likely you, asked for access to an account with this address, and there is none."
            ),
            _("You may have signed up with another address. If it was not you, do nothing."),
        ),
        action=(_("Sign up"), context["signup_url"]),
    )


def _email_changed(context: Context) -> Letter:
    addresses = {"old": context["from_email"], "new": context["to_email"]}
    return _notice(
        _("Your e-mail address was changed"),
        _("The address of your account was changed from %(old)s to %(new)s.") % addresses,
        context,
    )


def _email_deleted(context: Context) -> Letter:
    return _notice(
        _("An e-mail address was removed"),
        _("%(email)s no longer belongs to your account.") % {"email": context["deleted_email"]},
        context,
    )


def _change(subject: Callable[[], str], text: Callable[[], str]) -> Callable[[Context], Letter]:
    return lambda context: _notice(subject(), text(), context)


def _notice(subject: str, text: str, context: Context) -> Letter:
    """A change that the account's owner should recognise: what, from which browser, when."""
    return Letter(
        subject=subject,
        paragraphs=(
            text,
            _("If it was not you, change your password at once and end the sessions that you do not know."),
        ),
        facts=(
            (_("When"), date_format(timezone.localtime(context["timestamp"]), "DATETIME_ZONE_FORMAT")),
            (_("Browser"), describe(context["user_agent"])),
            (_("IP address"), context["ip"]),
        ),
        reason=_("You get this mail because your account was changed."),
    )


LETTERS: dict[str, Callable[[Context], Letter]] = {
    "account/email/email_confirmation": _confirm_address,
    "account/email/email_confirmation_signup": _confirm_address,
    "account/email/password_reset_key": _reset_password,
    "account/email/account_already_exists": _account_exists,
    "account/email/unknown_account": _no_account,
    "account/email/email_changed": _email_changed,
    "account/email/email_deleted": _email_deleted,
    "account/email/password_changed": _change(
        lambda: _("Your password was changed"), lambda: _("The password of your account was changed.")
    ),
    "account/email/password_reset": _change(
        lambda: _("Your password was changed"), lambda: _("A new password was chosen by a link from a mail.")
    ),
    "account/email/password_set": _change(
        lambda: _("A password was set"), lambda: _("Your account has a password now.")
    ),
    "mfa/email/totp_activated": _change(
        lambda: _("An authenticator app was added"),
        lambda: _("Signing in now asks for a code from your authenticator app."),
    ),
    "mfa/email/totp_deactivated": _change(
        lambda: _("The authenticator app was removed"),
        lambda: _("Signing in no longer asks for a code from an authenticator app."),
    ),
    "mfa/email/recovery_codes_generated": _change(
        lambda: _("New recovery codes were made"),
        lambda: _("Your account has new recovery codes. The old ones no longer work."),
    ),
    "mfa/email/webauthn_added": _change(
        lambda: _("A passkey was added"), lambda: _("Your account can be opened with a new passkey.")
    ),
    "mfa/email/webauthn_removed": _change(
        lambda: _("A passkey was removed"), lambda: _("A passkey no longer opens your account.")
    ),
}
