"""Why logins are refused, in plain words: every code of the catalogue belongs to one cause.

A cause says what is likely behind it and what an admin does next. `is_connections` tells causes that lie with the
identity provider or with the configuration, which stop everybody, from a person's own mistakes, which stop one.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One kind of reason. `codes` are the refusals that come of it."""

    key: str
    title: Promise
    explanation: Promise
    next_step: Promise
    is_connections: bool
    codes: frozenset[str]


def _cause(
    key: str, title: Promise, explanation: Promise, next_step: Promise, *codes: str, is_connections: bool
) -> Cause:
    return Cause(
        key=key,
        title=title,
        explanation=explanation,
        next_step=next_step,
        is_connections=is_connections,
        codes=frozenset(codes),
    )


_CONNECTIONS = (
    _cause(
        "unreachable",
        _("The identity provider could not be reached"),
        _("Its server did not answer, answered too slowly, or answered with an error of its own."),
        _(
            "Look at the identity provider's status page. If it is up, let it accept requests from this portal."
        ),
        "op_unavailable",
        "discovery_unreachable",
        "keys_unreachable",
        "idp_unreachable",
        "metadata_unreachable",
        is_connections=True,
    ),
    _cause(
        "certificate",
        _("The signing certificate or key changed"),
        _("Answers are signed with a key that the portal does not know, or not signed as agreed."),
        _(
            "Compare the certificate at the identity provider with the one in the connection, and add the new one. "
            "If nobody changed it, find out who answers before you do."
        ),
        "signature_invalid",
        "signature_missing",
        "signature_not_allowed",
        "reference_not_allowed",
        "algorithm_not_allowed",
        "key_unknown",
        "certificate_unusable",
        "certificate_unreadable",
        "certificate_expired",
        "certificate_key_weak",
        "userinfo_algorithm_not_allowed",
        "userinfo_key_unknown",
        "userinfo_signature_invalid",
        is_connections=True,
    ),
    _cause(
        "clock",
        _("A clock is wrong"),
        _("Answers arrive expired, or dated in the future."),
        _(
            "Set the identity provider's clock by NTP, and ask whoever runs this portal to check its clock too."
        ),
        "id_token_expired",
        "id_token_not_yet_valid",
        "id_token_too_old",
        "assertion_expired",
        "assertion_not_yet_valid",
        "validity_missing",
        "validity_too_long",
        "userinfo_expired",
        is_connections=True,
    ),
    _cause(
        "audience",
        _("The answers are meant for another application"),
        _(
            "The client ID, the audience or the callback address at the identity provider is not this portal's."
        ),
        _("Compare the values on the connection's page with those at the identity provider, one by one."),
        "audience_mismatch",
        "azp_mismatch",
        "recipient_mismatch",
        "destination_mismatch",
        "userinfo_audience_mismatch",
        is_connections=True,
    ),
    _cause(
        "issuer",
        _("Another issuer answered"),
        _("The identity provider names itself otherwise than the connection does."),
        _(
            "Copy the issuer, or entity ID, from the identity provider into a new draft, exactly as it is there."
        ),
        "issuer_mismatch",
        "discovery_issuer_mismatch",
        "issuer_parameter_mismatch",
        "userinfo_issuer_mismatch",
        is_connections=True,
    ),
    _cause(
        "secret",
        _("The identity provider refused our client"),
        _("The client secret expired or was changed, or the application is switched off there."),
        _("Make a new client secret at the identity provider and save it in a draft of the connection."),
        "token_refused",
        "pushed_request_refused",
        is_connections=True,
    ),
    _cause(
        "idp",
        _("The identity provider answered with an error"),
        _(
            "It would not sign the person in: they are perhaps not assigned to the application, or a policy says no."
        ),
        _("Look into the identity provider's own log for the same time."),
        "idp_error",
        "idp_status",
        is_connections=True,
    ),
    _cause(
        "encryption",
        _("What was encrypted could not be read"),
        _("The identity provider encrypts for another key, in another way, or not at all though it should."),
        _("Give it the portal's metadata again, so that it has the present certificate."),
        "encryption_unusable",
        "encryption_not_supported",
        "encryption_not_allowed",
        "decryption_failed",
        "assertion_not_encrypted",
        "userinfo_encrypted",
        is_connections=True,
    ),
    _cause(
        "setup",
        _("The connection and the identity provider do not fit together"),
        _("A setting of the one does not match the other."),
        _("Open the newest refusal for the exact values, then change them in a draft and test it."),
        "op_misconfigured",
        "issuer_url_invalid",
        "discovery_invalid",
        "client_authentication_unsupported",
        "keys_invalid",
        "pushed_request_invalid",
        "token_invalid",
        "response_mode_mismatch",
        "in_response_to_missing",
        "authn_context_mismatch",
        "authn_not_fresh",
        "authentication_too_old",
        "configuration_unreadable",
        "metadata_error",
        "metadata_without_idp",
        "metadata_expired",
        "metadata_too_large",
        "metadata_malformed",
        is_connections=True,
    ),
    _cause(
        "attributes",
        _("The identity provider leaves something out"),
        _("The answer lacks what tells who the person is, or has it in a form that can't be used."),
        _("Let the identity provider send a lasting identifier and one e-mail address of each person."),
        "email_missing",
        "email_ambiguous",
        "name_id_missing",
        "name_id_invalid",
        "attribute_invalid",
        "authn_statement_missing",
        "claim_missing",
        "claim_malformed",
        "userinfo_invalid",
        "userinfo_claim_missing",
        "userinfo_claim_malformed",
        "userinfo_subject_mismatch",
        is_connections=True,
    ),
    _cause(
        "malformed",
        _("The answer was not one that the portal takes"),
        _("It was cut short, changed on the way, or is of a kind that is refused for safety."),
        _("Open the newest refusal for what was wrong, and ask the identity provider's support with it."),
        "sso_error",
        "saml_error",
        "oidc_error",
        "answer_malformed",
        "answer_too_large",
        "response_malformed",
        "response_too_large",
        "document_forbidden",
        "element_not_allowed",
        "assertion_not_single",
        "id_invalid",
        "duplicate_id",
        "condition_not_understood",
        "subject_confirmation_missing",
        "id_token_rejected",
        "id_token_malformed",
        "id_token_type_wrong",
        "access_token_mismatch",
        "nonce_mismatch",
        is_connections=True,
    ),
)

