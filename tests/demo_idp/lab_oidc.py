"""What the failure lab offers of an OIDC login."""

from tests.demo_idp.experiments import AT_A_FIRST_LOGIN, Experiment, Group
from tests.demo_idp.faults import OIDCFault

OIDC_LAB = (
    Group(
        "Who says so?",
        (
            Experiment(
                OIDCFault.WRONG_ISS,
                "Another issuer",
                "The ID token's iss names another OP, though this one signed it.",
                "issuer_mismatch",
            ),
            Experiment(OIDCFault.MISSING_ISS, "No issuer", "The ID token has no iss.", "claim_missing"),
            Experiment(
                OIDCFault.WRONG_ISS_PARAMETER,
                "Another issuer in the answer",
                "The answer's iss parameter names another OP: how mixing up two OPs shows (RFC 9207).",
                "issuer_parameter_mismatch",
            ),
            Experiment(
                OIDCFault.MISSING_ISS_PARAMETER,
                "No issuer in the answer",
                "The answer lacks the iss parameter that discovery promises.",
                "issuer_parameter_mismatch",
            ),
        ),
    ),
    Group(
        "Is it signed?",
        (
            Experiment(
                OIDCFault.ALG_NONE,
                "Unsigned",
                "The ID token says alg none and has no signature.",
                "algorithm_not_allowed",
            ),
            Experiment(
                OIDCFault.BAD_SIGNATURE,
                "Spoilt signature",
                "The signature does not fit what was signed.",
                "signature_invalid",
            ),
            Experiment(
                OIDCFault.WRONG_KEY,
                "Another key",
                "A key of somebody else signed, under the name (kid) of the OP's own.",
                "signature_invalid",
            ),
            Experiment(
                OIDCFault.UNKNOWN_KID,
                "Unknown key",
                "The kid is in no key set of the OP, not even when it is asked again.",
                "key_unknown",
            ),
            Experiment(
                OIDCFault.HS256_WITH_SECRET,
                "Signed with the client secret",
                "HS256, which anybody who knows the client secret can do.",
                "algorithm_not_allowed",
            ),
            Experiment(
                OIDCFault.NO_KID,
                "Key not named",
                "No kid: odd, but harmless while one of the OP's keys fits.",
            ),
        ),
    ),
    Group(
        "Is it for us, and for this login?",
        (
            Experiment(
                OIDCFault.WRONG_AUD,
                "Wrong audience",
                "The ID token is for another client.",
                "audience_mismatch",
            ),
            Experiment(
                OIDCFault.MISSING_AUD,
                "No audience",
                "The ID token does not say whom it is for.",
                "claim_missing",
            ),
            Experiment(
                OIDCFault.EXTRA_AUD_WITHOUT_AZP,
                "Two audiences",
                "It is for us and for another client, and azp does not say who asked.",
                "azp_mismatch",
            ),
            Experiment(
                OIDCFault.WRONG_AZP,
                "Asked by another client",
                "azp says that another client asked for it.",
                "azp_mismatch",
            ),
            Experiment(
                OIDCFault.WRONG_NONCE,
                "Wrong nonce",
                "The ID token answers another login: how a replayed one shows.",
                "nonce_mismatch",
            ),
            Experiment(
                OIDCFault.MISSING_NONCE,
                "No nonce",
                "The ID token does not say which login it answers.",
                "claim_missing",
            ),
        ),
    ),
    Group(
        "Does it hold now?",
        (
            Experiment(OIDCFault.EXPIRED, "Expired", "exp passed an hour ago.", "id_token_expired"),
            Experiment(
                OIDCFault.NOT_YET_VALID,
                "Not yet valid",
                "nbf and iat are an hour ahead.",
                "id_token_not_yet_valid",
            ),
            Experiment(
                OIDCFault.CLOCK_AHEAD,
                "Clock an hour ahead",
                "Every time in the ID token is an hour late, auth_time too.",
                "id_token_not_yet_valid",
            ),
            Experiment(
                OIDCFault.CLOCK_BEHIND,
                "Clock an hour behind",
                "Every time in the ID token is an hour early, so that it has expired on arrival.",
                "id_token_expired",
            ),
            Experiment(
                OIDCFault.MISSING_EXP,
                "No end",
                "The ID token has no exp, as if it held for ever.",
                "claim_missing",
            ),
            Experiment(OIDCFault.MISSING_IAT, "No beginning", "The ID token has no iat.", "claim_missing"),
        ),
    ),
    Group(
        "Whom is it about?",
        (
            Experiment(
                OIDCFault.MISSING_SUB,
                "No subject",
                "The ID token does not say whom it is about.",
                "claim_missing",
            ),
            Experiment(
                OIDCFault.USERINFO_OTHER_SUB,
                "Userinfo of another",
                "The userinfo endpoint answers with the claims of somebody else.",
                "userinfo_subject_mismatch",
            ),
            Experiment(
                OIDCFault.USERINFO_NO_SUB,
                "Userinfo of nobody",
                "The userinfo endpoint does not say whose claims they are.",
                "userinfo_subject_mismatch",
            ),
            Experiment(
                OIDCFault.NO_EMAIL,
                "No e-mail address",
                "Neither ID token nor userinfo has one.",
                "email_missing",
                only=AT_A_FIRST_LOGIN,
            ),
            Experiment(
                OIDCFault.EMAIL_UNVERIFIED,
                "Unverified e-mail address",
                "email_verified is false, which counts as no address.",
                "email_missing",
                only=AT_A_FIRST_LOGIN,
            ),
            Experiment(
                OIDCFault.TWO_EMAILS,
                "Two e-mail addresses",
                "email is a list of two.",
                "email_ambiguous",
                only=AT_A_FIRST_LOGIN,
            ),
            Experiment(
                OIDCFault.GROUPS_OVERAGE,
                "Too many groups",
                "Instead of groups there is a hint where to ask for them, as Entra ID does it.",
                note="Roles and seats stay as they are; the admins are told once a day.",
            ),
        ),
    ),
    Group(
        "Does the OP work?",
        (
            Experiment(
                OIDCFault.TOKEN_500,
                "Token endpoint fails",
                "It answers 500 when the code is redeemed.",
                "idp_unreachable",
            ),
            Experiment(
                OIDCFault.TOKEN_HTML,
                "Token endpoint talks HTML",
                "It answers with a page, as a proxy in between might.",
                "token_invalid",
            ),
            Experiment(
                OIDCFault.HANG_TOKEN,
                "Token endpoint hangs",
                "It says nothing; HubSSO gives up after ten seconds.",
                "idp_unreachable",
            ),
            Experiment(
                OIDCFault.HANG_USERINFO,
                "Userinfo endpoint hangs",
                "It says nothing; HubSSO gives up after ten seconds.",
                "idp_unreachable",
            ),
        ),
    ),
)
