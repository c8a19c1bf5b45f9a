"""What a member is refused with for each fault of the demo IdP."""

from typing import Any

from tests.demo_idp import OIDCFault, SAMLFault

# "" where such an answer lets them in.
OIDC_CODES: dict[OIDCFault, str] = {
    OIDCFault.WRONG_ISS: "issuer_mismatch",
    OIDCFault.MISSING_ISS: "claim_missing",
    OIDCFault.WRONG_AUD: "audience_mismatch",
    OIDCFault.MISSING_AUD: "claim_missing",
    OIDCFault.EXTRA_AUD_WITHOUT_AZP: "azp_mismatch",
    OIDCFault.WRONG_AZP: "azp_mismatch",
    OIDCFault.MISSING_SUB: "claim_missing",
    OIDCFault.MISSING_IAT: "claim_missing",
    OIDCFault.MISSING_EXP: "claim_missing",
    OIDCFault.EXPIRED: "id_token_expired",
    OIDCFault.NOT_YET_VALID: "id_token_not_yet_valid",
    OIDCFault.WRONG_NONCE: "nonce_mismatch",
    OIDCFault.MISSING_NONCE: "claim_missing",
    OIDCFault.ALG_NONE: "algorithm_not_allowed",
    OIDCFault.HS256_WITH_SECRET: "algorithm_not_allowed",
    OIDCFault.WRONG_KEY: "signature_invalid",
    OIDCFault.UNKNOWN_KID: "key_unknown",
    OIDCFault.NO_KID: "",
    OIDCFault.BAD_SIGNATURE: "signature_invalid",
    OIDCFault.WRONG_ISS_PARAMETER: "issuer_parameter_mismatch",
    OIDCFault.MISSING_ISS_PARAMETER: "issuer_parameter_mismatch",
    OIDCFault.EMAIL_UNVERIFIED: "",
    OIDCFault.NO_EMAIL: "",
    OIDCFault.TWO_EMAILS: "",
    OIDCFault.GROUPS_OVERAGE: "",
    OIDCFault.USERINFO_OTHER_SUB: "userinfo_subject_mismatch",
    OIDCFault.USERINFO_NO_SUB: "userinfo_subject_mismatch",
    OIDCFault.DISCOVERY_WRONG_ISSUER: "discovery_issuer_mismatch",
    OIDCFault.DISCOVERY_HTML: "discovery_invalid",
    OIDCFault.DISCOVERY_500: "discovery_unreachable",
    OIDCFault.HANG_DISCOVERY: "discovery_unreachable",
    OIDCFault.HUGE_JWKS: "keys_invalid",
    OIDCFault.HANG_JWKS: "keys_unreachable",
    OIDCFault.TOKEN_500: "idp_unreachable",
    OIDCFault.TOKEN_HTML: "token_invalid",
    OIDCFault.HANG_TOKEN: "idp_unreachable",
    OIDCFault.HANG_USERINFO: "idp_unreachable",
    OIDCFault.CLOCK_AHEAD: "id_token_not_yet_valid",
    OIDCFault.CLOCK_BEHIND: "id_token_expired",
}
SAML_CODES: dict[SAMLFault, str] = {
    SAMLFault.WRONG_ISSUER: "issuer_mismatch",
    SAMLFault.WRONG_AUDIENCE: "audience_mismatch",
    SAMLFault.NO_AUDIENCE: "audience_mismatch",
    SAMLFault.WRONG_RECIPIENT: "recipient_mismatch",
    SAMLFault.WRONG_DESTINATION: "destination_mismatch",
    SAMLFault.DESTINATION_PREFIX: "destination_mismatch",
    SAMLFault.NO_IN_RESPONSE_TO: "in_response_to_missing",
    SAMLFault.OTHER_IN_RESPONSE_TO: "attempt_unknown",
    SAMLFault.EXPIRED: "assertion_expired",
    SAMLFault.NOT_YET_VALID: "assertion_not_yet_valid",
    SAMLFault.NO_EXPIRY: "validity_missing",
    SAMLFault.UNSIGNED: "signature_missing",
    SAMLFault.RESPONSE_SIGNED_ONLY: "signature_missing",
    SAMLFault.WRONG_KEY: "signature_invalid",
    SAMLFault.TAMPERED_AFTER_SIGNING: "signature_invalid",
    SAMLFault.REPLAY: "attempt_used",
    SAMLFault.NO_EMAIL: "",
    SAMLFault.TWO_EMAILS: "",
    SAMLFault.GROUPS_OVERAGE: "",
    SAMLFault.CLOCK_AHEAD: "assertion_not_yet_valid",
    SAMLFault.CLOCK_BEHIND: "assertion_expired",
    SAMLFault.OTHER_AUTHN_CONTEXT: "authn_context_mismatch",
    SAMLFault.STALE_AUTHN: "authn_not_fresh",
    SAMLFault.NOT_ENCRYPTED: "assertion_not_encrypted",
    SAMLFault.ENCRYPTED_FOR_ANOTHER: "decryption_failed",
    SAMLFault.ENCRYPTED_AND_TAMPERED: "decryption_failed",
    SAMLFault.ENCRYPTED_UNSIGNED: "signature_missing",
    SAMLFault.PLAIN_BESIDE_ENCRYPTED: "assertion_not_single",
    SAMLFault.ENCRYPTED_BY_CBC: "algorithm_not_allowed",
    SAMLFault.ENCRYPTED_BY_RSA1_5: "algorithm_not_allowed",
    SAMLFault.CIPHER_REFERENCE: "encryption_not_allowed",
    SAMLFault.TWO_ENCRYPTED_KEYS: "encryption_not_allowed",
}
# What the connection must ask for, or the fault is none.
ASKED_FOR: dict[SAMLFault, dict[str, Any]] = {
    SAMLFault.OTHER_AUTHN_CONTEXT: {
        "authn_context_classes": ["urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract"]
    },
    SAMLFault.STALE_AUTHN: {"force_authn": True},
}
NEED_ENCRYPTION = frozenset(
    fault for fault in SAMLFault if "CIPHER" in fault.name or "ENCRYPTED" in fault.name
)