_PERSONS = (
    _cause(
        "unfinished",
        _("The person did not finish"),
        _("They cancelled at the identity provider, or took longer than ten minutes."),
        _("Nothing needs to be done. They can try again at any time."),
        "login_cancelled",
        "attempt_expired",
        "session_already_over",
        "silent_login_failed",
        is_connections=False,
    ),
    _cause(
        "browser",
        _("The answer came to another browser, or twice"),
        _("A link was opened elsewhere, the back button was used, or a page from before was sent again."),
        _("Ask the person to start again from the page they wanted."),
        "attempt_unknown",
        "attempt_used",
        "wrong_browser",
        "connection_mismatch",
        "unsolicited_response",
        "assertion_replayed",
        "in_response_to_mismatch",
        is_connections=False,
    ),
    _cause(
        "account",
        _("The identity belongs to another account"),
        _("The person signed in as somebody else than before, or has two accounts here."),
        _("If it is the same person, compare the identities on the member's page, and replace the link."),
        "subject_linked_to_another",
        "account_linked_to_another",
        is_connections=False,
    ),
    _cause(
        "email",
        _("The e-mail address does not fit"),
        _(
            "The identity provider sent an address that is not the account's, or not of a domain that you allow."
        ),
        _(
            "Ask the person to verify that address in their account, or change the connection's e-mail domains."
        ),
        "email_domain_not_allowed",
        "email_not_yours",
        is_connections=False,
    ),
    _cause(
        "membership",
        _("The person may not enter"),
        _("They are no member any more, or their account was deactivated."),
        _("Send them the join link or invite them, if they should be one."),
        "not_a_member",
        "account_inactive",
        is_connections=False,
    ),
    _cause(
        "changed",
        _("The settings changed during the login"),
        _("A connection was switched off, or another revision went live, while somebody was on their way."),
        _("Nothing needs to be done. They can try again."),
        "configuration_changed",
        is_connections=False,
    ),
    _cause(
        "flood",
        _("Too many requests at once"),
        _("One network or one connection asked more often than the portal answers."),
        _("If it goes on, look for a script that reloads a page."),
        "too_many_requests",
        is_connections=False,
    ),
    _cause(
        "gate",
        _("No single sign-on session"),
        _("A member opened something before authenticating, or after their session had ended."),
        _("Nothing needs to be done. The page they saw leads them to the identity provider."),
        "sso_missing",
        "sso_expired",
        "sso_revision_changed",
        is_connections=False,
    ),
    _cause(
        "no_connection",
        _("There is no identity provider to sign in with"),
        _("Single sign-on is enforced, and no connection is switched on and live: no member can enter."),
        _("Switch a connection on, or make a revision live. A recovery code opens these settings."),
        "sso_unavailable",
        is_connections=False,
    ),
    _cause(
        "logout",
        _("A sign-out was refused"),
        _(
            "The identity provider asked to end sessions in a way that proves too little. No login was stopped."
        ),
        _("Open the refusal for what was wrong with the request."),
        "logout_refused",
        "logout_answer_unknown",
        "logout_replayed",
        "logout_not_timely",
        "logout_malformed",
        "logout_unsigned",
        "logout_not_expected",
        "logout_token_replayed",
        "logout_token_names_nobody",
        "logout_token_nonce",
        "logout_token_event_missing",
        "logout_token_too_old",
        "logout_token_not_yet_valid",
        "logout_token_expired",
        "logout_token_azp_mismatch",
        "logout_token_audience_mismatch",
        "logout_token_issuer_mismatch",
        "logout_token_claim_malformed",
        "logout_token_claim_missing",
        "logout_token_signature_invalid",
        "logout_token_key_unknown",
        "logout_token_type_wrong",
        "logout_token_algorithm_not_allowed",
        "logout_token_malformed",
        "front_channel_logout_invalid",
        "logout_form_too_large",
        "logout_form_malformed",
        is_connections=False,
    ),
)

