"""The causes of SAML's refusals, and what an admin does next about them."""

from django.utils.translation import gettext_lazy as _

from sso.explaining.codes import CodeGuide

CODE_GUIDE = CodeGuide(
    causes={
        "unreachable": frozenset({"metadata_unreachable"}),
        "certificate": frozenset(
            {
                "certificate_expired",
                "certificate_key_weak",
                "certificate_unreadable",
                "certificate_unusable",
                "reference_not_allowed",
                "signature_missing",
                "signature_not_allowed",
            }
        ),
        "clock": frozenset(
            {"assertion_expired", "assertion_not_yet_valid", "validity_missing", "validity_too_long"}
        ),
        "audience": frozenset({"destination_mismatch", "recipient_mismatch"}),
        "idp": frozenset({"idp_status"}),
        "encryption": frozenset(
            {
                "assertion_not_encrypted",
                "decryption_failed",
                "encryption_not_allowed",
                "encryption_not_supported",
                "encryption_unusable",
            }
        ),
        "setup": frozenset(
            {
                "authn_context_mismatch",
                "authn_not_fresh",
                "in_response_to_missing",
                "metadata_error",
                "metadata_expired",
                "metadata_malformed",
                "metadata_too_large",
                "metadata_without_idp",
            }
        ),
        "attributes": frozenset(
            {"attribute_invalid", "authn_statement_missing", "name_id_invalid", "name_id_missing"}
        ),
        "malformed": frozenset(
            {
                "assertion_not_single",
                "condition_not_understood",
                "document_forbidden",
                "duplicate_id",
                "element_not_allowed",
                "id_invalid",
                "response_malformed",
                "response_too_large",
                "saml_error",
                "subject_confirmation_missing",
            }
        ),
        "browser": frozenset({"assertion_replayed", "in_response_to_mismatch", "unsolicited_response"}),
        "logout": frozenset(
            {
                "logout_answer_unknown",
                "logout_malformed",
                "logout_not_timely",
                "logout_replayed",
                "logout_unsigned",
            }
        ),
    },
    next_steps={
        "idp_status": _(
            "Look into the identity provider's own log for the same minute. Often the account is not "
            "assigned to the application, or the identity provider does not accept how the request was "
            "made."
        ),
        "destination_mismatch": _(
            "Enter the ACS URL of this connection at the identity provider as the single sign-on or reply "
            "URL."
        ),
        "recipient_mismatch": _(
            "Enter the ACS URL of this connection at the identity provider as the recipient, too."
        ),
        "signature_missing": _("Let the identity provider sign the assertion, or the whole response."),
        "certificate_expired": _(
            "Make a new signing certificate at the identity provider, activate it there, and put it into "
            "the draft."
        ),
        "assertion_expired": _(
            "Compare the clocks: the refusal names both times. Set the identity provider's clock by NTP."
        ),
        "assertion_not_yet_valid": _(
            "Compare the clocks: the refusal names both times. Set the identity provider's clock by NTP."
        ),
        "name_id_invalid": _(
            "Choose a lasting NameID at the identity provider: the format “persistent”, or an ID or e-mail "
            "address that never changes. “Transient” names everybody anew each time."
        ),
        "name_id_missing": _("Let the identity provider send a NameID, of the format “persistent”."),
        "in_response_to_missing": _(
            "Test from here, not from a tile on the identity provider's start page. If you did, let the "
            "identity provider answer requests instead of beginning logins itself."
        ),
        "decryption_failed": _(
            "Give the identity provider this connection's metadata again, so that it encrypts for the "
            "present certificate."
        ),
        "assertion_not_encrypted": _(
            "Switch encryption on at the identity provider, or untick in the draft that plain assertions "
            "are refused."
        ),
        "authn_context_mismatch": _(
            "Untick the ways of signing in that the identity provider does not offer, or let it ask for a "
            "second factor."
        ),
    },
    seen_by_us=frozenset(
        {
            "metadata_error",
            "metadata_expired",
            "metadata_malformed",
            "metadata_too_large",
            "metadata_unreachable",
            "metadata_without_idp",
        }
    ),
)
