"""The refusals of OpenID Connect: one class for each check, with a stable `code`.

The members' texts say what to do; which check failed is in `admin_detail`, and the sections of OpenID Connect
Core 1.0 ("Core"), OpenID Connect Discovery 1.0 and the RFCs are named where the checks are made.
"""

from http import HTTPStatus

from django.utils.translation import gettext_noop as _

from sso.errors import SSOError

MAX_SHOWN_LENGTH = 200
MAX_ISSUER_LENGTH = 500


def shown(value: object) -> str:
    """A value from outside as it may stand in an error's text: quoted, escaped and cut to 200 characters."""
    text = ascii(value)
    return text if len(text) <= MAX_SHOWN_LENGTH else text[:MAX_SHOWN_LENGTH] + "..."


class OIDCError(SSOError):
    """Base of them all."""

    code = "oidc_error"
    user_message = _("Your identity provider's answer could not be read, so you were not signed in.")


class OPUnavailable(OIDCError):
    """The OP can't be asked just now. Nothing is wrong with the member, and perhaps not with the configuration."""

    code = "op_unavailable"
    status = HTTPStatus.BAD_GATEWAY
    retry_after_seconds = 15
    user_message = _(
        "Your organisation's identity provider can't be reached just now. Try again in a few minutes."
    )


class OPMisconfigured(OIDCError):
    """The OP or the connection is set up in a way that no login can pass."""

    code = "op_misconfigured"
    user_message = _("Your organisation's single sign-on is not set up correctly.")


class IDTokenRejected(OIDCError):
    """The ID token failed a check of Core 3.1.3.7."""

    code = "id_token_rejected"
    user_message = _("Your identity provider's answer can't be trusted, so you were not signed in.")


# --- Discovery -----------------------------------------------------------------------------------------


class IssuerURLInvalid(OPMisconfigured):
    code = "issuer_url_invalid"


class DiscoveryUnreachable(OPUnavailable):
    code = "discovery_unreachable"


class DiscoveryInvalid(OPMisconfigured):
    code = "discovery_invalid"


class DiscoveryIssuerMismatch(OPMisconfigured):
    """`announced` is what the discovery document says; kept where it is plain enough to be offered one day."""

    code = "discovery_issuer_mismatch"

    def __init__(self, admin_detail: str, *, announced: str) -> None:
        is_plain = announced.isascii() and announced.isprintable() and len(announced) <= MAX_ISSUER_LENGTH
        super().__init__(admin_detail, **({"announced_issuer": announced} if is_plain else {}))
        self.announced = announced


class ClientAuthenticationUnsupported(OPMisconfigured):
    code = "client_authentication_unsupported"


# --- Keys ----------------------------------------------------------------------------------------------


class KeysUnreachable(OPUnavailable):
    code = "keys_unreachable"


class KeysInvalid(OPMisconfigured):
    code = "keys_invalid"


class KeyUnknown(IDTokenRejected):
    code = "key_unknown"


# --- The pushed authorization request ------------------------------------------------------------------


class PushedRequestRefused(OPMisconfigured):
    code = "pushed_request_refused"


class PushedRequestInvalid(OPMisconfigured):
    code = "pushed_request_invalid"


# --- The authorization response ------------------------------------------------------------------------


class AnswerMalformed(OIDCError):
    code = "answer_malformed"
    status = HTTPStatus.BAD_REQUEST


class AnswerTooLarge(OIDCError):
    code = "answer_too_large"
    status = HTTPStatus.BAD_REQUEST


class ResponseModeMismatch(OIDCError):
    """The answer came in the address where a form was asked for, or the other way round."""

    code = "response_mode_mismatch"
    status = HTTPStatus.BAD_REQUEST


class IssuerParameterMismatch(OIDCError):
    """The `iss` parameter of RFC 9207: the answer came from another OP than the one asked (mix-up)."""

    code = "issuer_parameter_mismatch"
    status = HTTPStatus.BAD_REQUEST
    user_message = _("The answer came from another identity provider than the one you were sent to.")


class IdPError(OIDCError):
    """The OP answered with an error of its own."""

    code = "idp_error"
    user_message = _("Your identity provider refused to sign you in.")


# --- Token endpoint ------------------------------------------------------------------------------------


class IdPUnreachable(OPUnavailable):
    code = "idp_unreachable"


class TokenRefused(OPMisconfigured):
    code = "token_refused"


class TokenInvalid(OPMisconfigured):
    code = "token_invalid"


# --- ID token ------------------------------------------------------------------------------------------


class IDTokenMalformed(IDTokenRejected):
    code = "id_token_malformed"


class IDTokenType(IDTokenRejected):
    """Another kind of JWT, by its own word (RFC 8725, 3.11)."""

    code = "id_token_type_wrong"


class AlgorithmNotAllowed(IDTokenRejected):
    code = "algorithm_not_allowed"


class SignatureInvalid(IDTokenRejected):
    code = "signature_invalid"


class ClaimMissing(IDTokenRejected):
    code = "claim_missing"


class ClaimMalformed(IDTokenRejected):
    code = "claim_malformed"


class IssuerMismatch(IDTokenRejected):
    code = "issuer_mismatch"


class AudienceMismatch(IDTokenRejected):
    code = "audience_mismatch"


class AzpMismatch(IDTokenRejected):
    code = "azp_mismatch"


class IDTokenExpired(IDTokenRejected):
    code = "id_token_expired"


class IDTokenNotYetValid(IDTokenRejected):
    code = "id_token_not_yet_valid"


class IDTokenTooOld(IDTokenRejected):
    code = "id_token_too_old"


class NonceMismatch(IDTokenRejected):
    code = "nonce_mismatch"


class AuthenticationTooOld(IDTokenRejected):
    code = "authentication_too_old"


class AccessTokenMismatch(IDTokenRejected):
    code = "access_token_mismatch"


# --- Userinfo ------------------------------------------------------------------------------------------


class UserinfoInvalid(OPMisconfigured):
    code = "userinfo_invalid"


class UserinfoSubjectMismatch(IDTokenRejected):
    code = "userinfo_subject_mismatch"


class UserinfoEncrypted(OPMisconfigured):
    code = "userinfo_encrypted"


class UserinfoAlgorithm(IDTokenRejected):
    code = "userinfo_algorithm_not_allowed"


class UserinfoKeyUnknown(IDTokenRejected):
    code = "userinfo_key_unknown"


class UserinfoSignatureInvalid(IDTokenRejected):
    code = "userinfo_signature_invalid"


class UserinfoClaimMissing(IDTokenRejected):
    code = "userinfo_claim_missing"


class UserinfoClaimMalformed(IDTokenRejected):
    code = "userinfo_claim_malformed"


class UserinfoIssuerMismatch(IDTokenRejected):
    code = "userinfo_issuer_mismatch"


class UserinfoAudienceMismatch(IDTokenRejected):
    code = "userinfo_audience_mismatch"


class UserinfoExpired(IDTokenRejected):
    code = "userinfo_expired"
