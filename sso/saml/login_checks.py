"""The checks of a SAML login in the order in which `responses` and `postflight` make them."""

from django.utils.translation import gettext_lazy as _

from sso.revisions.login_checks import TRIP_CODES, LoginCheck

LOGIN_CHECKS: tuple[LoginCheck, ...] = (
    LoginCheck(
        key="saml_shape",
        title=_("The response can be read"),
        passed=_("It is a SAML response of the one shape that is taken, with one assertion."),
        codes=frozenset(
            {
                "saml_error",
                "response_malformed",
                "response_too_large",
                "document_forbidden",
                "element_not_allowed",
                "assertion_not_single",
                "id_invalid",
                "duplicate_id",
                "encryption_not_supported",
                "encryption_not_allowed",
                "signature_not_allowed",
                "reference_not_allowed",
                "algorithm_not_allowed",
            }
        ),
    ),
    LoginCheck(
        key="saml_answer",
        title=_("It answers this sign-in"),
        passed=_("It names the request that was sent, and came once and in time."),
        codes=TRIP_CODES | {"unsolicited_response"},
    ),
    LoginCheck(
        key="saml_status",
        title=_("The identity provider let the person in"),
        passed=_("The status is Success."),
        codes=frozenset({"idp_status"}),
    ),
    LoginCheck(
        key="saml_certificate",
        title=_("A certificate can be used"),
        passed=_("At least one certificate of this revision is valid now."),
        codes=frozenset(
            {
                "certificate_unusable",
                "certificate_unreadable",
                "certificate_expired",
                "certificate_key_weak",
                "configuration_unreadable",
            }
        ),
    ),
    LoginCheck(
        key="saml_signature",
        title=_("The signature is right"),
        passed=_("It was made with a certificate of this revision, and covers the assertion."),
        codes=frozenset(
            {
                "encryption_unusable",
                "assertion_not_encrypted",
                "decryption_failed",
                "signature_missing",
                "signature_invalid",
            }
        ),
    ),
    LoginCheck(
        key="saml_issuer",
        title=_("The entity ID is yours (Issuer)"),
        passed=_("It is exactly the entity ID of this revision."),
        codes=frozenset({"issuer_mismatch"}),
    ),
    LoginCheck(
        key="saml_destination",
        title=_("It was sent to this portal (Destination)"),
        passed=_("The destination is this connection's ACS URL."),
        codes=frozenset({"destination_mismatch"}),
    ),
    LoginCheck(
        key="saml_in_response_to",
        title=_("It answers this request and no other (InResponseTo)"),
        passed=_("Its InResponseTo is the ID of the request that was sent."),
        codes=frozenset({"in_response_to_missing", "in_response_to_mismatch"}),
    ),
    LoginCheck(
        key="saml_subject",
        title=_("It names a person (NameID)"),
        passed=_("There is a lasting NameID to tell people apart by."),
        codes=frozenset({"name_id_missing", "name_id_invalid"}),
    ),
    LoginCheck(
        key="saml_recipient",
        title=_("The assertion is addressed to this portal (Recipient)"),
        passed=_("The recipient is this connection's ACS URL."),
        codes=frozenset({"subject_confirmation_missing", "recipient_mismatch"}),
    ),
    LoginCheck(
        key="saml_times",
        title=_("It is valid now (NotBefore, NotOnOrAfter)"),
        passed=_("Both clocks agree well enough."),
        codes=frozenset(
            {"assertion_expired", "assertion_not_yet_valid", "validity_missing", "validity_too_long"}
        ),
    ),
    LoginCheck(
        key="saml_audience",
        title=_("It is meant for this portal (Audience)"),
        passed=_("The audience is this connection's entity ID."),
        codes=frozenset({"audience_mismatch", "condition_not_understood"}),
    ),
    LoginCheck(
        key="saml_authentication",
        title=_("The person signed in as was asked for"),
        passed=_("When and how they signed in fits what was asked."),
        codes=frozenset({"authn_statement_missing", "authn_not_fresh", "authn_context_mismatch"}),
    ),
    LoginCheck(
        key="saml_attributes",
        title=_("The attributes can be read"),
        passed=_("Every value can be read in one way only."),
        codes=frozenset({"attribute_invalid"}),
    ),
    LoginCheck(
        key="saml_once",
        title=_("It was not used before"),
        passed=_("This assertion came for the first time."),
        codes=frozenset({"assertion_replayed"}),
    ),
)
