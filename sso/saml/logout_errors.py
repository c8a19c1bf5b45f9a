"""The refusals of SAML single logout (Profiles 4.4), beside those of `errors` that any message can meet.

Nothing was ended. The page that the person sees says that much, whatever the rule was.
"""

from http import HTTPStatus

from django.utils.translation import gettext_noop as _

from sso.saml.errors import SAMLError


class LogoutRefused(SAMLError):
    """Base of them all."""

    code = "logout_refused"
    status = HTTPStatus.BAD_REQUEST
    user_message = _("Your identity provider's sign-out could not be checked, so nothing was ended here.")


class LogoutNotExpected(LogoutRefused):
    """No revision is live: there is no IdP whose word would count."""

    code = "logout_not_expected"


class LogoutUnsigned(LogoutRefused):
    """Anybody could have made it (Profiles 4.4.3.1 asks for a signature)."""

    code = "logout_unsigned"


class LogoutMalformed(LogoutRefused):
    code = "logout_malformed"


class LogoutNotTimely(LogoutRefused):
    """Made too long ago, or in the future, or past its NotOnOrAfter."""

    code = "logout_not_timely"


class LogoutReplayed(LogoutRefused):
    code = "logout_replayed"


class LogoutAnswerUnknown(LogoutRefused):
    """A LogoutResponse that answers no sign-out of ours."""

    code = "logout_answer_unknown"