CAUSES = (*_CONNECTIONS, *_PERSONS)
_BY_CODE = {code: cause for cause in CAUSES for code in cause.codes}
CODES = frozenset(_BY_CODE)
# What this server met when it asked the IdP itself: no member's browser had a hand in it.
_SEEN_BY_US = frozenset(
    {
        "op_unavailable",
        "discovery_unreachable",
        "keys_unreachable",
        "idp_unreachable",
        "metadata_unreachable",
        "discovery_invalid",
        "discovery_issuer_mismatch",
        "keys_invalid",
        "metadata_error",
        "metadata_without_idp",
        "metadata_expired",
        "metadata_too_large",
        "metadata_malformed",
    }
)
_BY_KEY = {cause.key: cause for cause in CAUSES}


def cause_of(code: str) -> Cause:
    """The cause of a refusal. One whose code is gone from the catalogue is of the kind that says least."""
    return _BY_CODE.get(code, _BY_KEY["malformed"])


def is_seen_by_us(code: str, idp_error: object = None) -> bool:
    """Did this server see it by itself, so that one account's word is enough? `idp_error` is the IdP's own code.

    A refused code may be one that the member made up; a refused client is never theirs.
    """
    return code in _SEEN_BY_US or (code == "token_refused" and idp_error == "invalid_client")


def cause_named(key: str) -> Cause | None:
    """For what was chosen in a form."""
    return _BY_KEY.get(key)
