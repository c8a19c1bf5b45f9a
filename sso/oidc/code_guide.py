"""The causes of OpenID Connect's refusals, and what an admin does next about them."""

from django.utils.translation import gettext_lazy as _

from sso.explaining.codes import CodeGuide

CODE_GUIDE = CodeGuide(
    causes={
        "unreachable": frozenset(
            {"discovery_unreachable", "idp_unreachable", "keys_unreachable", "op_unavailable"}
        ),
        "certificate": frozenset(
            {
                "key_unknown",
                "userinfo_algorithm_not_allowed",
                "userinfo_key_unknown",
                "userinfo_signature_invalid",
            }
        ),
        "clock": frozenset(
            {"id_token_expired", "id_token_not_yet_valid", "id_token_too_old", "userinfo_expired"}
        ),
        "audience": frozenset({"azp_mismatch", "userinfo_audience_mismatch"}),
        "issuer": frozenset(
            {"discovery_issuer_mismatch", "issuer_parameter_mismatch", "userinfo_issuer_mismatch"}
        ),
        "secret": frozenset({"pushed_request_refused", "token_refused"}),
        "idp": frozenset({"idp_error"}),
        "encryption": frozenset({"userinfo_encrypted"}),
        "setup": frozenset(
            {
                "authentication_too_old",
                "client_authentication_unsupported",
                "discovery_invalid",
                "issuer_url_invalid",
                "keys_invalid",
                "op_misconfigured",
                "pushed_request_invalid",
                "response_mode_mismatch",
                "token_invalid",
            }
        ),
        "attributes": frozenset(
            {
                "claim_malformed",
                "claim_missing",
                "userinfo_claim_malformed",
                "userinfo_claim_missing",
                "userinfo_invalid",
                "userinfo_subject_mismatch",
            }
        ),
        "malformed": frozenset(
            {
                "access_token_mismatch",
                "answer_malformed",
                "answer_too_large",
                "id_token_malformed",
                "id_token_rejected",
                "id_token_type_wrong",
                "nonce_mismatch",
                "oidc_error",
            }
        ),
        "logout": frozenset(
            {
                "front_channel_logout_invalid",
                "logout_form_malformed",
                "logout_form_too_large",
                "logout_token_algorithm_not_allowed",
                "logout_token_audience_mismatch",
                "logout_token_azp_mismatch",
                "logout_token_claim_malformed",
                "logout_token_claim_missing",
                "logout_token_event_missing",
                "logout_token_expired",
                "logout_token_issuer_mismatch",
                "logout_token_key_unknown",
                "logout_token_malformed",
                "logout_token_names_nobody",
                "logout_token_nonce",
                "logout_token_not_yet_valid",
                "logout_token_replayed",
                "logout_token_signature_invalid",
                "logout_token_too_old",
                "logout_token_type_wrong",
            }
        ),
    },
    fields=dict.fromkeys(
        ("discovery_invalid", "discovery_issuer_mismatch", "discovery_unreachable", "issuer_url_invalid"),
        "issuer",
    ),
    next_steps={
        "discovery_unreachable": _(
            "Open the issuer's address with /.well-known/openid-configuration behind it in your browser. If "
            "it does not open, correct the Issuer URL; if it does, let the identity provider accept "
            "requests from this portal."
        ),
        "discovery_issuer_mismatch": _(
            "Copy the value of “issuer” from the discovery document into the draft, every character and "
            "slash as it is."
        ),
        "discovery_invalid": _(
            "Enter the Issuer URL itself, not the address of a sign-in page or of a single application."
        ),
        "token_refused": _(
            "Compare the Client ID, and paste the Client Secret again: many identity providers show it only "
            "once, and next to it an ID that is not the secret. Then compare the callback URL."
        ),
        "idp_error": _(
            "Assign yourself to the application at the identity provider, and compare the callback URL "
            "there with the one on the connection's page."
        ),
        "key_unknown": _(
            "Wait some minutes if the identity provider has just changed its keys. If it goes on, its "
            "discovery document points to keys that it does not use."
        ),
        "response_mode_mismatch": _(
            "Choose in the draft, under How it answers, the way that the refusal names."
        ),
    },
    seen_by_us=frozenset(
        {
            "discovery_invalid",
            "discovery_issuer_mismatch",
            "discovery_unreachable",
            "idp_unreachable",
            "keys_invalid",
            "keys_unreachable",
            "op_unavailable",
        }
    ),
    # A refused code may be one that the member made up; a refused client is never theirs.
    seen_by_us_with={"token_refused": "invalid_client"},
)
