"""The checks of an OpenID Connect login in the order in which `answers`, `client` and `id_token` make them."""

from django.utils.translation import gettext_lazy as _

from sso.revisions.login_checks import TRIP_CODES, LoginCheck

LOGIN_CHECKS: tuple[LoginCheck, ...] = (
    LoginCheck(
        key="oidc_reached",
        title=_("The identity provider can be reached"),
        passed=_("Its discovery document was read, and it names the issuer that you entered."),
        codes=frozenset(
            {
                "oidc_error",
                "op_unavailable",
                "op_misconfigured",
                "issuer_url_invalid",
                "discovery_unreachable",
                "discovery_invalid",
                "discovery_issuer_mismatch",
                "client_authentication_unsupported",
                "pushed_request_refused",
                "pushed_request_invalid",
            }
        ),
    ),
    LoginCheck(
        key="oidc_answer",
        title=_("Its answer belongs to this sign-in (state)"),
        passed=_("It came back once, in time, and to the browser that had asked."),
        codes=TRIP_CODES
        | {
            "answer_malformed",
            "answer_too_large",
            "response_mode_mismatch",
            "issuer_parameter_mismatch",
            "idp_error",
        },
    ),
    LoginCheck(
        key="oidc_exchange",
        title=_("The code was exchanged for tokens"),
        passed=_(
            "The identity provider knows this portal by its client ID and accepted how it proved itself."
        ),
        codes=frozenset(
            {"configuration_unreadable", "idp_unreachable", "token_refused", "token_invalid"},
        ),
    ),
    LoginCheck(
        key="oidc_signature",
        title=_("The ID token's signature is right"),
        passed=_("It was made with a key that the identity provider publishes."),
        codes=frozenset(
            {
                "id_token_rejected",
                "id_token_malformed",
                "id_token_type_wrong",
                "algorithm_not_allowed",
                "keys_unreachable",
                "keys_invalid",
                "key_unknown",
                "signature_invalid",
            }
        ),
    ),
    LoginCheck(
        key="oidc_issuer",
        title=_("The issuer is yours (iss)"),
        passed=_("It is exactly the issuer of this revision."),
        codes=frozenset({"issuer_mismatch"}),
        claims=frozenset({"iss"}),
    ),
    LoginCheck(
        key="oidc_subject",
        title=_("It names a person (sub)"),
        passed=_("There is a subject to tell people apart by."),
        claims=frozenset({"sub"}),
    ),
    LoginCheck(
        key="oidc_audience",
        title=_("It is meant for this portal (aud)"),
        passed=_("The audience is the client ID of this revision."),
        codes=frozenset({"audience_mismatch", "azp_mismatch"}),
        claims=frozenset({"aud"}),
    ),
    LoginCheck(
        key="oidc_times",
        title=_("It is valid now (iat, exp)"),
        passed=_("Both clocks agree well enough."),
        codes=frozenset({"id_token_expired", "id_token_not_yet_valid", "id_token_too_old"}),
        claims=frozenset({"exp", "iat", "nbf"}),
    ),
    LoginCheck(
        key="oidc_nonce",
        title=_("It answers this sign-in and no other (nonce)"),
        passed=_("The nonce is the one that was sent."),
        codes=frozenset({"nonce_mismatch"}),
        claims=frozenset({"nonce"}),
    ),
    LoginCheck(
        key="oidc_freshness",
        title=_("The person signed in recently enough (auth_time)"),
        passed=_("Nothing asks for more than what was sent."),
        codes=frozenset({"authentication_too_old"}),
        claims=frozenset({"auth_time"}),
    ),
    LoginCheck(
        key="oidc_claims",
        title=_("The claims can be read"),
        passed=_("The ID token and userinfo tell of one and the same person."),
        codes=frozenset(
            {
                "access_token_mismatch",
                "claim_missing",
                "claim_malformed",
                "userinfo_invalid",
                "userinfo_subject_mismatch",
                "userinfo_encrypted",
                "userinfo_algorithm_not_allowed",
                "userinfo_key_unknown",
                "userinfo_signature_invalid",
                "userinfo_claim_missing",
                "userinfo_claim_malformed",
                "userinfo_issuer_mismatch",
                "userinfo_audience_mismatch",
                "userinfo_expired",
            }
        ),
    ),
)
