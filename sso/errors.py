"""The catalogue of refusals. Every expected failure of single sign-on is one of these classes.

`code` is stable: audit log, traces, docs and tests use it. `user_message` is what the member reads, in their language,
and says what to do next; where the connection is the cause, the page says that (`sso.explaining.way_on`).
`admin_detail` (given when raised) is what the organisation's admins read: expected and actual, named; it is kept, and
stays English.
`log_fields` are ids and plain values; `trace_fields` are for the admins' trace alone and stand in no log.
None of them ever holds a secret, a token, a code, a cookie or an assertion.
Protocol errors are in `sso.oidc.errors` and `sso.saml.errors`.
"""

from http import HTTPStatus

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

LogValue = str | int | bool | None


class SSOError(Exception):
    """Base of every refusal. Subclasses set `code`, and the rest where it differs."""

    code = "sso_error"
    status: HTTPStatus = HTTPStatus.FORBIDDEN
    retry_after_seconds: int | None = None  # where trying again by then may help
    user_message = _(
        "We could not sign you in. Try again; if it keeps happening, contact your organisation's admin."
    )

    def __init__(self, admin_detail: str, **log_fields: LogValue) -> None:
        super().__init__(admin_detail)
        self.user_message = gettext(self.user_message)
        self.admin_detail = admin_detail
        self.log_fields = log_fields
        self.trace_fields: dict[str, LogValue] = {}


# --- The trip itself -----------------------------------------------------------------------------------


class AttemptUnknown(SSOError):
    code = "attempt_unknown"
    status = HTTPStatus.BAD_REQUEST
    user_message = _(
        "This sign-in was not started here, or it was already used. Start again from the page you wanted."
    )


class AttemptUsed(SSOError):
    code = "attempt_used"
    status = HTTPStatus.BAD_REQUEST
    user_message = _(
        "This sign-in was already completed. If you used the back button, just go on to the page you wanted."
    )


class AttemptExpired(SSOError):
    code = "attempt_expired"
    status = HTTPStatus.BAD_REQUEST
    user_message = _("This sign-in took too long and has expired. Start again from the page you wanted.")


class WrongBrowser(SSOError):
    code = "wrong_browser"
    status = HTTPStatus.BAD_REQUEST
    user_message = _(
        "This sign-in was started in another browser or by another account. Start again in this one."
    )


class ConnectionMismatch(SSOError):
    code = "connection_mismatch"
    status = HTTPStatus.BAD_REQUEST
    user_message = _(
        "The answer came from another identity provider than the one you were sent to. Start again."
    )


class ConfigurationChanged(SSOError):
    code = "configuration_changed"
    user_message = _("Your organisation's single sign-on was changed while you were signing in. Start again.")


class ConfigurationUnreadable(SSOError):
    code = "configuration_unreadable"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    user_message = _(
        "Your organisation's single sign-on can't be read. Whoever runs this portal can repair it."
    )


class LoginCancelled(SSOError):
    code = "login_cancelled"
    user_message = _("You did not finish signing in at the identity provider. You can try again at any time.")


class SilentLoginFailed(SSOError):
    """The IdP would have had to ask the person something. Not a refusal: the banner shows instead."""

    code = "silent_login_failed"


class TooManyRequests(SSOError):
    """One client, or all of a connection's together, asked more often than `sso.throttles` allows."""

    code = "too_many_requests"
    status = HTTPStatus.TOO_MANY_REQUESTS
    user_message = _("Too many requests came from your network. Wait a minute, then try again.")


# --- Who it is -----------------------------------------------------------------------------------------


class SubjectLinkedToAnother(SSOError):
    code = "subject_linked_to_another"
    user_message = _(
        "The identity you signed in with belongs to another account of this portal. Sign in at the identity "
        "provider as yourself, or ask your organisation's admin to unlink the other account."
    )


class AccountLinkedToAnother(SSOError):
    code = "account_linked_to_another"
    user_message = _(
        "Your account is linked to another identity at your organisation's identity provider. Sign in there as "
        "the same person as before, or ask your organisation's admin to unlink the old identity."
    )


class EmailMissing(SSOError):
    code = "email_missing"
    user_message = _(
        "Your identity provider did not send a usable e-mail address, so you were not signed in."
    )


class EmailAmbiguous(SSOError):
    code = "email_ambiguous"
    user_message = _(
        "Your identity provider sent several e-mail addresses, so it is not known which one is yours."
    )


class EmailDomainNotAllowed(SSOError):
    code = "email_domain_not_allowed"
    user_message = _(
        "The e-mail address at your identity provider is not of your organisation's domain. "
        "Sign in there with your work account."
    )


class EmailNotYours(SSOError):
    code = "email_not_yours"
    user_message = _(
        "The e-mail address at your identity provider is not one of your verified addresses here. "
        "Add and verify it under Account, E-mail addresses, then try again."
    )


class NotAMember(SSOError):
    code = "not_a_member"
    user_message = _(
        "You are not a member of this organisation. Use its join link, or ask an admin to invite you."
    )


class SessionAlreadyOver(SSOError):
    code = "session_already_over"
    user_message = _("Your identity provider says that your session there has ended. Sign in there anew.")


class AccountInactive(SSOError):
    code = "account_inactive"
    user_message = _("Your account is deactivated. Contact whoever runs this portal.")
