"""The refusals of an OP's logout: Back-Channel Logout 1.0 and Front-Channel Logout 1.0.

No person reads them: the OP's server or a frame is answered with a status alone. Admins find them with the other
refusals. A logout is also refused where the OP's metadata or keys can't be had, by the classes of `sso.oidc.errors`.
"""

from http import HTTPStatus

from django.utils.translation import gettext_noop as _

from sso.oidc.errors import OIDCError


class LogoutRefused(OIDCError):
    """Nothing was ended."""

    code = "logout_refused"
    status = HTTPStatus.BAD_REQUEST
    user_message = _("Your identity provider's sign-out could not be checked, so nothing was ended here.")


# --- The request ---------------------------------------------------------------------------------------


class LogoutFormMalformed(LogoutRefused):
    code = "logout_form_malformed"


class LogoutFormTooLarge(LogoutRefused):
    code = "logout_form_too_large"


class LogoutNotExpected(LogoutRefused):
    """No revision is live: there is no OP whose word would count."""

    code = "logout_not_expected"


class FrontChannelLogoutInvalid(LogoutRefused):
    code = "front_channel_logout_invalid"


# --- The logout token ----------------------------------------------------------------------------------


class LogoutTokenMalformed(LogoutRefused):
    code = "logout_token_malformed"


class LogoutTokenAlgorithm(LogoutRefused):
    code = "logout_token_algorithm_not_allowed"


class LogoutTokenType(LogoutRefused):
    code = "logout_token_type_wrong"


class LogoutTokenKeyUnknown(LogoutRefused):
    code = "logout_token_key_unknown"


class LogoutTokenSignature(LogoutRefused):
    code = "logout_token_signature_invalid"


class LogoutTokenClaimMissing(LogoutRefused):
    code = "logout_token_claim_missing"


class LogoutTokenClaimMalformed(LogoutRefused):
    code = "logout_token_claim_malformed"


class LogoutTokenIssuer(LogoutRefused):
    code = "logout_token_issuer_mismatch"


class LogoutTokenAudience(LogoutRefused):
    code = "logout_token_audience_mismatch"


class LogoutTokenAzp(LogoutRefused):
    code = "logout_token_azp_mismatch"


class LogoutTokenExpired(LogoutRefused):
    code = "logout_token_expired"


class LogoutTokenNotYetValid(LogoutRefused):
    code = "logout_token_not_yet_valid"


class LogoutTokenTooOld(LogoutRefused):
    code = "logout_token_too_old"


class LogoutTokenEvent(LogoutRefused):
    code = "logout_token_event_missing"


class LogoutTokenNonce(LogoutRefused):
    """Prohibited (2.4), so that no ID token passes for a logout token."""

    code = "logout_token_nonce"


class LogoutTokenNamesNobody(LogoutRefused):
    code = "logout_token_names_nobody"


class LogoutTokenReplayed(LogoutRefused):
    code = "logout_token_replayed"
