"""The refusals of SAML: one class for each rule, with a stable `code`.

Members read what to do; which rule it was is in `admin_detail`. Where the checks are made, the sections of SAML 2.0
("Core", "Profiles", "Bindings") are named.
"""

from http import HTTPStatus

from django.utils.translation import gettext_noop as _

from sso.errors import SSOError

MAX_SHOWN_LENGTH = 200


def shown(value: object) -> str:
    """A value from outside as it may stand in an error's text: quoted, escaped and cut to 200 characters."""
    text = ascii(value)
    return text if len(text) <= MAX_SHOWN_LENGTH else text[:MAX_SHOWN_LENGTH] + "..."


class SAMLError(SSOError):
    """Base of them all."""

    code = "saml_error"
    user_message = _("Your identity provider's answer can't be trusted, so you were not signed in.")


# --- The document --------------------------------------------------------------------------------------


class ResponseMalformed(SAMLError):
    """Not base64, not XML, not a Response, or a Response that the SAML schemas do not allow."""

    code = "response_malformed"
    status = HTTPStatus.BAD_REQUEST


class ResponseTooLarge(SAMLError):
    code = "response_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class DocumentForbidden(SAMLError):
    """A DTD, an entity, a comment or a processing instruction."""

    code = "document_forbidden"
    status = HTTPStatus.BAD_REQUEST


class ElementNotAllowed(SAMLError):
    """An element that SAML knows and we do not take."""

    code = "element_not_allowed"
    status = HTTPStatus.BAD_REQUEST


class AssertionNotSingle(SAMLError):
    code = "assertion_not_single"


class IDInvalid(SAMLError):
    """An ID that is more than a plain name, so that it would mean something to whoever looks it up."""

    code = "id_invalid"
    status = HTTPStatus.BAD_REQUEST


class DuplicateID(SAMLError):
    code = "duplicate_id"


# --- Encryption ----------------------------------------------------------------------------------------


class EncryptionError(SAMLError):
    """What is encrypted can't be read. `admin_detail` says what to set at the IdP where that helps."""

    code = "encryption_unusable"
    user_message = _("Your organisation's single sign-on is not set up correctly.")


class EncryptionNotSupported(EncryptionError):
    """An encrypted NameID or attribute, or something encrypted in a place of its own."""

    code = "encryption_not_supported"


class EncryptionNotAllowed(EncryptionError):
    """An encrypted assertion of a shape that we do not take."""

    code = "encryption_not_allowed"


class DecryptionFailed(EncryptionError):
    """No key of ours opens it, or it was changed: there is no telling which."""

    code = "decryption_failed"


class AssertionNotEncrypted(EncryptionError):
    """In the clear, where the configuration wants it encrypted."""

    code = "assertion_not_encrypted"


# --- The signature -------------------------------------------------------------------------------------


class SignatureMissing(SAMLError):
    code = "signature_missing"


class SignatureNotAllowed(SAMLError):
    """A signature in a place, of a number or of a shape that we do not take."""

    code = "signature_not_allowed"


class ReferenceNotAllowed(SAMLError):
    """A signature that covers anything but the element it stands in, or changes it on the way."""

    code = "reference_not_allowed"


class AlgorithmNotAllowed(SAMLError):
    code = "algorithm_not_allowed"


class SignatureInvalid(SAMLError):
    code = "signature_invalid"


# --- Certificates --------------------------------------------------------------------------------------


class CertificateError(SAMLError):
    """A certificate of the configuration can't be used. `admin_detail` can stand beside the form's field."""

    code = "certificate_unusable"
    user_message = _("Your organisation's single sign-on is not set up correctly.")


class CertificateUnreadable(CertificateError):
    code = "certificate_unreadable"


class CertificateExpired(CertificateError):
    code = "certificate_expired"


class CertificateKeyWeak(CertificateError):
    code = "certificate_key_weak"


# --- Whom it is for ------------------------------------------------------------------------------------


class IssuerMismatch(SAMLError):
    code = "issuer_mismatch"


class DestinationMismatch(SAMLError):
    code = "destination_mismatch"


class RecipientMismatch(SAMLError):
    code = "recipient_mismatch"


class AudienceMismatch(SAMLError):
    code = "audience_mismatch"


class ConditionNotUnderstood(SAMLError):
    code = "condition_not_understood"


class InResponseToMissing(SAMLError):
    code = "in_response_to_missing"


class InResponseToMismatch(SAMLError):
    code = "in_response_to_mismatch"


class SubjectConfirmationMissing(SAMLError):
    """No bearer SubjectConfirmation with its data."""

    code = "subject_confirmation_missing"


class UnsolicitedResponse(SAMLError):
    """The IdP began the login. Its assertion is dropped, and a login of our own starts instead."""

    code = "unsolicited_response"


# --- Time ----------------------------------------------------------------------------------------------


class TimeMismatch(SAMLError):
    user_message = _(
        "Your identity provider's answer is not valid at this time. One of the two clocks may be wrong."
    )


class AssertionExpired(TimeMismatch):
    code = "assertion_expired"


class AssertionNotYetValid(TimeMismatch):
    code = "assertion_not_yet_valid"


class ValidityMissing(SAMLError):
    code = "validity_missing"


class ValidityTooLong(SAMLError):
    code = "validity_too_long"


class AssertionReplayed(SAMLError):
    code = "assertion_replayed"
    status = HTTPStatus.BAD_REQUEST
    user_message = _("This sign-in was already completed. Start again from the page you wanted.")


# --- Who it is about -----------------------------------------------------------------------------------


class NameIDMissing(SAMLError):
    code = "name_id_missing"


class NameIDInvalid(SAMLError):
    code = "name_id_invalid"


class AuthnStatementMissing(SAMLError):
    code = "authn_statement_missing"


class AuthnNotFresh(SAMLError):
    """Authenticated earlier, though it was to be anew."""

    code = "authn_not_fresh"


class AuthnContextMismatch(SAMLError):
    """Authenticated in another way than was asked for."""

    code = "authn_context_mismatch"
    user_message = _(
        "Your organisation wants another way of signing in at your identity provider, such as a second factor. "
        "Sign in that way; if you did, contact your organisation's admin and name the reference below."
    )


class AttributeInvalid(SAMLError):
    code = "attribute_invalid"


# --- The IdP's own refusal -----------------------------------------------------------------------------


class IdPStatus(SAMLError):
    """The IdP answered with a status other than Success (Core 3.2.2.2)."""

    code = "idp_status"
    user_message = _("Your identity provider did not sign you in.")
